import { flattened, isSameShape, type Operation, operation, type Value } from './operation.js';

/**
 * Concat of vectors, or of tensors `[C, …]` along their channels where all axes but the first agree: flattened, that
 * is the same.
 */
export function concatOperation(inputs: readonly Value[]): Operation {
  const [first] = inputs;
  const [, ...plane] = first.shape;
  const areAlike = inputs.every(({ shape }) => shape.length > 0 && isSameShape(shape.slice(1), plane));
  const values = areAlike ? inputs : inputs.map(flattened);
  const [, ...rest] = values[0].shape;
  const along = values.reduce((sum, { shape }) => sum + shape[0], 0);
  return operation('Concat', values, [along, ...rest], [{ name: 'axis', type: 'int', value: 1 }]);
}
