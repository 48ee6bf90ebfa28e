import type { Scale } from '../settings.js';
import type { Trained, Training } from '../training.js';

/** Finds what came of a training that the figure has asked for. */
export type Results = (training: Training) => Trained;

/** A picture and what its networks measure. */
export interface Picture {
  /** Of its files, without their ends. */
  readonly name: string;
  readonly svg: string;
  readonly records: readonly NetworkRecord[];
}

/** One or more pictures that the same networks are drawn in. */
export interface Figure {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  trainings(scale: Scale, seed: number): readonly Training[];
  draw(scale: Scale, seed: number, results: Results): readonly Picture[];
}

/** A line of a picture's JSON: one network as measured after some steps. */
export interface NetworkRecord {
  readonly picture: string;
  readonly task: string;
  readonly region: string;
  readonly rule: Rule;
  readonly step: number;
  readonly seed: number;
  /** Over all points of the task. */
  readonly loss: number;
  /** The least loss of any function affine on the regions (or of the prescribed map there). */
  readonly floor: number;
  /** After the same steps from the same weights. */
  readonly unconstrainedLoss: number;
  /** Largest deviation from affine on random chords of the regions, in float32. */
  readonly residual: number;
  /** Whether the frozen weights are proved affine on the regions. */
  readonly certified?: boolean;
  /** Largest deviation from the prescribed map on its region, in float32. */
  readonly mapError?: number;
  readonly setup: Training['setup'];
  readonly seconds: number;
}

export type Rule = 'unconstrained' | 'majority' | 'sticky' | 'fade' | 'patch' | 'gentle patch';
