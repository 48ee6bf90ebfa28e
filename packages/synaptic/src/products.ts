/**
 * `y += W x` on flat arrays: W `[units, size]`, x `[size]` from `xAt`, y `[units]` from `yAt`. Each sum runs in index
 * order from what y holds, as the library's does; four units at a time, so that their sums do not wait for each other.
 */
export function addProduct(
  w: Float64Array,
  units: number,
  size: number,
  x: Float64Array,
  xAt: number,
  y: Float64Array,
  yAt: number,
): void {
  let j = 0;
  for (; j + 4 <= units; j += 4) {
    const r0 = j * size;
    const r1 = r0 + size;
    const r2 = r1 + size;
    const r3 = r2 + size;
    let s0 = y[yAt + j];
    let s1 = y[yAt + j + 1];
    let s2 = y[yAt + j + 2];
    let s3 = y[yAt + j + 3];
    for (let p = 0; p < size; p++) {
      const value = x[xAt + p];
      s0 += value * w[r0 + p];
      s1 += value * w[r1 + p];
      s2 += value * w[r2 + p];
      s3 += value * w[r3 + p];
    }
    y[yAt + j] = s0;
    y[yAt + j + 1] = s1;
    y[yAt + j + 2] = s2;
    y[yAt + j + 3] = s3;
  }
  for (; j < units; j++) {
    let sum = y[yAt + j];
    for (let p = 0, q = j * size; p < size; p++, q++) sum += x[xAt + p] * w[q];
    y[yAt + j] = sum;
  }
}

/** `y += Wᵀ d`: d `[units]` from `dAt`, y `[size]` from `yAt`. */
export function addTransposed(
  w: Float64Array,
  units: number,
  size: number,
  d: Float64Array,
  dAt: number,
  y: Float64Array,
  yAt: number,
): void {
  for (let j = 0; j < units; j++) {
    const factor = d[dAt + j];
    if (factor === 0) continue;
    for (let p = 0, q = j * size; p < size; p++, q++) y[yAt + p] += factor * w[q];
  }
}

/** `W += d xᵀ`. */
export function addOuter(
  w: Float64Array,
  units: number,
  size: number,
  d: Float64Array,
  dAt: number,
  x: Float64Array,
  xAt: number,
): void {
  for (let j = 0; j < units; j++) {
    const factor = d[dAt + j];
    if (factor === 0) continue;
    for (let p = 0, q = j * size; p < size; p++, q++) w[q] += factor * x[xAt + p];
  }
}

/**
 * The library's step of one block: `W += rate · (d xᵀ)`, then, if there are `errors` `[size]` of the source to
 * collect, `errors += Wᵀ d` with the weights *just updated*.
 */
export function learnBlock(
  w: Float64Array,
  units: number,
  size: number,
  d: Float64Array,
  rate: number,
  x: Float64Array,
  errors: Float64Array | undefined,
): void {
  for (let j = 0; j < units; j++) {
    const error = d[j];
    if (error === 0) continue;
    let q = j * size;
    if (!errors) {
      for (let p = 0; p < size; p++, q++) w[q] += rate * (error * x[p]);
      continue;
    }
    for (let p = 0; p < size; p++, q++) {
      const weight = w[q] + rate * (error * x[p]);
      w[q] = weight;
      errors[p] += error * weight;
    }
  }
}
