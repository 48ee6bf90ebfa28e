import { PoliceError, type PrescribedMap, type Region } from '@police/core';
import { assertMapFits, jacobianSolver } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import { affine } from './affine-op.js';
import type { Frames } from './frames.js';
import { type Graph, sizeOf } from './graph/node.js';

/** What is added to the outputs so that they are the prescribed map on the region: `x weight + bias`. */
export interface Correction {
  /** `[in, out]`. */
  readonly weight: tf.Tensor2D;
  /** `[out]`. */
  readonly bias: tf.Tensor1D;
}

/** Finds the correction, differentiably, from the frames at the output. */
export type Corrector = (frames: Frames) => Correction;

/**
 * The paper's Eqs. (1) and (2) as an identity at every step: the network's own map on the region, which the frame at the
 * output tells, is taken off and the prescribed one put in its place, by an affine function of the input added everywhere.
 * The same as core's `prescribeByCorrection`, on the gradient tape.
 *
 * Throws `invalid-option` unless there is one region and the outputs are a plain vector without a final softmax or sigmoid,
 * `infeasible-target` for a region that does not fill its space, `shape` or `not-finite` for a map that does not fit.
 */
export function correctorOf(graph: Graph, regions: readonly Region[], wanted: PrescribedMap): Corrector {
  const { shape } = graph.nodes.at(-1)!;
  const [region] = regions;
  assertTarget(regions.length === 1, 'one region', `${regions.length}`);
  assertTarget(!graph.head, 'a model that ends without a softmax or sigmoid', 'one that ends with it');
  assertTarget(shape.length === 1, 'a vector of outputs', `outputs of shape ${shape.join(' × ')}`);
  assertMapFits(wanted, shape[0], region.size, 'target');
  const solver = jacobianSolver(region);
  const { frame, centre } = region;
  const origin = frame.data.subarray(0, region.size);
  const middle = Float64Array.from(origin, (x, k) =>
    centre.reduce((sum, lambda, i) => sum + lambda * frame.data[(i + 1) * region.size + k], x),
  );
  const constant = (data: ArrayLike<number>, rows: number): tf.Tensor2D =>
    tf.tensor2d(Float32Array.from(data), [rows, data.length / rows]);
  return frames => {
    const directions = tf.slice(frames, [1, 0], [-1, -1]) as tf.Tensor2D;
    const present = affine(constant(solver.data, region.size), directions);
    const weight = tf.sub(tf.transpose(constant(wanted.A.data, shape[0])), present) as tf.Tensor2D;
    if (!wanted.b) return { weight, bias: tf.neg(flat(affine(constant(middle, 1), weight))) };
    // At the origin x₀: f(x₀) + x₀ weight + bias = A x₀ + b.
    const goal = wanted.A.data.reduce((sums, a, i) => {
      sums[Math.floor(i / region.size)] += a * origin[i % region.size];
      return sums;
    }, Float64Array.from(wanted.b));
    const atOrigin = tf.add(tf.slice(frames, [0, 0], [1, -1]), affine(constant(origin, 1), weight));
    return { weight, bias: tf.sub(flat(constant(goal, 1)), flat(atOrigin)) as tf.Tensor1D };
  };
}

const flat = (x: tf.Tensor): tf.Tensor1D => tf.reshape(x, [-1]);

/** `y + x weight + bias` for inputs `[n, ...shape]` and outputs `[n, out]`. */
export function corrected(y: tf.Tensor, x: tf.Tensor, { weight, bias }: Correction): tf.Tensor {
  return tf.add(
    y,
    affine(tf.reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]) as tf.Tensor2D, weight, bias),
  );
}

/** A correction as numbers, off the tape. */
export interface KeptCorrection {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

export const keptCorrection = ({ weight, bias }: Correction): KeptCorrection => ({
  weight: weight.dataSync() as Float32Array,
  bias: bias.dataSync() as Float32Array,
});

export const correctionTensors = ({ weight, bias }: KeptCorrection): Correction => ({
  weight: tf.tensor2d(weight, [weight.length / bias.length, bias.length]),
  bias: tf.tensor1d(bias),
});

function assertTarget(isAllowed: boolean, expected: string, actual: string): void {
  if (isAllowed) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'target',
    expected,
    actual,
    remedy: 'Prescribe the map after training, with prescribeByCorrection or prescribeByLastLayer.',
  });
}
