import { PoliceError } from '@police/core';
import type * as operators from '@police/core/operators';
import { type ByKind, byKind } from '../by-kind.js';
import {
  ABSENT,
  asOperation,
  flattened,
  floats,
  integers,
  type Operation,
  operation,
  reshaped,
  type Value,
} from '../operation.js';
import { averagePoolOperation } from './average-pool.js';
import { resizeScale } from './resize-scales.js';

type Origins = operators.SparseOrigin;
type Origin<Kind> = Extract<Origins, { kind: Kind }>;

const WRITERS: ByKind<Origins, [sparse: operators.Sparse, x: Value, where: string], Operation> = {
  averagePool: averagePoolOperation,
  sumOver: reduceOperation,
  meanOver: reduceOperation,
  resizeLinear: resizeLinearOperation,
};

/** The operator it was made by; without an origin, MatMul. */
export function sparseOperation(sparse: operators.Sparse, x: Value, where: string): Operation {
  const { origin } = sparse;
  return origin ? byKind(WRITERS, origin, sparse, x, where) : matMulOperation(sparse, x, where);
}

/** ReduceSum or ReduceMean. No axes mean none in core, all in ONNX: there it is nothing to do. */
function reduceOperation(
  { kind, shape, axes }: Origin<'sumOver' | 'meanOver'>,
  { outShape }: operators.Sparse,
  x: Value,
): Operation {
  const tensor = reshaped(x, shape);
  if (axes.length === 0) return asOperation(tensor);
  const reduced = axes.map(axis => axis + 1);
  const keepdims = { name: 'keepdims', type: 'int', value: 0 } as const;
  // Opset 13 made the axes of ReduceSum an input, and left those of ReduceMean an attribute.
  return kind === 'sumOver'
    ? operation('ReduceSum', [tensor, integers('axes', reduced)], outShape, [keepdims])
    : operation('ReduceMean', [tensor], outShape, [{ name: 'axes', type: 'ints', value: reduced }, keepdims]);
}

/**
 * Resize. Runtimes compute coordinates in float32, so interpolation weights are off by the coordinate's rounding unless
 * scales are powers of two.
 */
function resizeLinearOperation(
  { shape, outSize, coordinates }: Origin<'resizeLinear'>,
  { outShape }: operators.Sparse,
  x: Value,
  where: string,
): Operation {
  const [, ...plane] = shape;
  // There always is one: the float32 value above the scale, if not the nearest.
  const scales = plane.map((size, axis) => resizeScale(size, outSize[axis], outSize[axis] / size)!);
  return operation(
    'Resize',
    [reshaped(x, shape), ABSENT, floats('scales', [scales.length + 2], [1, 1, ...scales], where)],
    outShape,
    [
      { name: 'mode', type: 'string', value: 'linear' },
      { name: 'coordinate_transformation_mode', type: 'string', value: coordinates },
    ],
  );
}

/** A quarter of a gigabyte, where a file ends at two. */
const MOST_ENTRIES = 2 ** 26;

/**
 * MatMul with the whole matrix, `[inSize, outSize]`. `freeze` does not round a bare matrix, so its weights must be
 * float32 values from the start.
 */
function matMulOperation({ inSize, outSize, rows }: operators.Sparse, x: Value, where: string): Operation {
  if (inSize * outSize > MOST_ENTRIES) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where,
      expected: `a sparse matrix of at most ${MOST_ENTRIES} entries, zeros counted`,
      actual: `${outSize} × ${inSize}`,
      remedy: 'Build the layer from core’s pooling, resizing or gathering operators, which need no matrix.',
    });
  }
  const weight = new Float64Array(inSize * outSize);
  for (let j = 0; j < outSize; j++) {
    for (let e = rows.rowStart[j]; e < rows.rowStart[j + 1]; e++) {
      weight[rows.columns[e] * outSize + j] = rows.values[e];
    }
  }
  return operation('MatMul', [flattened(x), floats('weight', [inSize, outSize], weight, where)], [outSize]);
}
