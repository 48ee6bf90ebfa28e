import * as tf from '@tensorflow/tfjs-core';
import type { Previous } from '../frames/adjustment.js';
import type { Constraint } from '../frames/constraint.js';
import type { DevicePass } from '../frames/frame-pass.js';
import { adoptStatistics } from './adopt-statistics.js';
import { type ModeScores, modeScores } from './mode-scores.js';
import { TrainedBatches } from './trained-batches.js';

/** Whether the constraint moves what batch normalisation takes the mean of. */
export const movesStatistics = ({ graph, settings }: Pick<Constraint, 'graph' | 'settings'>): boolean =>
  settings.regions.length > 0 &&
  graph.nodes.some(node => node.kind === 'affine' && node.adoptStatistics !== undefined);

/**
 * The statistics of batch normalisation under the constraint. Shifts may move a channel's mean by many deviations from one step to the
 * next, and moving averages lag behind; so before a model is used they are taken anew, of the last batches and under the present weights.
 */
export class BatchStatistics {
  private readonly trained: TrainedBatches;
  private isFresh = true;

  constructor(
    private readonly constraint: Constraint,
    private readonly previous: Previous,
  ) {
    this.trained = new TrainedBatches(constraint.graph.nodes);
  }

  /** x `[rows, ...shape]`, about to be trained on. */
  remember(x: tf.Tensor): void {
    this.trained.add(x);
    this.isFresh = false;
  }

  /** What the outputs of the last batch should have been. */
  label(y: tf.Tensor): void {
    this.trained.label(y);
  }

  refresh(): void {
    if (this.isFresh) return;
    tf.tidy(() => this.takeFrom(this.trained.joined()));
  }

  /** The steps so far were good ones. */
  markGood(): void {
    this.trained.markGood();
  }

  /** The weights are again those of {@link markGood}: what has been trained on since then counts no more. */
  forgetBad(): void {
    this.trained.forgetBad();
    this.isFresh = this.trained.batches.length === 0;
  }

  dispose(): void {
    this.trained.dispose();
  }

  takeFrom(x: tf.Tensor): void {
    adoptStatistics(this.constraint, this.previous, x);
    this.isFresh = true;
  }

  /** How well both modes do on the last batches; undefined where nobody labelled them. */
  scores(device: DevicePass | undefined): ModeScores | undefined {
    let scores: ModeScores | undefined;
    tf.tidy(() => {
      scores = modeScores(this.constraint, this.previous, this.trained, device);
    });
    return scores;
  }
}
