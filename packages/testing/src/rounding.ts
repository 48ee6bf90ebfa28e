import { dense, forward, type Matrix, type Network, network } from '@police/core';
import { asDense } from './as-dense.js';

/** Roundings of one unit beyond its products: the bias, the shift, the activation's slope and offset. */
const ROUNDINGS_PER_UNIT = 4;

/** Standard deviations of accumulated rounding allowed. */
const DEVIATIONS = 4;

/** Unit roundoff of core's own arithmetic, which is the other side of every comparison. */
const CORE_ROUNDOFF = 2 ** -53;

/**
 * How far a run of the constrained dense network in arithmetic of unit roundoff u lies from core's at the points `[n,
 * inSize]`, roundings taken as independent (Higham and Mary 2019): √n · u · (|W||v| + |b| + |c|) per layer, carried on in
 * quadrature, times `DEVIATIONS`. A shift is found from frame values in error themselves, so each nonlinearity doubles the
 * error. A worst-case bound is some hundred times larger, too blunt to tell a wrong float32 shift from rounding.
 */
export function runBound(net: Network, points: Matrix, roundoff: number): number {
  const u = roundoff + CORE_ROUNDOFF;
  let size = largestColumns(points); // [units], of the values
  let error = size.map(x => x * u);
  net.nodes.forEach((node, i) => {
    const values = largestColumns(forward(network(net.nodes.slice(0, i + 1)), points));
    if (node.kind === 'affine') {
      const { weight, bias } = asDense(node.operator);
      const squares = dense({ ...weight, data: weight.data.map(w => w * w) });
      const carried = squares.linear(row(error.map(e => e * e))).data.map(Math.sqrt);
      const summed = node.operator.magnitude(row(size)).data.map((x, j) => x + Math.abs(bias[j]));
      error = carried.map((e, j) => e + Math.sqrt(weight.cols + ROUNDINGS_PER_UNIT) * u * summed[j]);
    } else if (node.kind === 'activation') {
      const { shift, activation } = node;
      error = error.map((e, j) => {
        const added = size[j] + Math.abs(shift?.[j] ?? 0);
        const before = 2 * (e + Math.sqrt(ROUNDINGS_PER_UNIT) * u * added);
        if (activation.approximationError === undefined) return before;
        // A curve flattens errors, and its value, which may be larger than what it is taken of, is rounded in turn.
        return activation.curve!.steepest * before + Math.sqrt(ROUNDINGS_PER_UNIT) * u * values[j];
      });
    }
    size = values;
  });
  return DEVIATIONS * error.reduce((max, e) => Math.max(max, e), 0);
}

const row = (data: Float64Array): Matrix => ({ rows: 1, cols: data.length, data });

/** Largest |entry| of each column, `[cols]`. */
function largestColumns({ cols, data }: Matrix): Float64Array {
  const largest = new Float64Array(cols);
  data.forEach((x, i) => {
    largest[i % cols] = Math.max(largest[i % cols], Math.abs(x));
  });
  return largest;
}
