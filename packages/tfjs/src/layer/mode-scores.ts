import * as tf from '@tensorflow/tfjs-core';
import type { Previous } from '../frames/adjustment.js';
import type { Constraint } from '../frames/constraint.js';
import type { DevicePass } from '../frames/frame-pass.js';
import { sizeOf } from '../graph/node.js';
import { adoptStatistics } from './adopt-statistics.js';
import { policedForward } from './policed-forward.js';
import { Stopwatch } from './stopwatch.js';
import type { TrainedBatches } from './trained-batches.js';

/** How well a model does on what it was trained on last, from 0 to 1: decisions that are right, or variance explained. */
export interface ModeScores {
  readonly rows: number;
  /** Each batch normalised by itself, as in training. */
  readonly training: number;
  /** With the moving statistics. */
  readonly inference: number;
}

/** Leaves tensors, and the statistics of all those batches behind; undefined where nobody said what their outputs should have been. */
export function modeScores(
  constraint: Constraint,
  previous: Previous,
  trained: TrainedBatches,
  device: DevicePass | undefined,
): ModeScores | undefined {
  const { nodes, head } = constraint.graph;
  const known = trained.batches.filter(({ y }) => y !== undefined);
  if (known.length === 0) return undefined;
  const y = read(known.map(batch => tf.cast(batch.y!, 'float32')));
  const outputs = (isTraining: boolean): Float32Array =>
    read(
      known.map(({ x }) =>
        tf.tidy(() => {
          const pass = policedForward(constraint, x, isTraining, previous, { device }, new Stopwatch());
          return head ? head(pass.y) : pass.y;
        }),
      ),
    );
  const inTraining = outputs(true);
  tf.tidy(() => adoptStatistics(constraint, previous, trained.joined()));
  const atInference = outputs(false);
  const rows = known.reduce((sum, { x }) => sum + x.shape[0], 0);
  const size = sizeOf(nodes.at(-1)!.shape);
  const score = scoreOf(y, rows, size);
  return { rows, training: score(inTraining), inference: score(atInference) };
}

/** Blocks of rows, in one read. */
const read = (blocks: readonly tf.Tensor[]): Float32Array =>
  tf.concat(blocks.map(rows => tf.reshape(rows, [rows.shape[0], -1]))).dataSync() as Float32Array;

/** Of outputs `[rows, size]`: the share of classes that are right where y tells classes, else 1 − Σ(f − y)² / Σ(y − mean)². */
function scoreOf(y: Float32Array, rows: number, size: number): (outputs: Float32Array) => number {
  const labels = labelsOf(y, rows, size);
  if (labels) {
    return outputs => {
      let right = 0;
      for (let i = 0; i < rows; i++) {
        const row = outputs.subarray(i * size, (i + 1) * size);
        right += Number((size === 1 ? Number(row[0] > 0.5) : argmax(row)) === labels[i]);
      }
      return right / rows;
    };
  }
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return outputs => 1 - outputs.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0) / (variance || 1);
}

/** The class of each row, if y tells classes: as numbers, or one-hot. */
function labelsOf(y: Float32Array, rows: number, size: number): Float32Array | undefined {
  if (y.length === rows)
    return y.every(label => Number.isInteger(label)) && (size > 1 || y.every(isBit)) ? y : undefined;
  const labels = Float32Array.from({ length: rows }, (_, i) => argmax(y.subarray(i * size, (i + 1) * size)));
  const areOneHot = y.every(isBit) && y.reduce((sum, value) => sum + value, 0) === rows;
  return areOneHot && labels.every((label, i) => y[i * size + label] === 1) ? labels : undefined;
}

const isBit = (value: number): boolean => value === 0 || value === 1;

const argmax = (row: Float32Array): number =>
  row.reduce((best, value, k) => (value > row[best] ? k : best), 0);
