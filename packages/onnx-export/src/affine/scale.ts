import * as operators from '@police/core/operators';
import { asOperation, type Operation, operation, perEntry, type Value } from '../operation.js';

/** Mul by the factor, Add of the offset, as far as there are any. The shape stays. */
export function scaleOperation(
  { factor, offset, groups }: operators.Scale,
  x: Value,
  where: string,
): Operation {
  const spread = (values: Float64Array) => (groups ? operators.expandGroups(values, groups) : values);
  const apply = (opType: string, role: string, value: Value, by: Float64Array | undefined): Value =>
    by ? operation(opType, [value, perEntry(role, spread(by), x.shape, where)], x.shape) : value;
  return asOperation(apply('Add', 'offset', apply('Mul', 'factor', x, factor), offset));
}
