import { addInto, identity, largestEntry, type Matrix, matrix, multiply, transposed } from './matrix.js';
import { leastNormSolution } from './singular-values.js';

/** Doublings: powers up to M^(2^DOUBLINGS). */
const DOUBLINGS = 40;

/** Where the sum has grown so far beyond its first term, it does not converge for practical purposes. */
const DIVERGED = 2 ** 60;

/**
 * The P = Σ (Mᵀ)ᵏ Q Mᵏ with MᵀPM − P = −Q, by doubling (Smith 1968, Matrix equation XA + BX = C); undefined where the powers of M `[n, n]`
 * do not vanish.
 */
export function discreteLyapunov(m: Matrix, q: Matrix = identity(m.rows)): Matrix | undefined {
  let power = m;
  let sum = matrix(q.rows, q.cols, q.data.slice());
  const first = largestEntry(q.data);
  for (let k = 0; k < DOUBLINGS; k++) {
    if (largestEntry(power.data) <= Number.EPSILON ** 2) return symmetric(sum);
    const next = multiply(transposed(power), multiply(sum, power));
    sum = addInto(sum, next);
    if (!(largestEntry(sum.data) <= DIVERGED * first)) return undefined;
    power = multiply(power, power);
  }
  return undefined;
}

/** A P > 0 with MᵀP + PM < 0, by the discrete equation of (I − M h)⁻¹ (I + M h); undefined where M is not Hurwitz. */
export function continuousLyapunov(m: Matrix): Matrix | undefined {
  const n = m.rows;
  const h = 1 / (2 * n * largestEntry(m.data) || 1);
  const one = identity(n);
  const minus = matrix(
    n,
    n,
    one.data.map((x, i) => x - h * m.data[i]),
  );
  const plus = matrix(
    n,
    n,
    one.data.map((x, i) => x + h * m.data[i]),
  );
  return discreteLyapunov(leastNormSolution(minus, plus));
}

function symmetric(s: Matrix): Matrix {
  return matrix(
    s.rows,
    s.cols,
    transposed(s).data.map((x, i) => (x + s.data[i]) / 2),
  );
}
