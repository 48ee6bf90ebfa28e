/** Numbers as a framework stores them. */
export type FlatNumbers = Float32Array | Float64Array;

/**
 * Products on flat arrays, from an offset on; nothing is allocated. Every sum runs in index order from what the output holds, as
 * in a loop over one unit's weights. Four units, and two rows, at a time: their sums need not wait for each other, and
 * weights are read half as often.
 */

/** `y += W x`: W `[units, size]`, x `[size]` from `xAt`, y `[units]` from `yAt`. */
export function addProduct(
  w: FlatNumbers,
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

/** `Y += X Wᵀ` over `rows` rows of X `[rows, size]` and Y `[rows, units]`. */
export function addProducts(
  w: FlatNumbers,
  units: number,
  size: number,
  x: Float64Array,
  xAt: number,
  y: Float64Array,
  yAt: number,
  rows: number,
): void {
  let t = 0;
  for (; t + 2 <= rows; t += 2) {
    const a = xAt + t * size;
    const b = a + size;
    const ya = yAt + t * units;
    const yb = ya + units;
    let j = 0;
    for (; j + 4 <= units; j += 4) {
      const r0 = j * size;
      const r1 = r0 + size;
      const r2 = r1 + size;
      const r3 = r2 + size;
      let a0 = y[ya + j];
      let a1 = y[ya + j + 1];
      let a2 = y[ya + j + 2];
      let a3 = y[ya + j + 3];
      let b0 = y[yb + j];
      let b1 = y[yb + j + 1];
      let b2 = y[yb + j + 2];
      let b3 = y[yb + j + 3];
      for (let p = 0; p < size; p++) {
        const xa = x[a + p];
        const xb = x[b + p];
        const w0 = w[r0 + p];
        const w1 = w[r1 + p];
        const w2 = w[r2 + p];
        const w3 = w[r3 + p];
        a0 += xa * w0;
        b0 += xb * w0;
        a1 += xa * w1;
        b1 += xb * w1;
        a2 += xa * w2;
        b2 += xb * w2;
        a3 += xa * w3;
        b3 += xb * w3;
      }
      y[ya + j] = a0;
      y[ya + j + 1] = a1;
      y[ya + j + 2] = a2;
      y[ya + j + 3] = a3;
      y[yb + j] = b0;
      y[yb + j + 1] = b1;
      y[yb + j + 2] = b2;
      y[yb + j + 3] = b3;
    }
    for (; j < units; j++) {
      let sa = y[ya + j];
      let sb = y[yb + j];
      for (let p = 0, q = j * size; p < size; p++, q++) {
        sa += x[a + p] * w[q];
        sb += x[b + p] * w[q];
      }
      y[ya + j] = sa;
      y[yb + j] = sb;
    }
  }
  if (t < rows) addProduct(w, units, size, x, xAt + t * size, y, yAt + t * units);
}

/** `Y += D W` over `rows` rows of D `[rows, units]` and Y `[rows, size]`. Zeros of D cost nothing. */
export function addTransposed(
  w: FlatNumbers,
  units: number,
  size: number,
  d: Float64Array,
  y: Float64Array,
  rows: number,
): void {
  for (let t = 0; t < rows; t += 2) {
    // An odd row counts as two, the second of zeros.
    const isPair = t + 1 < rows;
    const ya = t * size;
    const yb = isPair ? ya + size : ya;
    let j = 0;
    for (; j + 4 <= units; j += 4) {
      const at = t * units + j;
      const bt = at + units;
      const a0 = d[at];
      const a1 = d[at + 1];
      const a2 = d[at + 2];
      const a3 = d[at + 3];
      const b0 = isPair ? d[bt] : 0;
      const b1 = isPair ? d[bt + 1] : 0;
      const b2 = isPair ? d[bt + 2] : 0;
      const b3 = isPair ? d[bt + 3] : 0;
      const isA = a0 !== 0 || a1 !== 0 || a2 !== 0 || a3 !== 0;
      const isB = b0 !== 0 || b1 !== 0 || b2 !== 0 || b3 !== 0;
      const r0 = j * size;
      const r1 = r0 + size;
      const r2 = r1 + size;
      const r3 = r2 + size;
      if (isA && isB) {
        for (let p = 0; p < size; p++) {
          const w0 = w[r0 + p];
          const w1 = w[r1 + p];
          const w2 = w[r2 + p];
          const w3 = w[r3 + p];
          y[ya + p] = y[ya + p] + a0 * w0 + a1 * w1 + a2 * w2 + a3 * w3;
          y[yb + p] = y[yb + p] + b0 * w0 + b1 * w1 + b2 * w2 + b3 * w3;
        }
      } else if (isA) {
        for (let p = 0; p < size; p++)
          y[ya + p] = y[ya + p] + a0 * w[r0 + p] + a1 * w[r1 + p] + a2 * w[r2 + p] + a3 * w[r3 + p];
      } else if (isB) {
        for (let p = 0; p < size; p++)
          y[yb + p] = y[yb + p] + b0 * w[r0 + p] + b1 * w[r1 + p] + b2 * w[r2 + p] + b3 * w[r3 + p];
      }
    }
    for (; j < units; j++) {
      const a = d[t * units + j];
      const b = isPair ? d[(t + 1) * units + j] : 0;
      if (a === 0 && b === 0) continue;
      for (let p = 0, q = j * size; p < size; p++, q++) {
        y[ya + p] += a * w[q];
        if (isPair) y[yb + p] += b * w[q];
      }
    }
  }
}

/**
 * `out += Σ cₜ xₜ` over `rows` rows of x `[rows, size]`, with coefficients `cStep` apart: one unit's share of `W += Dᵀ X`, whose
 * coefficients are a column of D. Four rows at a time; two or three left over count as four.
 */
export function addCombination(
  out: FlatNumbers,
  outAt: number,
  size: number,
  x: Float64Array,
  xAt: number,
  rows: number,
  c: Float64Array,
  cAt: number,
  cStep: number,
): void {
  let t = 0;
  for (; t + 1 < rows; t += 4) {
    const at = cAt + t * cStep;
    const c0 = c[at];
    const c1 = c[at + cStep];
    const c2 = t + 2 < rows ? c[at + 2 * cStep] : 0;
    const c3 = t + 3 < rows ? c[at + 3 * cStep] : 0;
    if (c0 === 0 && c1 === 0 && c2 === 0 && c3 === 0) continue;
    const r0 = xAt + t * size;
    const r1 = r0 + size;
    const r2 = t + 2 < rows ? r1 + size : r0;
    const r3 = t + 3 < rows ? r2 + size : r0;
    for (let p = 0, q = outAt; p < size; p++, q++) {
      out[q] += c0 * x[r0 + p] + c1 * x[r1 + p] + c2 * x[r2 + p] + c3 * x[r3 + p];
    }
  }
  if (t < rows) {
    const factor = c[cAt + t * cStep];
    if (factor === 0) return;
    for (let p = 0, q = outAt, r = xAt + t * size; p < size; p++, q++, r++) out[q] += factor * x[r];
  }
}

/**
 * `W += Dᵀ X` over `rows` rows of D `[rows, units]` and X `[rows, size]`. Four rows for two units at a time: of each W is read once, and X
 * half as often as unit by unit. Zeros of D cost nothing.
 */
export function addOuterProducts(
  w: FlatNumbers,
  units: number,
  size: number,
  d: Float64Array,
  x: Float64Array,
  rows: number,
): void {
  let t = 0;
  for (; t + 4 <= rows; t += 4) {
    const r0 = t * size;
    const r1 = r0 + size;
    const r2 = r1 + size;
    const r3 = r2 + size;
    let j = 0;
    for (; j + 2 <= units; j += 2) {
      const at = t * units + j;
      const a0 = d[at];
      const a1 = d[at + units];
      const a2 = d[at + 2 * units];
      const a3 = d[at + 3 * units];
      const b0 = d[at + 1];
      const b1 = d[at + units + 1];
      const b2 = d[at + 2 * units + 1];
      const b3 = d[at + 3 * units + 1];
      const isA = a0 !== 0 || a1 !== 0 || a2 !== 0 || a3 !== 0;
      const isB = b0 !== 0 || b1 !== 0 || b2 !== 0 || b3 !== 0;
      const wa = j * size;
      const wb = wa + size;
      if (isA && isB) {
        for (let p = 0; p < size; p++) {
          const x0 = x[r0 + p];
          const x1 = x[r1 + p];
          const x2 = x[r2 + p];
          const x3 = x[r3 + p];
          w[wa + p] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3;
          w[wb + p] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3;
        }
      } else if (isA) {
        for (let p = 0; p < size; p++)
          w[wa + p] += a0 * x[r0 + p] + a1 * x[r1 + p] + a2 * x[r2 + p] + a3 * x[r3 + p];
      } else if (isB) {
        for (let p = 0; p < size; p++)
          w[wb + p] += b0 * x[r0 + p] + b1 * x[r1 + p] + b2 * x[r2 + p] + b3 * x[r3 + p];
      }
    }
    if (j < units) addCombination(w, j * size, size, x, r0, 4, d, t * units + j, units);
  }
  if (t === rows) return;
  for (let j = 0; j < units; j++)
    addCombination(w, j * size, size, x, t * size, rows - t, d, t * units + j, units);
}
