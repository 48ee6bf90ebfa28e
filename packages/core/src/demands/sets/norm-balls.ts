import type { ConvexSet, Projected } from '../convex-set.js';
import type { Norm } from '../demand-type.js';

/** Entries by group, such as a matrix's rows or columns. */
export type Groups = readonly Int32Array[];

/** Each group of entries within a ball of its own radius. */
export function groupBalls(groups: Groups, norm: Norm, radii: ArrayLike<number>): ConvexSet {
  const project = PROJECTIONS[norm];
  return {
    project: s => {
      const point = s.slice();
      const found = groups.map((group, g) => project(picked(s, group), radii[g]));
      found.forEach((each, g) => {
        put(point, groups[g], each.point);
      });
      const along = (v: Float64Array) => {
        const result = v.slice();
        found.forEach((each, g) => {
          put(result, groups[g], each.along(picked(v, groups[g])));
        });
        return result;
      };
      return { point, along };
    },
  };
}

const PROJECTIONS: Readonly<Record<Norm, (s: Float64Array, radius: number) => Projected>> = {
  1: ontoOctahedron,
  2: ontoDisc,
  infinity: ontoCube,
};

const picked = (s: Float64Array, group: Int32Array) => Float64Array.from(group, i => s[i]);

function put(into: Float64Array, group: Int32Array, values: Float64Array): void {
  group.forEach((i, k) => {
    into[i] = values[k];
  });
}

function ontoCube(s: Float64Array, radius: number): Projected {
  const point = s.map(x => Math.min(Math.max(x, -radius), radius));
  return { point, along: v => v.map((x, i) => (point[i] === s[i] ? x : 0)) };
}

function ontoDisc(s: Float64Array, radius: number): Projected {
  const length = Math.hypot(...s);
  if (length <= radius) return { point: s, along: v => v };
  const shrink = radius / length;
  const along = (v: Float64Array) => {
    const outward = v.reduce((sum, x, i) => sum + x * s[i], 0) / length ** 2;
    return v.map((x, i) => shrink * (x - outward * s[i]));
  };
  return { point: s.map(x => x * shrink), along };
}

/** Entries moved towards 0 by one number, which sorting finds (Held, Wolfe & Crowder 1974). */
function ontoOctahedron(s: Float64Array, radius: number): Projected {
  if (s.reduce((sum, x) => sum + Math.abs(x), 0) <= radius) return { point: s, along: v => v };
  const sorted = s.map(Math.abs).sort().reverse();
  let sum = 0;
  let threshold = 0;
  for (let k = 0; k < sorted.length; k++) {
    sum += sorted[k];
    const next = (sum - radius) / (k + 1);
    if (sorted[k] <= next) break;
    threshold = next;
  }
  return { point: s.map(x => softened(x, threshold)), along: alongFace(s, threshold) };
}

/** x moved towards 0, no further. */
export const softened = (x: number, by: number): number => Math.sign(x) * Math.max(0, Math.abs(x) - by);

/** The derivative of what moves along a face Σ ± sᵢ = constant, over the entries that are above the threshold. */
function alongFace(s: Float64Array, threshold: number): Projected['along'] {
  const signs = s.map(x => (Math.abs(x) > threshold ? Math.sign(x) : 0));
  const count = signs.reduce((n, sign) => n + Math.abs(sign), 0);
  return v => {
    const mean = count > 0 ? v.reduce((sum, x, i) => sum + signs[i] * x, 0) / count : 0;
    return v.map((x, i) => (signs[i] === 0 ? 0 : x - signs[i] * mean));
  };
}
