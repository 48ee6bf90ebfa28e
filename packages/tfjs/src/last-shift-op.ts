import { activeSides, type Matrix, type Region, type Shifts } from '@police/core';
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
  let vertices: Vertices[] | undefined;
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
        vertices ??= verticesOf(regions, values, activation.kinks.length, found);
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

function verticesOf(
  regions: readonly Region[],
  values: readonly Matrix[],
  kinkCount: number,
  shifts: Shifts,
): Vertices[] {
  let next = 0;
  return regions.map((region, r) => {
    const origin = next;
    next += region.frame.rows;
    const rows = region.extremeRows!(values[r], activeSides(r, kinkCount, shifts));
    const units = Int32Array.from(rows.keys()).filter(k => rows[k] >= 0);
    return { origin, units, directions: units.map(k => (rows[k] > 0 ? origin + rows[k] : -1)) };
  });
}

/** From d = −dc `[out]`: dx `[rows, in]` and dW `[in, out]`. */
function gatheredGradient(
  x: tf.Tensor,
  kernel: tf.Tensor2D,
  vertices: readonly Vertices[],
  d: Float64Array,
): [tf.Tensor, tf.Tensor] {
  const [inSize, outSize] = kernel.shape;
  const rows = x.shape[0];
  // Transposed, so that what is picked from lies together.
  const xT = peek(tf.transpose(x));
  const weights = peek(kernel);
  const dxT = new Float32Array(xT.length);
  const dWeights = new Float32Array(weights.length);
  for (const { origin, units, directions } of vertices) {
    for (let i = 0; i < inSize; i++) {
      const from = i * rows;
      const atOrigin = xT[from + origin];
      let dOrigin = 0;
      for (let n = 0; n < units.length; n++) {
        const unit = units[n];
        const entry = i * outSize + unit;
        const dVertex = d[unit] * weights[entry];
        dOrigin += dVertex;
        let atVertex = atOrigin;
        if (directions[n] >= 0) {
          const direction = from + directions[n];
          atVertex += xT[direction];
          dxT[direction] += dVertex;
        }
        dWeights[entry] = d[unit] * atVertex;
      }
      dxT[from + origin] += dOrigin;
    }
  }
  return [tf.transpose(tf.tensor2d(dxT, [inSize, rows])), tf.tensor2d(dWeights, [inSize, outSize])];
}
