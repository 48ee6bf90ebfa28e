import * as tf from '@tensorflow/tfjs-core';
import { type Graph, sizeOf } from '../graph/node.js';

/** Rows that statistics are taken of: their mean is then right to some 3% of a deviation. */
const ROWS = 1024;

/** Bytes that all values of those rows may take. */
const MEMORY = 2 ** 28;

/** What was trained on, where it was: on a device nobody waits for it. */
export interface TrainedBatch {
  /** `[rows, ...shape]`. */
  readonly x: tf.Tensor;
  /** What the outputs should have been, where that is known. */
  readonly y?: tf.Tensor;
}

/** The last batches of training. */
export class TrainedBatches {
  private kept: TrainedBatch[] = [];
  private rows = 0;
  /** How many have come since {@link markGood}. */
  private unchecked = 0;
  private readonly most: number;

  constructor(nodes: Graph['nodes']) {
    const perRow = nodes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    this.most = Math.max(1, Math.min(ROWS, Math.floor(MEMORY / (4 * perRow))));
  }

  get batches(): readonly TrainedBatch[] {
    return this.kept;
  }

  /** x `[rows, ...shape]`. */
  add(x: tf.Tensor): void {
    this.kept.push({ x: keptCopy(x) });
    this.rows += x.shape[0];
    this.unchecked++;
    while (this.rows - this.kept[0].x.shape[0] >= this.most) this.drop(this.kept.shift()!);
  }

  /** What the outputs of the last batch should have been. */
  label(y: tf.Tensor): void {
    const last = this.kept.pop();
    if (!last) return;
    last.y?.dispose();
    this.kept.push({ x: last.x, y: keptCopy(y) });
  }

  /** All of them, `[rows, ...shape]`. */
  joined(): tf.Tensor {
    return tf.concat(this.kept.map(({ x }) => x));
  }

  /** None so far has spoilt anything. */
  markGood(): void {
    this.unchecked = 0;
  }

  /** Forgets those that have come since then. */
  forgetBad(): void {
    const good = Math.max(0, this.kept.length - this.unchecked);
    for (const batch of this.kept.splice(good)) this.drop(batch);
    this.unchecked = 0;
  }

  dispose(): void {
    for (const batch of this.kept.splice(0)) this.drop(batch);
  }

  private drop({ x, y }: TrainedBatch): void {
    this.rows -= x.shape[0];
    x.dispose();
    y?.dispose();
  }
}

/** Beyond the step, and the user's own copy: no values are moved. */
const keptCopy = (x: tf.Tensor): tf.Tensor => tf.keep(tf.clone(x));
