import { PoliceError } from '../errors.js';
import type { AffineMap } from '../frames/affine-map.js';
import { continuousLyapunov, discreteLyapunov } from '../numeric/lyapunov.js';
import {
  addInto,
  identity,
  largestEntry,
  type Matrix,
  matrix,
  matrixFromRows,
  multiply,
} from '../numeric/matrix.js';
import type { HurwitzDemand, SimpleDemand, StableDemand } from './demand-type.js';
import type { MapSpace } from './map-space.js';
import { givenMatrix, type Loop, loopsOf } from './stability-parts.js';

/** The matrix P of each stability that is held. */
export interface LyapunovMatrices {
  of(demand: StableDemand | HurwitzDemand): Matrix;
}

/** How far inside its bound the system is for which P is found. */
const INSIDE = 0.95;

/** Halvings in search of the largest share of a system that is stable. */
const HALVINGS = 24;

/** The demand's own matrices, or those of a map, shrunk (discrete) or damped (continuous) until it is stable. */
export function matricesOf(space: MapSpace, { A }: Pick<AffineMap, 'A'>): LyapunovMatrices {
  return {
    of: demand => {
      const given = givenMatrix(space, demand);
      if (given) return given;
      const [loop] = loopsOf(space, demand);
      const m = closed(loop, A);
      return demand.kind === 'stable'
        ? shrunkUntilStable(m, demand.radius)
        : dampedUntilStable(m, demand.decay);
    },
  };
}

/** F + G A. */
export const closed = ({ F, G }: Loop, A: Matrix): Matrix => addInto(multiply(G, A), F);

function shrunkUntilStable(m: Matrix, radius: number): Matrix {
  const at = (share: number) => discreteLyapunov(times(m, share / (INSIDE * radius)));
  return largestStable(at, 1) ?? identity(m.rows);
}

function dampedUntilStable(m: Matrix, decay: number): Matrix {
  const n = m.rows;
  const size = n * largestEntry(m.data) + decay;
  // m − (1 − share) · damping is stable for share 0, whatever m is.
  const at = (share: number) => continuousLyapunov(shifted(m, decay / INSIDE - (1 - share) * 2 * size));
  return largestStable(at, 1) ?? identity(n);
}

/** P for the largest share in [0, 1] that has one. */
function largestStable(at: (share: number) => Matrix | undefined, most: number): Matrix | undefined {
  const whole = at(most);
  if (whole) return whole;
  let [low, high] = [0, most];
  let best = at(0);
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    const found = at(middle);
    if (found) [low, best] = [middle, found];
    else high = middle;
  }
  // At the very edge P is as long and thin as floats allow: a little inside it serves better.
  return at(low * INSIDE) ?? best;
}

const times = (m: Matrix, factor: number): Matrix =>
  matrix(
    m.rows,
    m.cols,
    m.data.map(x => x * factor),
  );

/** m + by · I. */
function shifted(m: Matrix, by: number): Matrix {
  const result = times(m, 1);
  for (let i = 0; i < m.rows; i++) result.data[i * m.cols + i] += by;
  return result;
}

/**
 * A Lyapunov matrix P of a stable system M `[n][n]`: the solution of MᵀPM − ρ²P = −ρ² I for x⁺ = M x, or a P > 0 with MᵀP + PM < −2 α P for
 * ẋ = M x. Its largest entry is 1. What `stable` and `hurwitz` with plants ask for, M being F + G K of a controller K that is known.
 * Throws `infeasible-target` where M is not that stable.
 *
 * @example
 * lyapunovMatrix([[0.5, 1], [0, 0.5]], { radius: 0.9 });
 */
export function lyapunovMatrix(
  M: readonly ArrayLike<number>[],
  bound: { readonly radius: number } | { readonly decay: number },
): number[][] {
  const m = matrixFromRows(M);
  const P =
    'radius' in bound
      ? discreteLyapunov(times(m, 1 / bound.radius))
      : continuousLyapunov(shifted(m, bound.decay));
  if (!P) {
    throw new PoliceError({
      code: 'infeasible-target',
      where: 'lyapunovMatrix',
      expected:
        'radius' in bound ? `a spectral radius below ${bound.radius}` : `eigenvalues left of −${bound.decay}`,
      actual: 'a system that is not that stable',
      remedy: 'Start from a controller that stabilises the system.',
    });
  }
  const unit = largestEntry(P.data);
  return Array.from({ length: P.rows }, (_, i) =>
    Array.from(P.data.subarray(i * P.cols, (i + 1) * P.cols), x => x / unit),
  );
}

/** Whether some stability is held by a P of the map at hand. */
export const refreshes = (demands: readonly SimpleDemand[]): boolean =>
  demands.some(demand => (demand.kind === 'stable' || demand.kind === 'hurwitz') && !demand.P);
