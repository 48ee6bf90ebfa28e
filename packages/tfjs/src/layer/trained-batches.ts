import * as tf from '@tensorflow/tfjs-core';
import { type Graph, sizeOf } from '../graph/node.js';

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

/** The last batches of training. */
export class TrainedBatches {
  readonly batches: TrainedBatch[] = [];
  private rows = 0;
  private readonly most: number;

  constructor(private readonly nodes: Graph['nodes']) {
    const perRow = nodes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
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
  joined(): tf.Tensor {
    return tf.concat(this.batches.map(({ x, rows }) => tf.tensor(x, [rows, ...this.nodes[0].shape])));
  }
}
