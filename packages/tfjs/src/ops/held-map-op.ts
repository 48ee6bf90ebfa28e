import { type AffineMap, matrix } from '@police/core';
import type { DemandHolder, HeldMap } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import { peek } from './peek.js';
import { withGradient } from './with-gradient.js';

/** An affine map on a region: A `[D, out]` and the values `[out]` at the region's centre. */
export interface CentredMap {
  readonly A: tf.Tensor2D;
  readonly value: tf.Tensor1D;
}

/** The nearest map that meets a demand, in float64, on the gradient tape. A map that is the same as last time is not sought anew. */
export class HeldMapOp {
  private last:
    | { readonly A: Float32Array; readonly value: Float32Array; readonly held: HeldMap }
    | undefined;

  constructor(
    readonly holder: DemandHolder,
    /** See `TrainingOptions.pull`. */
    private readonly pull: number,
  ) {}

  apply({ A, value }: CentredMap): CentredMap {
    const held = this.heldOf(peek(A), peek(value));
    const away = this.away(peek(A), peek(value), held);
    const [out, size] = [value.shape[0], A.shape[0]];
    const results = [
      tf.tensor2d(Float32Array.from(turned(held.map.A.data, out, size)), [size, out]),
      tf.tensor1d(Float32Array.from(this.centred(held.map, 1).b)),
    ];
    const [heldA, heldValue] = withGradient({ A, value }, results, ([dA, dValue]) => {
      const given = this.centred(mapOf(peek(dA), peek(dValue), size), 0);
      const back = held.pullback(given);
      const { centre } = this.holder.space;
      // b = value − A centre.
      const toA = back.A.data.map(
        (a, i) => a - back.b[Math.floor(i / size)] * centre[i % size] + this.pull * away.A[i],
      );
      return {
        A: tf.tensor2d(Float32Array.from(turned(toA, out, size)), [size, out]),
        value: tf.tensor1d(Float32Array.from(back.b, (b, j) => b + this.pull * away.value[j])),
      };
    });
    return { A: heldA as tf.Tensor2D, value: heldValue as tf.Tensor1D };
  }

  /** The gradient of ½ distance² with respect to A `[out, D]` and to the values at the centre. */
  private away(
    A: Float32Array,
    value: Float32Array,
    { map }: HeldMap,
  ): { A: Float64Array; value: Float64Array } {
    const { inSize, radius } = this.holder.space;
    const own = mapOf(A, value, inSize);
    const { b } = this.centred(map, 1);
    return {
      A: own.A.data.map((a, i) => a - map.A.data[i]),
      value: own.b.map((v, j) => (v - b[j]) / radius ** 2),
    };
  }

  private heldOf(A: Float32Array, value: Float32Array): HeldMap {
    if (this.last && isSame(this.last.A, A) && isSame(this.last.value, value)) return this.last.held;
    const held = this.holder.hold(this.centred(mapOf(A, value, this.holder.space.inSize), -1));
    this.last = { A: A.slice(), value: value.slice(), held };
    return held;
  }

  /**
   * A map's b from its value at the centre (−1), or its value from b (1); of a gradient with respect to A and the value at the centre, which is
   * b + A centre, that with respect to A and b (0).
   */
  private centred({ A, b }: AffineMap, sign: -1 | 0 | 1): AffineMap {
    const { centre } = this.holder.space;
    if (sign === 0)
      return {
        A: { ...A, data: A.data.map((a, i) => a + b[Math.floor(i / A.cols)] * centre[i % A.cols]) },
        b,
      };
    const at = b.map((_, j) => centre.reduce((sum, c, k) => sum + c * A.data[j * A.cols + k], 0));
    return { A, b: b.map((x, j) => x + sign * at[j]) };
  }
}

const isSame = (a: Float32Array, b: Float32Array): boolean => a.every((x, i) => x === b[i]);

/** Rows `[out, D]` of A from columns, and b. */
function mapOf(A: Float32Array, b: Float32Array, size: number): AffineMap {
  return { A: matrix(b.length, size, turned(A, size, b.length)), b: Float64Array.from(b) };
}

/** `[rows, cols]` as `[cols, rows]`. */
const turned = (values: ArrayLike<number>, rows: number, cols: number): Float64Array =>
  Float64Array.from({ length: rows * cols }, (_, i) => values[(i % rows) * cols + Math.floor(i / rows)]);
