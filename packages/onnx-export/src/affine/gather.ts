import type { operators } from '@police/core';
import type { OnnxAttribute } from '../onnx-proto.js';
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

type Origin<Kind> = Extract<operators.GatherOrigin, { kind: Kind }>;

/** The operator it was made by where runtimes compute the same, else a Gather of single entries. */
export function gatherOperation(gather: operators.Gather, x: Value, where: string): Operation {
  const { origin, outShape } = gather;
  switch (origin?.kind) {
    case 'reshape':
      return asOperation(reshaped(x, outShape));
    case 'transpose': {
      const permutation = [0, ...origin.permutation.map(axis => axis + 1)];
      return operation('Transpose', [reshaped(x, origin.shape)], outShape, [
        { name: 'perm', type: 'ints', value: permutation },
      ]);
    }
    case 'pad':
      return padOperation(gather, origin, x, where);
    case 'slice': {
      const inputs = [
        reshaped(x, origin.shape),
        integers('starts', origin.starts),
        integers('ends', origin.ends),
        integers(
          'axes',
          origin.axes.map(axis => axis + 1),
        ),
        integers('steps', origin.steps),
      ];
      return operation('Slice', inputs, outShape);
    }
    case 'gatherAlong':
      return operation('Gather', [reshaped(x, origin.shape), integers('indices', origin.indices)], outShape, [
        { name: 'axis', type: 'int', value: origin.axis + 1 },
      ]);
    case 'resizeNearest':
      return resizeOperation(gather, origin, x, where);
    case undefined:
      return entriesOperation(gather, x, where);
  }
}

function padOperation(gather: operators.Gather, origin: Origin<'pad'>, x: Value, where: string): Operation {
  const { shape, pads, mode } = origin;
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
  gather: operators.Gather,
  origin: Origin<'resizeNearest'>,
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
  const axis: OnnxAttribute = { name: 'axis', type: 'int', value: 1 };
  const isFilled = index.some(from => from < 0);
  const rows = isFilled
    ? operation(
        'Pad',
        [flattened(x), integers('pads', [0, 0, 0, 1]), scalar('value', fill, where)],
        [inSize + 1],
      )
    : flattened(x);
  const entries = index.map(from => (from < 0 ? inSize : from));
  return operation('Gather', [rows, integers('indices', entries, outShape)], outShape, [axis]);
}
