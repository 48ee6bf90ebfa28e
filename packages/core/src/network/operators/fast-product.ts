import type { Matrix } from '../../numeric/matrix.js';
import { loadedProducts, type TapProduct } from '../../numeric/tap-product.js';

/** Rows from which packing weights and rows for a kernel is less than what it saves. */
const LEAST_ROWS = 4;

/** Multiply-adds from which it pays to ask one. */
const LEAST_WORK = 2 ** 14;

/** Whether products of so many rows and multiply-adds are made by what was loaded. */
export const isWorthwhile = (rows: number, work: number): boolean =>
  loadedProducts() !== undefined && rows >= LEAST_ROWS && work >= LEAST_WORK;

/** The product by what was loaded for it, or nothing where plain JavaScript should do it. */
export function fastProduct(product: () => TapProduct, x: Matrix, work: number): Matrix | undefined {
  return isWorthwhile(x.rows, work) ? loadedProducts()!.multiply(product(), x) : undefined;
}
