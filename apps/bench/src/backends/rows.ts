import type { Matrix } from '@police/core';

/** Outputs of a model that takes one sample at a time. */
export function rowByRow({ rows, cols, data }: Matrix, run: (x: Float64Array) => ArrayLike<number>): Matrix {
  const outputs = Array.from({ length: rows }, (_, i) =>
    Array.from(run(data.slice(i * cols, (i + 1) * cols))),
  );
  return { rows, cols: outputs[0].length, data: Float64Array.from(outputs.flat()) };
}
