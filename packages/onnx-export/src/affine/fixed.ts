import * as operators from '@police/core/operators';
import { type ByKind, byKind } from '../by-kind.js';
import { exactFloat32 } from '../float32.js';
import { flattened, floats, type Operation, operation, perEntry, sizeOf, type Value } from '../operation.js';

type Origin = operators.FixedOrigin;
type Groups = Int32Array | undefined;

const WRITERS: ByKind<Origin, [groups: Groups, x: Value, where: string], Operation> = {
  divide: ({ divisor }, groups, x, where) =>
    operation('Div', [x, perEntry('divisor', spread(divisor, groups), x.shape, where)], x.shape),
  addConstant: ({ constant }, groups, x, where) =>
    operation('Add', [x, perEntry('constant', spread(constant, groups), x.shape, where)], x.shape),
  normalize: normalizeOperation,
};

/** Div, Add or BatchNormalization: a runtime computes the coefficients of what the operator does. The shape stays. */
export function fixedOperation({ origin, groups }: operators.Fixed, x: Value, where: string): Operation {
  return byKind(WRITERS, origin, groups, x, where);
}

function spread(values: Float64Array, groups: Groups): Float64Array {
  return groups ? operators.expandGroups(values, groups) : values;
}

/** BatchNormalization with β = 0: over the channels at hand where all entries of each are in one group, else over entries. */
function normalizeOperation(
  { gamma, mean, variance, epsilon }: Extract<Origin, { kind: 'normalize' }>,
  groups: Groups,
  x: Value,
  where: string,
): Operation {
  const ofEntry = groups ?? Int32Array.from(gamma.keys());
  const positions = sizeOf(x.shape.slice(1));
  const isShared = x.shape.length > 0 && ofEntry.every((group, j) => group === ofEntry[j - (j % positions)]);
  const channels = isShared ? ofEntry.filter((_, j) => j % positions === 0) : ofEntry;
  const tensor = isShared ? x : flattened(x);
  const statistic = (role: string, values: Float64Array) =>
    floats(role, [channels.length], spread(values, channels), where);
  const inputs = [
    tensor,
    statistic('scale', gamma),
    floats('zeros', [channels.length], new Float64Array(channels.length), where),
    statistic('mean', mean),
    statistic('variance', variance),
  ];
  const [value] = exactFloat32([epsilon], where, 'epsilon');
  return operation('BatchNormalization', inputs, tensor.shape, [{ name: 'epsilon', type: 'float', value }]);
}
