import { assertSize, PoliceError } from '../errors.js';
import type { ConvexSet, Equality, Membership } from './convex-set.js';
import { onFirst } from './convex-set.js';
import type {
  Demand,
  ExactDemand,
  HurwitzDemand,
  LipschitzDemand,
  MonotoneDemand,
  Norm,
  RowLipschitzDemand,
  SimpleDemand,
  StableDemand,
  SumsDemand,
  ThroughDemand,
} from './demand-type.js';
import type { LyapunovMatrices } from './lyapunov-matrices.js';
import { assertSquare, entry, type MapSpace, valueEntry } from './map-space.js';
import { type FoundPoints, safeMembers } from './safe-parts.js';
import { clampedSet } from './sets/clamped.js';
import { type Groups, groupBalls } from './sets/norm-balls.js';
import { spectralBall } from './sets/spectral-ball.js';
import { symmetricPartBelow } from './sets/symmetric-part.js';
import { stabilityMembers } from './stability-parts.js';

/** A demand as equalities, and as sets that z or linear images of it lie in. */
export interface Parts {
  readonly equalities: readonly Equality[];
  readonly members: readonly Membership[];
}

/** In what a demand is met. */
export interface PartsOptions {
  /** By how much all that are inequalities are met, in units of the entries of A: what rounding may take. */
  readonly slack: number;
  /** Of the stabilities, in the order of the simple demands. */
  readonly lyapunov: LyapunovMatrices;
  /** See {@link FoundPoints}. */
  readonly points: FoundPoints;
}

type PartsOf<K extends SimpleDemand['kind']> = (
  space: MapSpace,
  demand: Extract<SimpleDemand, { kind: K }>,
  options: PartsOptions,
) => Partial<Parts>;

const sums = (space: MapSpace, demand: SumsDemand): Partial<Parts> => ({
  equalities: sumEqualities(space, demand),
});

const PARTS: { readonly [K in SimpleDemand['kind']]: PartsOf<K> } = {
  monotone: (space, demand, { slack }) => ({ members: [ofMatrix(space, signSet(space, demand, slack))] }),
  lipschitz: (space, demand, { slack }) => ({
    members: [ofMatrix(space, operatorBall(space, demand, slack))],
  }),
  rowLipschitz: (space, demand, { slack }) => ({
    members: [ofMatrix(space, rowBalls(space, demand, slack))],
  }),
  rowSums: sums,
  columnSums: sums,
  symmetric: space => ({ equalities: mirrored(space, 1) }),
  antisymmetric: space => ({ equalities: mirrored(space, -1) }),
  dissipative: (space, { epsilon }, { slack }) => {
    assertSquare(space, 'dissipative');
    return { members: [ofMatrix(space, symmetricPartBelow(space.inSize, -epsilon / 2 - slack))] };
  },
  stable: (space, demand, { slack, lyapunov }) => ({
    equalities: equilibrium(space, demand),
    members: stabilityMembers(space, demand, lyapunov.of(demand), slack),
  }),
  hurwitz: (space, demand, { slack, lyapunov }) => ({
    equalities: equilibrium(space, demand),
    members: stabilityMembers(space, demand, lyapunov.of(demand), slack),
  }),
  safe: (space, demand, { slack, points }) => ({ members: safeMembers(space, demand, slack, points) }),
  through: (space, { points }) => ({
    equalities: points.flatMap((point, i) => passing(space, point, `through point ${i}`)),
  }),
  exact: (space, demand) => ({ equalities: fixedEntries(space, demand) }),
};

/** Throws `shape` or `invalid-option` where a demand does not fit the map. */
export function partsOf(space: MapSpace, demands: readonly SimpleDemand[], options: PartsOptions): Parts {
  const all = demands.map(demand =>
    (PARTS[demand.kind] as PartsOf<Demand['kind'] & SimpleDemand['kind']>)(space, demand as never, options),
  );
  return {
    equalities: all.flatMap(({ equalities = [] }) => equalities),
    members: all.flatMap(({ members = [] }) => members),
  };
}

const ofMatrix = ({ outSize, inSize }: MapSpace, set: ConvexSet): Membership => ({
  set: onFirst(outSize * inSize, set),
});

function signSet({ outSize, inSize }: MapSpace, { signs }: MonotoneDemand, slack: number): ConvexSet {
  assertSize(signs.length, outSize, 'monotone', 'rows of signs, one for each output,');
  assertSize(signs[0].length, inSize, 'monotone', 'columns of signs, one for each input,');
  const flat = signs.flat();
  return clampedSet(
    flat.map(s => (s > 0 ? slack : Number.NEGATIVE_INFINITY)),
    flat.map(s => (s < 0 ? -slack : Number.POSITIVE_INFINITY)),
  );
}

