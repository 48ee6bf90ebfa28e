/** Rows of a matrix inside a larger array: entry (i, t) is `data[i * rowStep + t * step]`. */
export interface Panels {
  readonly data: Float64Array;
  /** A multiple of 4. */
  readonly rows: number;
  readonly rowStep: number;
  readonly step: number;
}

const PANEL = 4;

/** The least multiple of 4 that holds `count` rows. */
export function roundUpToPanel(count: number): number {
  return Math.ceil(count / PANEL) * PANEL;
}

/**
 * `C = A Bᵀ`: `[m, length] × [n, length] → [m, n]`, each entry summed in order of the length. Four rows of A meet two
 * of B at once, so that 6 loads feed 8 products and all sums stay in registers.
 */
export function multiplyPanels(a: Panels, b: Panels, length: number, c: Float64Array): void {
  const { data: p, rowStep: i1, step: pStep } = a;
  const { data: q, rowStep: j1, step: qStep } = b;
  const i2 = 2 * i1;
  const i3 = 3 * i1;
  const n = b.rows;
  for (let i = 0; i < a.rows; i += 4) {
    for (let j = 0; j < n; j += 2) {
      let s00 = 0;
      let s01 = 0;
      let s10 = 0;
      let s11 = 0;
      let s20 = 0;
      let s21 = 0;
      let s30 = 0;
      let s31 = 0;
      for (let t = 0, u = i * i1, v = j * j1; t < length; t++, u += pStep, v += qStep) {
        const p0 = p[u];
        const p1 = p[u + i1];
        const p2 = p[u + i2];
        const p3 = p[u + i3];
        const q0 = q[v];
        const q1 = q[v + j1];
        s00 += p0 * q0;
        s01 += p0 * q1;
        s10 += p1 * q0;
        s11 += p1 * q1;
        s20 += p2 * q0;
        s21 += p2 * q1;
        s30 += p3 * q0;
        s31 += p3 * q1;
      }
      const to = i * n + j;
      c[to] = s00;
      c[to + 1] = s01;
      c[to + n] = s10;
      c[to + n + 1] = s11;
      c[to + 2 * n] = s20;
      c[to + 2 * n + 1] = s21;
      c[to + 3 * n] = s30;
      c[to + 3 * n + 1] = s31;
    }
  }
}
