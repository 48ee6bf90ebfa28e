import { type Operation, operation, reshaped, type Value } from './operation.js';

/** Max(Min(value, centre + radius), centre − radius), in the shape of the input of highest rank. */
export function clampOperation(inputs: readonly Value[]): Operation {
  const { shape } = inputs.reduce((best, x) => (x.shape.length > best.shape.length ? x : best));
  const [value, centre, radius] = inputs.map(x => reshaped(x, shape));
  const upper = operation('Add', [centre, radius], shape);
  const lower = operation('Sub', [centre, radius], shape);
  return operation('Max', [operation('Min', [value, upper], shape), lower], shape);
}
