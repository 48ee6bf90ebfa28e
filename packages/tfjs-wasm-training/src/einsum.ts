import {
  BatchMatMul,
  backend_util,
  Einsum,
  type EinsumAttrs,
  Identity,
  Sum,
  type TensorInfo,
  Transpose,
  util,
} from '@tensorflow/tfjs-core';
import { compose, type Replacement, type Run, renamed, replacement, view } from './kernel.js';

/** A tensor and the name (a number) of each of its axes. */
interface Named {
  x: TensorInfo;
  axes: number[];
}

/**
 * Einstein summation of one or two tensors, which upstream lacks. Two are contracted by one product of matrices, with
 * the axes that both and the result have as the batch.
 */
export const einsum: Replacement = replacement<string, EinsumAttrs>(Einsum, ({ inputs, attrs, backend }) => {
  const tensors = Object.values(inputs);
  const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(attrs.equation, tensors.length);
  backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as never);
  // allDims lists the axes of the output first, in order.
  const wanted = allDims.map((_, axis) => axis).slice(0, allDims.length - summedDims.length);
  return compose(backend, run => {
    const terms = tensors.map((x, i) => {
      const others = idDims.filter((_, j) => j !== i).flat();
      return summed(run, { x, axes: idDims[i] }, axis => wanted.includes(axis) || others.includes(axis));
    });
    const whole = terms.length === 2 ? contracted(run, terms[0], terms[1], wanted) : terms[0];
    return ordered(run, whole, wanted);
  });
});

/** Sums over the axes not to be kept. */
function summed(run: Run, { x, axes }: Named, keep: (axis: number) => boolean): Named {
  const dropped = axes.flatMap((axis, i) => (keep(axis) ? [] : [i]));
  if (dropped.length === 0) return { x, axes };
  return { x: run(Sum, { x }, { axis: dropped, keepDims: false }), axes: axes.filter(keep) };
}

function contracted(run: Run, a: Named, b: Named, wanted: number[]): Named {
  const batch = wanted.filter(axis => a.axes.includes(axis) && b.axes.includes(axis));
  const inner = a.axes.filter(axis => b.axes.includes(axis) && !wanted.includes(axis));
  const [rows, columns] = [a, b].map(({ axes }) =>
    axes.filter(axis => !batch.includes(axis) && !inner.includes(axis)),
  );
  const size = (of: Named, axes: number[]) =>
    util.sizeFromShape(axes.map(axis => of.x.shape[of.axes.indexOf(axis)]));
  const left = ordered(run, a, [...batch, ...rows, ...inner]);
  const right = ordered(run, b, [...batch, ...inner, ...columns]);
  const matrices = run(
    BatchMatMul,
    {
      a: view(left, [size(a, batch), size(a, rows), size(a, inner)]),
      b: view(right, [size(b, batch), size(b, inner), size(b, columns)]),
    },
    { transposeA: false, transposeB: false },
  );
  const shapeOf = (of: Named, axes: number[]) => axes.map(axis => of.x.shape[of.axes.indexOf(axis)]);
  const shape = [...shapeOf(a, batch), ...shapeOf(a, rows), ...shapeOf(b, columns)];
  return { x: renamed(matrices, shape), axes: [...batch, ...rows, ...columns] };
}

/** With its axes in the order given: a fresh tensor, so that it may be the result. */
function ordered(run: Run, { x, axes }: Named, order: number[]): TensorInfo {
  const perm = order.map(axis => axes.indexOf(axis));
  return perm.every((axis, i) => axis === i) ? run(Identity, { x }) : run(Transpose, { x }, { perm });
}
