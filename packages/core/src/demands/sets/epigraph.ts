import type { ConvexSet, Projected } from '../convex-set.js';
import type { Norm } from '../demand-type.js';
import { softened } from './norm-balls.js';

/**
 * Points (h, g₁ … g_d) with h + ‖g‖ ≤ limit: a functional of value h at the centre of a symmetric body and changes g along its axes, at
 * most `limit` on it, in the dual of the body's norm.
 */
export function epigraph(norm: Norm, limit: number): ConvexSet {
  const project = PROJECTIONS[norm];
  return {
    project: s => {
      const excess = s[0] - limit;
      const { point, along } = project(excess, s.subarray(1));
      const moved = Float64Array.of(...point);
      moved[0] += limit;
      return { point: moved, along };
    },
  };
}

/** Onto h + ‖g‖ ≤ 0. */
const PROJECTIONS: Readonly<Record<Norm, (h: number, g: Float64Array) => Projected>> = {
  1: ontoSumCone,
  2: ontoCone,
  infinity: ontoLargestCone,
};

const whole = (h: number, g: Float64Array): Float64Array => Float64Array.of(h, ...g);

/** Second-order cone (Alizadeh & Goldfarb 2003). */
function ontoCone(h: number, g: Float64Array): Projected {
  const length = Math.hypot(...g);
  if (length <= -h) return { point: whole(h, g), along: v => v };
  if (length <= h)
    return {
      point: whole(
        0,
        g.map(() => 0),
      ),
      along: v => v.map(() => 0),
    };
  // On the border: (h − length) / 2 is the point's h, its g along the same direction.
  const unit = g.map(x => x / length);
  const share = (length - h) / (2 * length);
  const along = (v: Float64Array) => {
    const dg = v.subarray(1);
    const dLength = dg.reduce((sum, x, i) => sum + x * unit[i], 0);
    const dh = (v[0] - dLength) / 2;
    // g = unit · −h: what changes its length, and what turns it.
    return whole(
      dh,
      dg.map((x, i) => -dh * unit[i] + share * (x - dLength * unit[i])),
    );
  };
  return {
    point: whole(
      (h - length) / 2,
      g.map(x => share * x),
    ),
    along,
  };
}

/** h + Σ|gᵢ| ≤ 0: all of them moved by one number. */
function ontoSumCone(h: number, g: Float64Array): Projected {
  const room = h + g.reduce((sum, x) => sum + Math.abs(x), 0);
  if (room <= 0) return { point: whole(h, g), along: v => v };
  const sorted = g.map(Math.abs).sort().reverse();
  // Σ (|gᵢ| − by)₊ + h − by = 0.
  let by = h;
  let sum = h;
  for (let k = 0; k < sorted.length && sorted[k] > by; k++) {
    sum += sorted[k];
    by = sum / (k + 2);
  }
  const signs = whole(
    1,
    g.map(x => (Math.abs(x) > by ? Math.sign(x) : 0)),
  );
  return {
    point: whole(
      h - by,
      g.map(x => softened(x, by)),
    ),
    along: alongNormal(signs, false),
  };
}

/** h + max|gᵢ| ≤ 0: those above a height are cut to it. */
function ontoLargestCone(h: number, g: Float64Array): Projected {
  const sorted = g.map(Math.abs).sort().reverse();
  if ((sorted[0] ?? 0) <= -h) return { point: whole(h, g), along: v => v };
  // height + h = Σ (|gᵢ| − height)₊.
  let height = -h;
  let sum = -h;
  for (let k = 0; k < sorted.length && sorted[k] > height; k++) {
    sum += sorted[k];
    height = sum / (k + 2);
  }
  if (height <= 0)
    return {
      point: whole(
        0,
        g.map(() => 0),
      ),
      along: v => v.map(() => 0),
    };
  const cut = g.map(x => Math.min(Math.max(x, -height), height));
  const signs = whole(
    -1,
    g.map(x => (Math.abs(x) > height ? Math.sign(x) : 0)),
  );
  return { point: whole(-height, cut), along: alongNormal(signs, true) };
}

/**
 * With n the signs over the root of their number: all entries that have one move along n alone and the others freely (`isAlone`), or those
 * that have one across n and the others not at all.
 */
function alongNormal(signs: Float64Array, isAlone: boolean): Projected['along'] {
  const count = signs.reduce((sum, s) => sum + s * s, 0);
  return v => {
    const mean = v.reduce((sum, x, i) => sum + x * signs[i], 0) / count;
    return v.map((x, i) => {
      if (isAlone) return signs[i] === 0 ? x : mean * signs[i];
      return signs[i] === 0 ? 0 : x - mean * signs[i];
    });
  };
}
