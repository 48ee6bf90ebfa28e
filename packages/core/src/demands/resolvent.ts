import { PoliceError } from '../errors.js';
import { type Matrix, matrix, rowOf } from '../numeric/matrix.js';
import { symmetricEigen } from '../numeric/symmetric-eigen.js';
import type { Membership } from './convex-set.js';
import type { AffineSet } from './equalities.js';

/** x = argmin ½‖x − z‖² + ½ Σ ‖Lᵢ x + lᵢ − tᵢ‖² over an affine set, and the derivative of x in z, which is symmetric. */
export interface Resolvent {
  solve(z: Float64Array, targets: readonly Float64Array[]): Float64Array;
  along(v: Float64Array): Float64Array;
}

/** Entries of A and b where an operator makes the equations dense. */
const MOST_UNKNOWNS = 400;

export function resolventOf(
  size: number,
  affine: AffineSet | undefined,
  members: readonly Membership[],
): Resolvent {
  const isPlain = members.every(({ operator }) => operator === undefined);
  const inverse = isPlain ? scaled(1 / (1 + members.length), affine) : dense(size, affine, members);
  const start = affine?.point;
  return {
    along: inverse,
    solve: (z, targets) => {
      const right = z.slice();
      members.forEach(({ operator }, i) => {
        const { offset } = operator ?? {};
        const target = offset ? targets[i].map((t, k) => t - offset[k]) : targets[i];
        const each = operator ? operator.adjoint(target) : target;
        for (let k = 0; k < size; k++) right[k] += each[k];
      });
      if (!start) return inverse(right);
      // x = start + w: H w = right − H start, within the set's directions.
      const moved = hessian(members, start);
      const w = inverse(right.map((r, k) => r - moved[k]));
      return w.map((x, k) => x + start[k]);
    },
  };
}

const scaled =
  (factor: number, affine: AffineSet | undefined) =>
  (v: Float64Array): Float64Array =>
    (affine ? affine.along(v) : v).map(x => x * factor);

/** (1 + Σ Lᵢᵀ Lᵢ) v. */
function hessian(members: readonly Membership[], v: Float64Array): Float64Array {
  const result = v.slice();
  for (const { operator } of members) {
    const image = operator?.apply(v) ?? v;
    const { offset } = operator ?? {};
    const each = operator ? operator.adjoint(offset ? image.map((y, k) => y - offset[k]) : image) : image;
    for (let k = 0; k < result.length; k++) result[k] += each[k];
  }
  return result;
}

/** The inverse of 1 + Σ Lᵢᵀ Lᵢ on the directions of the affine set, by the eigenvalues of N (Σ Lᵢᵀ Lᵢ) N. */
function dense(
  size: number,
  affine: AffineSet | undefined,
  members: readonly Membership[],
): (v: Float64Array) => Float64Array {
  if (size > MOST_UNKNOWNS) {
    throw new PoliceError({
      code: 'too-large',
      where: 'demand',
      expected: `at most ${MOST_UNKNOWNS} entries of A and b for safety and stability`,
      actual: `${size}`,
      remedy: 'Demand signs, norms, sums or values, which have no such limit.',
    });
  }
  const within = (v: Float64Array) => affine?.along(v) ?? v;
  const h = matrix(size, size);
  for (let k = 0; k < size; k++) {
    const unit = new Float64Array(size);
    unit[k] = 1;
    const inside = within(unit);
    rowOf(h, k).set(within(hessian(members, inside)));
  }
  const { values, vectors } = symmetricEigen(h);
  return v => applied(vectors, values, within(v), within);
}

function applied(
  vectors: Matrix,
  values: Float64Array,
  v: Float64Array,
  within: (v: Float64Array) => Float64Array,
): Float64Array {
  const result = new Float64Array(v.length);
  values.forEach((lambda, k) => {
    // Within the set's directions every eigenvalue is at least 1; the others are 0, to rounding.
    if (lambda < 1 / 2) return;
    const axis = rowOf(vectors, k);
    const component = axis.reduce((sum, x, i) => sum + x * v[i], 0) / lambda;
    for (let i = 0; i < result.length; i++) result[i] += component * axis[i];
  });
  return within(result);
}
