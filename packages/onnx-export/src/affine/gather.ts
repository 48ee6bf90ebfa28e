import type * as operators from '@police/core/operators';
import { type ByKind, byKind } from '../by-kind.js';
import {
  ABSENT,
  asOperation,
  flattened,
  floats,
  integers,
  isSameShape,
  type Operation,
  operation,
  reshaped,
  scalar,
  type Value,
} from '../operation.js';
import { nearestScales } from './resize-scales.js';

type Origins = operators.GatherOrigin;
type Origin<Kind> = Extract<Origins, { kind: Kind }>;

const WRITERS: ByKind<Origins, [gather: operators.Gather, x: Value, where: string], Operation> = {
  reshape: (_, { outShape }, x) => asOperation(reshaped(x, outShape)),
  transpose: ({ shape, permutation }, { outShape }, x) =>
    operation('Transpose', [reshaped(x, shape)], outShape, [
      { name: 'perm', type: 'ints', value: [0, ...afterBatch(permutation)] },
    ]),
  pad: padOperation,
  slice: ({ shape, starts, ends, axes, steps }, { outShape }, x) => {
    const bounds = [integers('starts', starts), integers('ends', ends)];
    const along = [integers('axes', afterBatch(axes)), integers('steps', steps)];
    return operation('Slice', [reshaped(x, shape), ...bounds, ...along], outShape);
  },
  gatherAlong: ({ shape, axis, indices }, { outShape }, x) =>
    operation('Gather', [reshaped(x, shape), integers('indices', indices)], outShape, [
      { name: 'axis', type: 'int', value: axis + 1 },
    ]),
  resizeNearest: resizeOperation,
};

/** The operator it was made by where runtimes compute the same, else a Gather of single entries. */
export function gatherOperation(gather: operators.Gather, x: Value, where: string): Operation {
  const { origin } = gather;
  return origin ? byKind(WRITERS, origin, gather, x, where) : entriesOperation(gather, x, where);
}

function afterBatch(axes: readonly number[]): number[] {
  return axes.map(axis => axis + 1);
}

function padOperation(
  { shape, pads, mode }: Origin<'pad'>,
  gather: operators.Gather,
  x: Value,
  where: string,
): Operation {
  // Runtimes cut off before they reflect, core after.
  if (mode !== 'constant' && pads.some(width => width < 0)) return entriesOperation(gather, x, where);
  const rank = shape.length;
  const inputs = [
    reshaped(x, shape),
    integers('pads', [0, ...pads.slice(0, rank), 0, ...pads.slice(rank)]),
    ...(mode === 'constant' ? [scalar('value', gather.fill, where)] : []),
  ];
  return operation('Pad', inputs, gather.outShape, [{ name: 'mode', type: 'string', value: mode }]);
}

function resizeOperation(
  origin: Origin<'resizeNearest'>,
  gather: operators.Gather,
  x: Value,
  where: string,
): Operation {
  const { index, outShape } = gather;
  // ONNX Runtime copies a tensor that keeps its shape, whatever the scales.
  const isMoved = isSameShape(origin.shape, outShape) && index.some((from, j) => from !== j);
  const scales = isMoved ? undefined : nearestScales(origin, outShape);
  if (!scales) return entriesOperation(gather, x, where);
  return operation(
    'Resize',
    [reshaped(x, origin.shape), ABSENT, floats('scales', [scales.length + 1], [1, ...scales], where)],
    outShape,
    [
      { name: 'mode', type: 'string', value: 'nearest' },
      { name: 'coordinate_transformation_mode', type: 'string', value: origin.coordinates },
      { name: 'nearest_mode', type: 'string', value: origin.rounding },
    ],
  );
}

/** Gather of single entries of each row; where some are the fill value, from rows with that value at their end. */
function entriesOperation(gather: operators.Gather, x: Value, where: string): Operation {
  const { inSize, index, fill, outShape } = gather;
  const isFilled = index.some(from => from < 0);
  const rows = isFilled
    ? operation(
        'Pad',
        [flattened(x), integers('pads', [0, 0, 0, 1]), scalar('value', fill, where)],
        [inSize + 1],
      )
    : flattened(x);
  const entries = index.map(from => (from < 0 ? inSize : from));
  return operation('Gather', [rows, integers('indices', entries, outShape)], outShape, [
    { name: 'axis', type: 'int', value: 1 },
  ]);
}
