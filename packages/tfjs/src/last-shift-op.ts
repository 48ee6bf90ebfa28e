import type { Region } from '@police/core';
import { activeRows, type Shifts } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import type { Frames } from './frames.js';
import { peek } from './peek.js';
import {
  findShifts,
  type Shifted,
  type ShiftOptions,
  shiftTensor,
  unitGradient,
  valuesOf,
} from './shift-op.js';
import { writtenTensors } from './written-tensors.js';

/**
 * The shifts c of the last activation, where nobody asks for the frames after it, from the frames x before its dense
 * layer `x W + b`, on simplices: as `shiftOp` of the product.
 *
 * Unit k's shift depends on its pre-activation at one vertex v(k): c = const − (x_v(k) · W_k + b_k). So the gradient picks
 * rows, dW_k = −dc x_v(k) and dx_v(k) = −dc W_k, and multiplies no matrices.
 */
export function lastShiftOp(
  x: Frames,
  { kernel, bias }: { readonly kernel: tf.Tensor2D; readonly bias?: tf.Tensor | undefined },
  options: ShiftOptions,
): Shifted {
  const { regions, activation, where } = options;
  let shifts: Shifts | undefined;
  const op = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as (tensors: tf.Tensor[]) => void;
    save([x, kernel]);
    const values = valuesOf(tf.matMul(x as tf.Tensor2D, kernel), bias, options);
    const found = findShifts(values, options);
    shifts = found;
    return {
      value: shiftTensor(found, [kernel.shape[1]], undefined),
      gradFunc: (dc: tf.Tensor, saved: tf.Tensor[]) => {
        const vertices = verticesOf(regions, activation.kinks.length, found);
        const d = unitGradient(dc, undefined, where).map(value => -value);
        const [dx, dKernel] = gatheredGradient(saved[0], saved[1] as tf.Tensor2D, vertices, d);
        if (!bias) return [dx, dKernel];
        const dBias = new Float32Array(d.length);
        for (const { units } of vertices) for (const k of units) dBias[k] = d[k];
        return [dx, dKernel, tf.tensor(dBias)];
      },
    };
  });
  const c = bias ? op(x, kernel, bias) : op(x, kernel);
  return { c, shifts: shifts! };
}

/** The units whose shifts depend on one region. */
interface Vertices {
  /** The row of the frames that is the region's origin. */
  readonly origin: number;
  /** `[shifted]`. */
  readonly units: Int32Array;
  /** The row that leads from the origin to the vertex which a unit's shift depends on, −1 for the origin itself. */
  readonly directions: Int32Array;
}

function verticesOf(regions: readonly Region[], kinkCount: number, shifts: Shifts): Vertices[] {
  let next = 0;
  return regions.map((region, r) => {
    const origin = next;
    next += region.frame.rows;
    const rows = activeRows(r, kinkCount, shifts);
    const units = Int32Array.from(rows.keys()).filter(k => rows[k] >= 0);
    return { origin, units, directions: units.map(k => (rows[k] > 0 ? origin + rows[k] : -1)) };
  });
}

/** Columns of x, and rows of W, taken at a time: what a unit picks lies in one or two cache lines. */
const BLOCK = 32;

/** From d = −dc `[out]`: dx `[rows, in]` and dW `[in, out]`. */
function gatheredGradient(
  x: tf.Tensor,
  kernel: tf.Tensor2D,
  vertices: readonly Vertices[],
  d: Float64Array,
): [tf.Tensor, tf.Tensor] {
  const [dx, dKernel] = writtenTensors([x.shape, kernel.shape], ([dx, dWeights]) => {
    const [rows, weights] = [peek(x), peek(kernel)];
    for (const each of vertices) addGathered(each, rows, weights, d, dx, dWeights, kernel.shape);
  });
  return [dx, dKernel];
}

function addGathered(
  { origin, units, directions }: Vertices,
  x: Float32Array,
  weights: Float32Array,
  d: Float64Array,
  dx: Float32Array,
  dWeights: Float32Array,
  [inSize, outSize]: readonly [number, number],
): void {
  const atOrigin = origin * inSize;
  const dOrigin = new Float64Array(inSize);
  for (let start = 0; start < inSize; start += BLOCK) {
    const end = Math.min(inSize, start + BLOCK);
    for (let n = 0; n < units.length; n++) {
      const unit = units[n];
      const direction = directions[n] * inSize;
      for (let i = start; i < end; i++) {
        const entry = i * outSize + unit;
        const dVertex = d[unit] * weights[entry];
        dOrigin[i] += dVertex;
        let atVertex = x[atOrigin + i];
        if (direction >= 0) {
          atVertex += x[direction + i];
          dx[direction + i] += dVertex;
        }
        dWeights[entry] = d[unit] * atVertex;
      }
    }
  }
  for (let i = 0; i < inSize; i++) dx[atOrigin + i] += dOrigin[i];
}
