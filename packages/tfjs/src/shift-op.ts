import type { Matrix } from '@police/core';
import {
  type Activation,
  PoliceError,
  type Policy,
  type Region,
  type Shifts,
  shiftCoordinates,
  shiftsOf,
} from '@police/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Frame values of all regions at one layer: the origins of all regions together, the directions region by region
 * (null for a region that is a single point).
 */
export interface FrameTensors {
  /** `[regions, size]`. */
  readonly origins: tf.Tensor2D;
  /** `[dᵣ, size]` each. */
  readonly directions: readonly (tf.Tensor2D | null)[];
}

export interface ShiftOptions {
  readonly regions: readonly Region[];
  readonly activation: Activation;
  readonly policy: Policy;
  readonly previous: Int8Array;
  /** The layer, for errors. */
  readonly where: string;
}

/**
 * The shifts c `[units]` of one nonlinearity as a differentiable function of the frame tensors.
 *
 * Values and gradient are core's `shiftsOf` and `shiftCoordinates` on the downloaded frame values: on the cpu and wasm
 * backends that copy is cheaper than the kernels it replaces, and there is one definition of both.
 *
 * Throws `not-finite` before any weight is touched: in the forward pass when the weights overflow on a region, in the
 * backward pass when the loss gradient that reaches the layer is NaN or infinite.
 */
export function shiftOp(frames: FrameTensors, options: ShiftOptions): { c: tf.Tensor1D; shifts: Shifts } {
  const { regions, activation, policy, previous, where } = options;
  const present = frames.directions.filter(tensor => tensor !== null);
  let shifts: Shifts | undefined;
  const op = tf.customGrad((...args) => {
    const tensors = args.slice(0, 1 + present.length) as tf.Tensor2D[];
    const values = downloadFrames(tensors, regions, where);
    const found = shiftsOf(regions, values, activation, policy, previous);
    shifts = found;
    return {
      value: tf.tensor1d(Float32Array.from(found.shift)),
      gradFunc: (dy: tf.Tensor) => {
        assertFiniteGradient(dy, where);
        const coordinates = shiftCoordinates(regions, values, activation.kinks.length, found);
        return uploadNegated(coordinates).map(tensor => tf.mul(tensor, dy));
      },
    };
  });
  const c = op(frames.origins, ...present) as tf.Tensor1D;
  return { c, shifts: shifts! };
}

/** Origins and directions as one float64 block `[dᵣ + 1, units]` per region. */
function downloadFrames(
  tensors: readonly tf.Tensor2D[],
  regions: readonly Region[],
  where: string,
): Matrix[] {
  const [origins, ...directions] = tensors.map(tensor => tensor.dataSync());
  const units = tensors[0].shape[1];
  let next = 0;
  return regions.map(({ frame }, r) => {
    const data = new Float64Array(frame.rows * units);
    data.set(origins.subarray(r * units, (r + 1) * units));
    if (frame.rows > 1) data.set(directions[next++], units);
    const bad = firstNonFinite(data);
    if (bad >= 0) {
      throw new PoliceError({
        code: 'not-finite',
        where,
        expected: 'finite pre-activations on the region',
        actual: `${data[bad]} at unit ${bad % units} on region ${r}`,
        remedy: 'The weights have grown beyond float32: lower the learning rate, or scale the inputs.',
      });
    }
    return { rows: frame.rows, cols: units, data };
  });
}

/** −coordinates in the layout of the inputs: all origins stacked, then each region's directions. */
function uploadNegated(coordinates: readonly Matrix[]): tf.Tensor2D[] {
  const units = coordinates[0].cols;
  const origins = new Float32Array(coordinates.length * units);
  const directions: tf.Tensor2D[] = [];
  coordinates.forEach(({ rows, data }, r) => {
    // A plain loop: `Float32Array.from` with a function takes 30 times as long.
    const negated = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) negated[i] = -data[i];
    origins.set(negated.subarray(0, units), r * units);
    if (rows > 1) directions.push(tf.tensor2d(negated.subarray(units), [rows - 1, units]));
  });
  return [tf.tensor2d(origins, [coordinates.length, units]), ...directions];
}

/**
 * The identity that throws `not-finite` when a loss gradient with NaN or infinity in it comes back, before any weight
 * is touched. A shift alone would miss it: behind a flat piece of the nonlinearity its gradient is 0.
 */
export function withFiniteGradient(y: tf.Tensor2D, where: string): tf.Tensor2D {
  const op = tf.customGrad(input => ({
    value: tf.clone(input as tf.Tensor2D),
    gradFunc: (dy: tf.Tensor) => {
      assertFiniteGradient(dy, where);
      return tf.clone(dy);
    },
  }));
  return op(y) as tf.Tensor2D;
}

function assertFiniteGradient(dy: tf.Tensor, where: string): void {
  const values = dy.dataSync();
  const bad = firstNonFinite(values);
  if (bad < 0) return;
  throw new PoliceError({
    code: 'not-finite',
    where,
    expected: 'a finite loss gradient',
    actual: `${values[bad]} at unit ${bad % dy.shape.at(-1)!}`,
    remedy: 'Look for NaN in the training data or a diverging loss; the weights are as before this step.',
  });
}

/** Index of the first NaN or infinity, −1 if there is none. */
function firstNonFinite(values: ArrayLike<number>): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}
