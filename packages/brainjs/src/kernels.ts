/**
 * Products with one flat layer's weights `[outSize, inSize]`. Vectors lie in longer arrays, from an offset on; nothing is
 * allocated. Sums run in brain.js's order, so that an unconstrained layer gives its bits; four rows at a time, whose
 * additions need not wait for each other, make them a few times faster than one row after the other.
 */

/** `out += W x`. */
export function addProduct(
  weights: Float32Array,
  outSize: number,
  inSize: number,
  x: Float64Array,
  xFrom: number,
  out: Float64Array,
  outFrom: number,
): void {
  let j = 0;
  for (; j + 4 <= outSize; j += 4) {
    let w0 = j * inSize;
    let w1 = w0 + inSize;
    let w2 = w1 + inSize;
    let w3 = w2 + inSize;
    const at = outFrom + j;
    let s0 = out[at];
    let s1 = out[at + 1];
    let s2 = out[at + 2];
    let s3 = out[at + 3];
    for (let k = xFrom, end = xFrom + inSize; k < end; k++) {
      const value = x[k];
      s0 += weights[w0++] * value;
      s1 += weights[w1++] * value;
      s2 += weights[w2++] * value;
      s3 += weights[w3++] * value;
    }
    out[at] = s0;
    out[at + 1] = s1;
    out[at + 2] = s2;
    out[at + 3] = s3;
  }
  for (; j < outSize; j++) {
    let sum = out[outFrom + j];
    for (let k = 0, w = j * inSize; k < inSize; k++) sum += weights[w++] * x[xFrom + k];
    out[outFrom + j] = sum;
  }
}

/** `out += Wᵀ d`. */
export function addTransposedProduct(
  weights: Float32Array,
  outSize: number,
  inSize: number,
  d: Float64Array,
  dFrom: number,
  out: Float64Array,
  outFrom: number,
): void {
  let j = 0;
  for (; j + 4 <= outSize; j += 4) {
    const d0 = d[dFrom + j];
    const d1 = d[dFrom + j + 1];
    const d2 = d[dFrom + j + 2];
    const d3 = d[dFrom + j + 3];
    if (d0 === 0 && d1 === 0 && d2 === 0 && d3 === 0) continue;
    let w0 = j * inSize;
    let w1 = w0 + inSize;
    let w2 = w1 + inSize;
    let w3 = w2 + inSize;
    for (let k = outFrom, end = outFrom + inSize; k < end; k++) {
      out[k] = out[k] + d0 * weights[w0++] + d1 * weights[w1++] + d2 * weights[w2++] + d3 * weights[w3++];
    }
  }
  for (; j < outSize; j++) {
    const dj = d[dFrom + j];
    if (dj === 0) continue;
    for (let k = 0, w = j * inSize; k < inSize; k++) out[outFrom + k] += dj * weights[w++];
  }
}

/** `out = Σᵢ cᵢ · rowᵢ` over rows `[rows, size]` with coefficients c `[rows]`, rows ≥ 1; `out` is `[size]`. */
export function writeCombination(
  out: Float64Array,
  size: number,
  values: Float64Array,
  rows: number,
  coefficients: Float64Array,
): void {
  let i = 0;
  if (rows < 4) {
    const c = coefficients[0];
    for (let k = 0; k < size; k++) out[k] = c * values[k];
    i = 1;
  }
  for (; i + 4 <= rows; i += 4) {
    const c0 = coefficients[i];
    const c1 = coefficients[i + 1];
    const c2 = coefficients[i + 2];
    const c3 = coefficients[i + 3];
    let r0 = i * size;
    let r1 = r0 + size;
    let r2 = r1 + size;
    let r3 = r2 + size;
    if (i === 0) {
      for (let k = 0; k < size; k++)
        out[k] = c0 * values[r0++] + c1 * values[r1++] + c2 * values[r2++] + c3 * values[r3++];
    } else if (c0 !== 0 || c1 !== 0 || c2 !== 0 || c3 !== 0) {
      for (let k = 0; k < size; k++)
        out[k] += c0 * values[r0++] + c1 * values[r1++] + c2 * values[r2++] + c3 * values[r3++];
    }
  }
  for (; i < rows; i++) {
    const c = coefficients[i];
    if (c === 0) continue;
    for (let k = 0, r = i * size; k < size; k++) out[k] += c * values[r++];
  }
}
