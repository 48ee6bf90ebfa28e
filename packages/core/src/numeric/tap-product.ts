import type { Matrix } from './matrix.js';

/**
 * What dense layers and convolutions are to a kernel of products: output channel o of a group at position p is
 * Σ over input channels c and taps t, in this order, of `weight[o, c, t] · x[c, positionOf[p, t]]`, taps of −1 left out.
 */
export interface TapProduct {
  readonly groups: number;
  /** Per group. */
  readonly inChannels: number;
  /** Per group. */
  readonly outChannels: number;
  /** Positions of a channel. */
  readonly inPlane: number;
  readonly outPlane: number;
  readonly taps: number;
  /** `[outPlane, taps]`; −1 where none. */
  readonly positionOf: Int32Array;
  /** `[groups · outChannels, inChannels, taps]`. */
  readonly weight: Float64Array;
}

/** Multiplies blocks of rows faster than plain JavaScript does. */
export interface Products {
  /**
   * `[n, groups · inChannels · inPlane] → [n, groups · outChannels · outPlane]`, or nothing where it has no memory for it. Every entry is
   * the sum from zero in the order told, each product and each sum rounded by itself.
   */
  multiply(product: TapProduct, x: Matrix): Matrix | undefined;
}

let loaded: Products | undefined;

/** The products that were loaded last in this process, if any were. */
export const loadedProducts = (): Products | undefined => loaded;

/** Remembers products for {@link loadedProducts}; `useFastProducts` does so with its own. */
export function useProducts(products: Products | undefined): void {
  loaded = products;
}
