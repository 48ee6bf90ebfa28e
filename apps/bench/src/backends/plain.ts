import { type Dense, type Matrix, matrix, rowOf } from '@police/core';

/** A dense layer; with `slope`, a leaky ReLU of that slope after it, kept to one side on the region. */
export interface PlainLayer {
  readonly operator: Dense;
  readonly slope?: number;
}

/** What the gradient needs of one layer. */
interface Trace {
  readonly x: Matrix;
  readonly v: Matrix;
  /** Pre-activations with the shift. */
  readonly h: Matrix;
  readonly hv: Matrix;
  /** The vertex `[units]` on which the shift depends, −1 for none. */
  readonly worst: Int32Array;
}

export interface PlainForward {
  readonly output: Matrix;
  readonly traces: readonly Trace[];
}

export interface PlainGradient {
  readonly weight: Matrix;
  readonly bias: Float64Array;
}

/**
 * The paper's Algorithm 1 as it stands there, on arrays in float64: the vertices `[P, D]` go through the network beside
 * the data `[N, D]`, and before each nonlinearity every unit's bias moves so that all vertices lie on the side where most
 * of them are (a tie: +1). Nothing of this project's method is used but the products of matrices.
 */
export function plainForward(layers: readonly PlainLayer[], x: Matrix, vertices: Matrix): PlainForward {
  const traces: Trace[] = [];
  let [data, region] = [x, vertices];
  for (const { operator, slope } of layers) {
    const h = affine(operator, data);
    const hv = slope === undefined ? matrix(0, operator.outSize) : affine(operator, region);
    const worst = shiftToMajority(h, hv);
    traces.push({ x: data, v: region, h, hv, worst });
    [data, region] = [leaky(h, slope ?? 1), leaky(hv, slope ?? 1)];
  }
  return { output: data, traces };
}

/** Shifts both blocks in place, and tells the vertex that each shift depends on. */
function shiftToMajority(h: Matrix, hv: Matrix): Int32Array {
  const worst = new Int32Array(h.cols).fill(-1);
  for (let j = 0; j < h.cols; j++) {
    let votes = 0;
    for (let p = 0; p < hv.rows; p++) votes += Math.sign(hv.data[p * h.cols + j]);
    const side = votes >= 0 ? 1 : -1;
    let short = 0;
    for (let p = 0; p < hv.rows; p++) {
      const missing = -side * hv.data[p * h.cols + j];
      if (missing > short) [short, worst[j]] = [missing, p];
    }
    for (const block of [h, hv]) {
      for (let i = 0; i < block.rows; i++) block.data[i * h.cols + j] += side * short;
    }
  }
  return worst;
}

/** Gradients of all layers, also through the shifts: c = −h at the worst vertex, where there is one. */
export function plainBackward(
  layers: readonly PlainLayer[],
  { traces }: PlainForward,
  dOutput: Matrix,
): PlainGradient[] {
  let dy = dOutput;
  let dv = matrix(traces.at(-1)!.hv.rows, dOutput.cols);
  return layers
    .map(({ operator, slope = 1 }, i) => ({ operator, slope, trace: traces[i] }))
    .reverse()
    .map(({ operator, slope, trace: { x, v, h, hv, worst } }) => {
      const dh = throughLeaky(dy, h, slope);
      const dhv = throughLeaky(dv, hv, slope);
      const [ofData, ofVertices] = [columnSums(dh), columnSums(dhv)];
      worst.forEach((p, j) => {
        if (p >= 0) dhv.data[p * dhv.cols + j] -= ofData[j] + ofVertices[j];
      });
      const gradient = operator.zeroGradient();
      operator.accumulateGradient(gradient, x, dh);
      if (dhv.rows > 0) operator.accumulateGradient(gradient, v, dhv);
      const throughVertices = columnSums(dhv);
      ofData.forEach((d, j) => {
        gradient.bias[j] += d + throughVertices[j];
      });
      dy = operator.adjoint(dh);
      dv = dhv.rows > 0 ? operator.adjoint(dhv) : matrix(v.rows, v.cols);
      return gradient;
    })
    .reverse();
}

function affine(operator: Dense, x: Matrix): Matrix {
  const h = operator.linear(x);
  for (let i = 0; i < h.rows; i++) {
    const row = rowOf(h, i);
    for (let j = 0; j < h.cols; j++) row[j] += operator.bias[j];
  }
  return h;
}

const leaky = ({ rows, cols, data }: Matrix, slope: number): Matrix => ({
  rows,
  cols,
  data: data.map(value => (value >= 0 ? value : slope * value)),
});

const throughLeaky = (dy: Matrix, { data }: Matrix, slope: number): Matrix => ({
  ...dy,
  data: dy.data.map((d, i) => (data[i] >= 0 ? d : slope * d)),
});

function columnSums({ rows, cols, data }: Matrix): Float64Array {
  const sums = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) sums[j] += data[i * cols + j];
  return sums;
}
