import type { SumNode } from '@police/core/adapter';
import { asOperation, type Operation, operation, reshaped, scalar, type Value } from './operation.js';

/**
 * Σ coefficientᵢ · xᵢ: Add for two, Sum for more, Mul where a coefficient is not 1; a difference of two is Sub. Inputs
 * take the first shape of highest rank: it is the likelier one to be needed next. Throws `not-frozen`.
 */
export function sumOperation({ name, coefficients }: SumNode, inputs: readonly Value[]): Operation {
  const { shape } = inputs.reduce((best, x) => (x.shape.length > best.shape.length ? x : best));
  const values = inputs.map(x => reshaped(x, shape));
  const factors = coefficients ?? inputs.map(() => 1);
  if (factors.length === 2 && factors[0] === 1 && factors[1] === -1) return operation('Sub', values, shape);
  const terms = values.map((x, i) =>
    factors[i] === 1 ? x : operation('Mul', [x, scalar('coefficient', factors[i], name)], shape),
  );
  if (terms.length === 1) return asOperation(terms[0]);
  return operation(terms.length === 2 ? 'Add' : 'Sum', terms, shape);
}
