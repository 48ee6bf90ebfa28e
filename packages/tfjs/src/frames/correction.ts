import { type Matrix, PoliceError, type PrescribedMap, type Region, type Target } from '@police/core';
import { assertMapFits, centreOf, jacobianSolver } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import type { DeviceConstants } from '../device/constants.js';
import { type Graph, sizeOf } from '../graph/node.js';
import { affine } from '../ops/affine-op.js';
import type { HeldMapOp } from '../ops/held-map-op.js';
import { demands } from '../parts/demands.js';
import type { Frames } from './frames.js';

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
 * output tells, is taken off and the prescribed one put in its place, or the nearest one that meets a demand, by an affine function of the
 * input added everywhere. The same as core's `prescribeByCorrection`, on the gradient tape.
 *
 * Throws `invalid-option` unless the outputs are a plain vector without a final softmax or sigmoid, `infeasible-target` for a region that
 * does not fill its space or a demand that no map meets, `shape` or `not-finite` for a map that does not fit.
 */
export function correctorOf(
  graph: Graph,
  [region]: readonly Region[],
  wanted: Target,
  pull: number,
  /** Where what is uploaded once stays. */
  constants: DeviceConstants,
): Corrector {
  const { shape } = graph.nodes.at(-1)!;
  assertTarget(!graph.head, 'a model that ends without a softmax or sigmoid', 'one that ends with it');
  assertTarget(shape.length === 1, 'a vector of outputs', `outputs of shape ${shape.join(' × ')}`);
  const solver = jacobianSolver(region);
  const uploaded: Uploaded = {
    solver: () => constants.rows('solver', region.size, () => solver.data),
    row: (name, values) => constants.rows(name, 1, () => values),
    map: A => constants.get('wanted map', () => tf.tidy(() => tf.transpose(constant(A.data, A.rows)))),
  };
  if ('kind' in wanted) return holding(region, demands.get()(wanted, region, shape[0], pull), uploaded);
  assertMapFits(wanted, shape[0], region.size, 'target');
  return prescribing(region, wanted, uploaded);
}

/** Row vectors of a region's frame coordinates and of its space. */
const constant = (data: ArrayLike<number>, rows: number): tf.Tensor2D =>
  tf.tensor2d(Float32Array.from(data), [rows, data.length / rows]);

/** Constants on the device. */
interface Uploaded {
  solver(): tf.Tensor2D;
  row(name: string, values: ArrayLike<number>): tf.Tensor2D;
  /** `[in, out]`. */
  map(A: Matrix): tf.Tensor2D;
}

/** The Jacobian `[in, out]` of the network's own map, from the frames at the output. */
function presentJacobian(frames: Frames, uploaded: Uploaded): tf.Tensor2D {
  return affine(uploaded.solver(), tf.slice(frames, [1, 0], [-1, -1]) as tf.Tensor2D);
}

function prescribing(region: Region, wanted: PrescribedMap, uploaded: Uploaded): Corrector {
  const { frame } = region;
  const origin = frame.data.subarray(0, region.size);
  const middle = centreOf(region);
  return frames => {
    const present = presentJacobian(frames, uploaded);
    const weight = tf.sub(uploaded.map(wanted.A), present) as tf.Tensor2D;
    if (!wanted.b) return { weight, bias: tf.neg(flat(affine(uploaded.row('middle', middle), weight))) };
    // At the origin x₀: f(x₀) + x₀ weight + bias = A x₀ + b.
    const goal = wanted.A.data.reduce((sums, a, i) => {
      sums[Math.floor(i / region.size)] += a * origin[i % region.size];
      return sums;
    }, Float64Array.from(wanted.b));
    const atOrigin = tf.add(
      tf.slice(frames, [0, 0], [1, -1]),
      affine(uploaded.row('origin', origin), weight),
    );
    return { weight, bias: tf.sub(flat(uploaded.row('goal', goal)), flat(atOrigin)) as tf.Tensor1D };
  };
}

function holding(region: Region, op: HeldMapOp, uploaded: Uploaded): Corrector {
  const coordinates = Float64Array.of(1, ...region.centre);
  const middle = centreOf(region);
  return frames => {
    const A = presentJacobian(frames, uploaded);
    const value = flat(affine(uploaded.row('centre', coordinates), frames as tf.Tensor2D));
    const held = op.apply({ A, value });
    const weight = tf.sub(held.A, A) as tf.Tensor2D;
    // At the centre c: value + c weight + bias = the value held.
    const moved = tf.add(value, flat(affine(uploaded.row('middle', middle), weight)));
    return { weight, bias: tf.sub(held.value, moved) as tf.Tensor1D };
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
