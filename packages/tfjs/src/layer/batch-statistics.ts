import * as tf from '@tensorflow/tfjs-core';
import { DataPass } from '../data/data-pass.js';
import type { Previous } from '../frames/adjustment.js';
import type { Constraint } from '../frames/constraint.js';
import { FramePass } from '../frames/frame-pass.js';
import { sizeOf } from '../graph/node.js';

/** Rows that statistics are taken of: their mean is then right to some 3% of a deviation. */
const ROWS = 1024;

/** Bytes that all values of those rows may take. */
const MEMORY = 2 ** 28;

/** What was trained on. */
export interface TrainedBatch {
  /** `[rows, ...shape]`. */
  readonly x: Float32Array;
  readonly rows: number;
  /** What the outputs should have been, where that is known. */
  y?: Float32Array;
}

/** Whether the constraint moves what batch normalisation takes the mean of. */
export const movesStatistics = ({ graph, settings }: Constraint): boolean =>
  settings.regions.length > 0 &&
  graph.nodes.some(node => node.kind === 'affine' && node.adoptStatistics !== undefined);

/**
 * The last batches of training. Shifts may move a channel's mean by many deviations from one step to the next, and
 * moving averages lag behind; so before a model is used its statistics are taken anew, of these rows under the present weights.
 */
export class TrainedBatches {
  readonly batches: TrainedBatch[] = [];
  private rows = 0;
  private readonly most: number;

  constructor({ graph }: Constraint) {
    const perRow = graph.nodes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    this.most = Math.max(1, Math.min(ROWS, Math.floor(MEMORY / (4 * perRow))));
  }

  /** x `[rows, ...shape]`. */
  add(x: tf.Tensor): void {
    const [rows] = x.shape;
    this.batches.push({ x: Float32Array.from(x.dataSync()), rows });
    this.rows += rows;
    while (this.rows - this.batches[0].rows >= this.most) this.rows -= this.batches.shift()!.rows;
  }

  /** All of them, `[rows, ...shape]`. */
  joined(shape: readonly number[]): tf.Tensor {
    return tf.concat(this.batches.map(({ x, rows }) => tf.tensor(x, [rows, ...shape])));
  }
}

/**
 * Makes the statistics of every batch normalisation those of data `[rows, ...shape]`, layer after layer: what enters one has passed
 * those before it as inference will pass them, shifts included.
 */
export function adoptStatistics(constraint: Constraint, previous: Previous, x: tf.Tensor): void {
  tf.tidy(() => {
    const { nodes } = constraint.graph;
    const data = new DataPass(constraint.graph, x, false);
    const frames = new FramePass(constraint, previous);
    nodes.forEach((node, place) => {
      if (node.kind === 'affine') node.adoptStatistics?.(data.inputAt(place));
      const step = data.stepAt(place);
      data.advance(place, step, frames.advance(place, step));
    });
  });
}
