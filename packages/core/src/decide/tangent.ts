import { unitRows } from '../frames/affine-map.js';
import { activationSlope } from '../network/activation.js';
import { clampAdjoint } from '../network/clamp.js';
import { forwardValues, linearAdjoints } from '../network/forward.js';
import { largestIn } from '../network/max-windows.js';
import type { Network } from '../network/network.js';
import { UNRESOLVED } from '../network/unresolved.js';
import { type BackRules, walkBack } from '../network/walk.js';
import { addInto, type Matrix, matrix, scaleColumns } from '../numeric/matrix.js';
import { upTo } from '../numeric/up-to.js';

/** A network's outputs `[out]` at a point, and their gradients `[out, D]`; at a kink those of one side. */
export interface Tangent {
  readonly values: Float64Array;
  readonly jacobian: Matrix;
}

/** The affine piece, or the tangent, of a network at a point: one pass forward and one back. */
export function tangentAt(net: Network, x: Float64Array): Tangent {
  const values = forwardValues(net, { rows: 1, cols: x.length, data: x });
  const rules: BackRules<Matrix> = {
    ...linearAdjoints(net),
    activation: ({ input, activation, shift }, dy) => {
      const h = values.get(input)!.data;
      const slopes = h.map((value, j) => activationSlope(activation, value + (shift?.[j] ?? 0), j).slope);
      return [scaleColumns(dy, slopes)];
    },
    max: ({ input, windows, lifts }, dy) => {
      const { data } = values.get(input)!;
      const dx = matrix(dy.rows, data.length);
      for (let w = 0; w < dy.cols; w++) {
        const { index } = largestIn(windows, data, 0, w, lifts);
        for (let i = 0; i < dy.rows; i++) dx.data[i * data.length + index] += dy.data[i * dy.cols + w];
      }
      return [dx];
    },
    clamp: ({ inputs }, dy) => {
      const at = inputs.map(name => repeated(values.get(name)!.data, dy.rows));
      return clampAdjoint(at, dy);
    },
    opaque: UNRESOLVED.opaque,
  };
  const { outputSize, nodes } = net;
  const jacobian = walkBack(net, unitRows(upTo(outputSize), outputSize), rules, addInto);
  return {
    values: values.get(nodes[nodes.length - 1].name)!.data,
    jacobian: jacobian ?? matrix(outputSize, x.length),
  };
}

function repeated(row: Float64Array, rows: number): Matrix {
  const m = matrix(rows, row.length);
  for (let i = 0; i < rows; i++) m.data.set(row, i * row.length);
  return m;
}
