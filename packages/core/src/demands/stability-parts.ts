import { assertSize, PoliceError } from '../errors.js';
import { identity, type Matrix, matrix, matrixFromRows, multiply, transposed } from '../numeric/matrix.js';
import { isPositiveDefinite } from '../numeric/positive-definite.js';
import { spectralFunction, symmetricEigen } from '../numeric/symmetric-eigen.js';
import type { LinearOperator, Membership } from './convex-set.js';
import type { HurwitzDemand, StableDemand } from './demand-type.js';
import { assertSquare, type MapSpace } from './map-space.js';
import { spectralBall } from './sets/spectral-ball.js';
import { symmetricPartBelow } from './sets/symmetric-part.js';

/** A loop F + G A `[n, n]` of A `[out, in]`. */
export interface Loop {
  readonly F: Matrix;
  readonly G: Matrix;
}

/** The loops of a demand: the map itself where there are no plants. Throws `shape` or `invalid-option`. */
export function loopsOf(space: MapSpace, { kind, plants }: StableDemand | HurwitzDemand): Loop[] {
  const { outSize, inSize } = space;
  if (!plants) {
    assertSquare(space, kind);
    return [{ F: matrix(inSize, inSize), G: identity(inSize) }];
  }
  return plants.map(({ F, G }, i) => {
    const where = `${kind} plant ${i}`;
    assertSize(F.length, inSize, where, 'rows of F, one for each input of the network,');
    assertSize(F[0].length, inSize, where, 'columns of F');
    assertSize(G.length, inSize, where, 'rows of G');
    assertSize(G[0].length, outSize, where, 'columns of G, one for each output of the network,');
    return { F: matrixFromRows(F), G: matrixFromRows(G) };
  });
}

/** The demand's own P. Throws `shape` or `invalid-option` unless it is symmetric and positive definite. */
export function givenMatrix(
  { inSize }: MapSpace,
  { kind, P }: StableDemand | HurwitzDemand,
): Matrix | undefined {
  if (!P) return undefined;
  assertSize(P.length, inSize, `${kind} P`, 'rows');
  const given = matrixFromRows(P);
  assertSize(given.cols, inSize, `${kind} P`, 'columns');
  const isSymmetric = P.every((row, i) => row.every((x, j) => x === P[j][i]));
  if (isSymmetric && isPositiveDefinite(given, 0)) return given;
  throw new PoliceError({
    code: 'invalid-option',
    where: `${kind} P`,
    expected: 'a symmetric positive definite matrix',
    actual: isSymmetric ? 'one that is not positive definite' : 'one that is not symmetric',
    remedy: 'lyapunovMatrix makes one from a stable system.',
  });
}

/**
 * In the norm √(xᵀPx) each loop shrinks by `radius` (discrete) or decays at `decay` (continuous): √P (F + G A) √P⁻¹ of spectral norm at
 * most `radius`, or of symmetric part at most −`decay`.
 */
export function stabilityMembers(
  space: MapSpace,
  demand: StableDemand | HurwitzDemand,
  P: Matrix,
  slack: number,
): Membership[] {
  const n = space.inSize;
  const eigen = symmetricEigen(P);
  const root = spectralFunction(eigen, Math.sqrt);
  const inverse = spectralFunction(eigen, x => 1 / Math.sqrt(x));
  const set =
    demand.kind === 'stable'
      ? spectralBall(n, n, Math.max(demand.radius / 2, demand.radius - slack))
      : symmetricPartBelow(n, -demand.decay - slack);
  return loopsOf(space, demand).map(loop => ({ set, operator: inNorm(space, loop, root, inverse) }));
}

function inNorm(
  { outSize, inSize, size }: MapSpace,
  { F, G }: Loop,
  root: Matrix,
  inverse: Matrix,
): LinearOperator {
  const left = multiply(root, G);
  const offset = multiply(multiply(root, F), inverse).data;
  return {
    size: inSize * inSize,
    offset,
    apply: z => {
      const A = matrix(outSize, inSize, z.slice(0, outSize * inSize));
      return multiply(multiply(left, A), inverse).data.map((x, i) => x + offset[i]);
    },
    adjoint: y => {
      const through = multiply(matrix(inSize, inSize, y.slice()), transposed(inverse));
      const result = new Float64Array(size);
      result.set(multiply(transposed(left), through).data);
      return result;
    },
  };
}