function rowGroups({ outSize, inSize }: MapSpace): Groups {
  return Array.from({ length: outSize }, (_, j) =>
    Int32Array.from({ length: inSize }, (_, k) => j * inSize + k),
  );
}

function columnGroups({ outSize, inSize }: MapSpace): Groups {
  return Array.from({ length: inSize }, (_, k) =>
    Int32Array.from({ length: outSize }, (_, j) => j * inSize + k),
  );
}

const DUAL: Readonly<Record<Norm, Norm>> = { 1: 'infinity', 2: 2, infinity: 1 };

/** No bound becomes negative. */
const tightened = (bound: number, slack: number): number => Math.max(bound / 2, bound - slack);

function operatorBall(space: MapSpace, { bound, input, output }: LipschitzDemand, slack: number): ConvexSet {
  const radius = tightened(bound, slack);
  if (input === 2 && output === 2) return spectralBall(space.outSize, space.inSize, radius);
  const [groups, norm] =
    output === 'infinity' ? [rowGroups(space), DUAL[input]] : [columnGroups(space), output];
  return groupBalls(groups, norm, new Float64Array(groups.length).fill(radius));
}

function rowBalls(space: MapSpace, { bounds, input }: RowLipschitzDemand, slack: number): ConvexSet {
  assertSize(bounds.length, space.outSize, 'rowLipschitz', 'bounds, one for each output,');
  return groupBalls(
    rowGroups(space),
    DUAL[input],
    bounds.map(bound => tightened(bound, slack)),
  );
}

function sumEqualities(space: MapSpace, { kind, sums: wanted }: SumsDemand): Equality[] {
  const groups = kind === 'rowSums' ? rowGroups(space) : columnGroups(space);
  assertSize(wanted.length, groups.length, kind, 'sums');
  return groups.map((group, g) => ({
    row: rowOfEntries(space, group, () => 1),
    value: wanted[g],
    where: `${kind} ${g}`,
  }));
}

function rowOfEntries(
  { size }: MapSpace,
  entries: Iterable<number>,
  factor: (i: number) => number,
): Float64Array {
  const row = new Float64Array(size);
  let at = 0;
  for (const i of entries) row[i] += factor(at++);
  return row;
}

function mirrored(space: MapSpace, sign: 1 | -1): Equality[] {
  const where = sign > 0 ? 'symmetric' : 'antisymmetric';
  assertSquare(space, where);
  const found: Equality[] = [];
  for (let j = 0; j < space.inSize; j++) {
    for (let k = sign > 0 ? j + 1 : j; k < space.inSize; k++) {
      const row = rowOfEntries(space, [entry(space, j, k), entry(space, k, j)], i => (i === 0 ? 1 : -sign));
      found.push({ row, value: 0, where });
    }
  }
  return found;
}

/** f(x) = y: A (x − centre) + radius · t = y. Throws `invalid-option` for a point that does not lie in the region. */
function passing(space: MapSpace, { x, y }: ThroughDemand['points'][number], where: string): Equality[] {
  assertSize(x.length, space.inSize, where, 'x');
  assertSize(y.length, space.outSize, where, 'y');
  if (!space.region.contains(x)) {
    throw new PoliceError({
      code: 'invalid-option',
      where,
      expected: 'a point of the region, where the network is affine',
      actual: `[${x.slice(0, 8).join(', ')}${x.length > 8 ? ', …' : ''}]`,
    });
  }
  return y.map((value, j) => ({ row: valueRow(space, j, x), value, where }));
}

function valueRow(space: MapSpace, j: number, x: ArrayLike<number>): Float64Array {
  const row = new Float64Array(space.size);
  for (let k = 0; k < space.inSize; k++) row[entry(space, j, k)] = x[k] - space.centre[k];
  row[valueEntry(space, j)] = space.radius;
  return row;
}

function equilibrium(space: MapSpace, { kind, at }: StableDemand | HurwitzDemand): Equality[] {
  if (!at) return [];
  assertSquare(space, kind);
  const y = kind === 'stable' ? at : at.map(() => 0);
  return passing(space, { x: at, y }, `${kind} at`);
}

function fixedEntries(space: MapSpace, { A, b }: ExactDemand): Equality[] {
  const found: Equality[] = [];
  if (A) {
    assertSize(A.length, space.outSize, 'exact', 'rows of A');
    assertSize(A[0].length, space.inSize, 'exact', 'columns of A');
    A.forEach((values, j) => {
      values.forEach((value, k) => {
        if (value !== null)
          found.push({
            row: rowOfEntries(space, [entry(space, j, k)], () => 1),
            value,
            where: `exact A ${j}, ${k}`,
          });
      });
    });
  }
  if (b) assertSize(b.length, space.outSize, 'exact', 'b');
  const origin = new Float64Array(space.inSize);
  b?.forEach((value, j) => {
    if (value !== null) found.push({ row: valueRow(space, j, origin), value, where: `exact b ${j}` });
  });
  return found;
}
