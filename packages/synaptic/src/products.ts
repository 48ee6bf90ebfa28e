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

/**
 * `Y += D W` over `rows` rows of D `[rows, units]` and Y `[rows, size]`. Four units at a time, so that Y is passed over less
 * often.
 */
export function addTransposed(
  w: Float64Array,
  units: number,
  size: number,
  d: Float64Array,
  y: Float64Array,
  rows: number,
): void {
  for (let t = 0; t < rows; t++) {
    const start = t * size;
    let j = 0;
    for (; j + 4 <= units; j += 4) {
      const at = t * units + j;
      const d0 = d[at];
      const d1 = d[at + 1];
      const d2 = d[at + 2];
      const d3 = d[at + 3];
      if (d0 === 0 && d1 === 0 && d2 === 0 && d3 === 0) continue;
      const r0 = j * size;
      const r1 = r0 + size;
      const r2 = r1 + size;
      const r3 = r2 + size;
      for (let p = 0; p < size; p++) {
        y[start + p] += d0 * w[r0 + p] + d1 * w[r1 + p] + d2 * w[r2 + p] + d3 * w[r3 + p];
      }
    }
    for (; j < units; j++) {
      const factor = d[t * units + j];
      if (factor === 0) continue;
      for (let p = 0, q = j * size; p < size; p++, q++) y[start + p] += factor * w[q];
    }
  }
}

/** `W += Dᵀ X` over rows `from … to − 1` of D `[rows, units]` and X `[rows, size]`. Four rows at a time, likewise. */
export function addOuter(
  w: Float64Array,
  units: number,
  size: number,
  d: Float64Array,
  x: Float64Array,
  from: number,
  to: number,
): void {
  let t = from;
  for (; t + 4 <= to; t += 4) {
    const r0 = t * size;
    const r1 = r0 + size;
    const r2 = r1 + size;
    const r3 = r2 + size;
    for (let j = 0, at = t * units; j < units; j++, at++) {
      const d0 = d[at];
      const d1 = d[at + units];
      const d2 = d[at + 2 * units];
      const d3 = d[at + 3 * units];
      if (d0 === 0 && d1 === 0 && d2 === 0 && d3 === 0) continue;
      for (let p = 0, q = j * size; p < size; p++, q++) {
        w[q] += d0 * x[r0 + p] + d1 * x[r1 + p] + d2 * x[r2 + p] + d3 * x[r3 + p];
      }
    }
  }
  for (; t < to; t++) {
    for (let j = 0; j < units; j++) {
      const factor = d[t * units + j];
      if (factor === 0) continue;
      for (let p = 0, q = j * size, at = t * size; p < size; p++, q++, at++) w[q] += factor * x[at];
    }
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
