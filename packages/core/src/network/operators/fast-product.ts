import type { Matrix } from '../../numeric/matrix.js';
import { loadedProducts, type TapProduct } from '../../numeric/tap-product.js';

/** Rows from which packing weights and rows for a kernel is less than what it saves. */
const LEAST_ROWS = 4;

/** Multiply-adds from which it pays to ask one. */
const LEAST_WORK = 2 ** 14;

/** The product by what was loaded for it, or nothing where plain JavaScript should do it. */
export function fastProduct(product: () => TapProduct, x: Matrix, work: number): Matrix | undefined {
  const products = loadedProducts();
  if (!products || x.rows < LEAST_ROWS || work < LEAST_WORK) return undefined;
  return products.multiply(product(), x);
}
