import { continuousLyapunov, discreteLyapunov } from '../numeric/lyapunov.js';
import {
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
  multiplyTransposed,
  norm,
  transposed,
} from '../numeric/matrix.js';
import { isPositiveDefinite, normBound } from '../numeric/positive-definite.js';
import { sumErrorBound } from '../numeric/precision.js';
import type { Region } from '../regions/region.js';
import type { HurwitzDemand, StableDemand } from './demand-type.js';
import type { DemandProof, EnclosedMap } from './enclosed-map.js';
import { isNormAtMost } from './exact-sums.js';
import { closed } from './lyapunov-matrices.js';
import { mapSpace } from './map-space.js';
import { type Loop, loopsOf } from './stability-parts.js';

/** Outweighs the rounding of a few operations on bounds. */
const ROUND_UP = 1 + 2 ** -30;

const HOLDS: DemandProof = { holds: true, residual: 0 };

/** ‖A‖₂ ≤ bound: bound² I − A Aᵀ is positive definite, on the smaller side; or the Frobenius norm is no larger already. */
export function proveSpectralNorm({ A, error }: EnclosedMap, bound: number): DemandProof {
  const off = normBound({ data: error });
  if (isNormAtMost(Array.from(A.data), bound, off)) return HOLDS;
  const wide = A.rows <= A.cols ? A : transposed(A);
  const gram = multiplyTransposed(wide, wide);
  const size = normBound(A);
  const rounding = sumErrorBound(wide.cols + 4, size * size + bound * bound);
  const s = negated(gram);
  for (let i = 0; i < s.rows; i++) s.data[i * s.cols + i] += bound * bound;
  const errorNorm = (rounding + off * (2 * size + off)) * ROUND_UP;
  if (isPositiveDefinite(s, errorNorm)) return HOLDS;
  return {
    holds: false,
    where: 'lipschitz',
    actual: `a spectral norm that is not proved to be at most ${bound}`,
  };
}

/** −(A + Aᵀ) − ε I is positive definite. */
export function proveDissipative({ A, error }: EnclosedMap, epsilon: number): DemandProof {
  const s = negated(A);
  const turned = transposed(A);
  for (let i = 0; i < s.data.length; i++) s.data[i] -= turned.data[i];
  for (let i = 0; i < s.rows; i++) s.data[i * s.cols + i] -= epsilon;
  const rounding = sumErrorBound(4, 2 * normBound(A) + Math.sqrt(A.rows) * Math.abs(epsilon));
  if (isPositiveDefinite(s, (rounding + 2 * normBound({ data: error })) * ROUND_UP)) return HOLDS;
  return { holds: false, where: 'dissipative', actual: `A + Aᵀ that is not proved to be below −${epsilon}` };
}

/**
 * A Lyapunov certificate of every loop M = F + G A: P and ρ² P − MᵀPM (discrete), or P and −(MᵀP + PM) − 2 α P (continuous), are positive
 * definite. P is the demand's, which all loops share; else solved for, from this very map: any P that passes proves it.
 */
export function proveStable(
  map: EnclosedMap,
  demand: StableDemand | HurwitzDemand,
  region: Region,
): DemandProof {
  const loops = loopsOf(mapSpace(region, map.A.rows), demand);
  for (const [i, loop] of loops.entries()) {
    const { M, off } = enclosedLoop(loop, map);
    const P = demand.plants && demand.P ? matrixFromRows(demand.P) : solvedFor(demand, M);
    const isProved =
      P !== undefined &&
      isPositiveDefinite(P, 0) &&
      (demand.kind === 'stable' ? shrinks(M, off, P, demand.radius) : decays(M, off, P, demand.decay));
    if (isProved) continue;
    const bound =
      demand.kind === 'stable'
        ? `a spectral radius below ${demand.radius}`
        : `eigenvalues left of −${demand.decay}`;
    return {
      holds: false,
      where: loops.length > 1 ? `${demand.kind} plant ${i}` : demand.kind,
      actual: `no proof of ${bound}${demand.P ? ' with the given P' : ''}`,
    };
  }
  return HOLDS;
}

/** Tried one after the other: at the bound itself the equation has no solution that is of use, a little inside it has. */
const SHARES = [1, 1 - 2 ** -16, 1 - 2 ** -10, 1 - 2 ** -6];

function solvedFor(demand: StableDemand | HurwitzDemand, M: Matrix): Matrix | undefined {
  const n = M.rows;
  if (demand.kind === 'stable') {
    const at = (share: number) =>
      discreteLyapunov(
        matrix(
          n,
          n,
          M.data.map(x => x / (share * demand.radius)),
        ),
      );
    return unit(
      [...SHARES].reverse().reduce<Matrix | undefined>((found, share) => found ?? at(share), undefined),
    );
  }
  const moved = matrix(n, n, M.data.slice());
  for (let i = 0; i < n; i++) moved.data[i * n + i] += demand.decay;
  return unit(continuousLyapunov(moved));
}

/** With largest entry 1. */
function unit(P: Matrix | undefined): Matrix | undefined {
  const size = P && norm(P.data);
  return P && size && Number.isFinite(size)
    ? matrix(
        P.rows,
        P.cols,
        P.data.map(x => x / size),
      )
    : undefined;
}

/** F + G A in floats, and a bound on the spectral norm of what the exact one differs by. */
function enclosedLoop(loop: Loop, { A, error }: EnclosedMap): { M: Matrix; off: number } {
  const M = closed(loop, A);
  const [f, g] = [normBound(loop.F), normBound(loop.G)];
  const rounding = sumErrorBound(A.rows + 2, g * normBound(A) + f);
  return { M, off: (rounding + g * normBound({ data: error })) * ROUND_UP };
}

function shrinks(M: Matrix, off: number, P: Matrix, radius: number): boolean {
  const through = multiply(transposed(M), multiply(P, M));
  const [m, p] = [normBound(M), normBound(P)];
  const s = matrix(
    P.rows,
    P.cols,
    P.data.map((x, i) => radius * radius * x - through.data[i]),
  );
  const rounding = sumErrorBound(2 * M.rows + 6, m * m * p + radius * radius * p);
  return isPositiveDefinite(s, (rounding + p * off * (2 * m + off)) * ROUND_UP);
}

function decays(M: Matrix, off: number, P: Matrix, decay: number): boolean {
  const product = multiply(P, M);
  const turned = transposed(product);
  const [m, p] = [normBound(M), normBound(P)];
  const s = matrix(
    P.rows,
    P.cols,
    P.data.map((x, i) => -product.data[i] - turned.data[i] - 2 * decay * x),
  );
  const rounding = sumErrorBound(M.rows + 6, 2 * p * (m + decay));
  return isPositiveDefinite(s, (rounding + 2 * p * off) * ROUND_UP);
}

const negated = (m: Matrix): Matrix =>
  matrix(
    m.rows,
    m.cols,
    m.data.map(x => -x),
  );
