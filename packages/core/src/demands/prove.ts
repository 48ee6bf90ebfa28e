import { largestEntry, rowOf } from '../numeric/matrix.js';
import { sumErrorBound, UNIT_ROUNDOFF } from '../numeric/precision.js';
import type { Region } from '../regions/region.js';
import { type Demand, type Norm, type SimpleDemand, simpleDemands } from './demand-type.js';
import type { DemandProof, EnclosedMap } from './enclosed-map.js';
import { distanceBound, isNormAtMost, isSumAtMost } from './exact-sums.js';
import { functionalFrame } from './functional-frame.js';
import { proveDissipative, proveSpectralNorm, proveStable } from './prove-spectral.js';

/**
 * An equation that is missed by more than this share of its numbers does not hold. Float32 keeps 24 bits, of which cancelling against
 * another map may cost some.
 */
const EQUATION_TOLERANCE = 2 ** -12;

/** Outweighs the rounding of adding a few bounds. */
const ROUND_UP = 1 + 2 ** -40;

type Prove<D> = (map: EnclosedMap, demand: D, region: Region) => DemandProof;

const HOLDS: DemandProof = { holds: true, residual: 0 };

const equations: Prove<SimpleDemand> = (map, demand) => proveEquations(map, demand);

const PROOFS: { readonly [K in SimpleDemand['kind']]: Prove<Extract<SimpleDemand, { kind: K }>> } = {
  monotone: ({ A, error }, { signs }) =>
    first(signs.flat(), (sign, i) => {
      const j = Math.floor(i / A.cols);
      if (sign === 0 || isSumAtMost([-sign * A.data[i], error[j]], 0)) return undefined;
      return { where: `monotone ${j}, ${i % A.cols}`, actual: `${A.data[i]}` };
    }),
  lipschitz: (map, { bound, input, output }) => {
    if (input === 2 && output === 2) return proveSpectralNorm(map, bound);
    if (output === 'infinity') return proveRows(map, input, () => bound, 'lipschitz output');
    return proveColumns(map, output, bound);
  },
  rowLipschitz: (map, { bounds, input }) => proveRows(map, input, j => bounds[j], 'rowLipschitz'),
  rowSums: equations,
  columnSums: equations,
  symmetric: equations,
  antisymmetric: equations,
  through: equations,
  exact: equations,
  dissipative: (map, { epsilon }) => proveDissipative(map, epsilon),
  stable: (map, demand, region) => both(proveStable(map, demand, region), proveEquations(map, demand)),
  hurwitz: (map, demand, region) => both(proveStable(map, demand, region), proveEquations(map, demand)),
  safe: (map, demand, region) => {
    const { A, b, error } = map;
    const h = functionalFrame(region, demand, { A, b });
    const { hi } = region.range(h);
    const reach = region.reach(h);
    const inputs = region.reach(region.frame);
    const far = Math.max(1, largestEntry(inputs) + largestEntry(region.slack));
    return first(demand.C, (c, i) => {
      // Each frame value is a sum over outputs of sums over inputs; a range, a sum over the frame.
      const terms = A.rows + A.cols + region.frame.rows + 16;
      let size = reach[i];
      let off = 0;
      c.forEach((weight, j) => {
        const row = rowOf(A, j);
        const absolute = row.reduce((sum, a, k) => sum + Math.abs(a) * inputs[k], Math.abs(b[j]));
        const slack = row.reduce((sum, a, k) => sum + Math.abs(a) * region.slack[k], 0);
        size += Math.abs(weight) * absolute;
        off += Math.abs(weight) * (slack + error[j] * far);
      });
      const highest = hi[i] + (off + sumErrorBound(terms, 2 * size)) * ROUND_UP;
      return highest <= demand.e[i]
        ? undefined
        : { where: `safe ${i}`, actual: `${highest} on the region, limit ${demand.e[i]}` };
    });
  },
};

/** Proves a demand of every map within an enclosure on a region, or says what could not be proved; all rounding is accounted for. */
export function proveDemand(demand: Demand, map: EnclosedMap, region: Region): DemandProof {
  let residual = 0;
  for (const each of simpleDemands(demand)) {
    const proof = (PROOFS[each.kind] as Prove<SimpleDemand>)(map, each, region);
    if (!proof.holds) return proof;
    residual = Math.max(residual, proof.residual);
  }
  return { holds: true, residual };
}

type Failure = { readonly where: string; readonly actual: string };

function first<T>(items: readonly T[], failureOf: (item: T, i: number) => Failure | undefined): DemandProof {
  for (const [i, item] of items.entries()) {
    const failure = failureOf(item, i);
    if (failure) return { holds: false, ...failure };
  }
  return HOLDS;
}

function both(a: DemandProof, b: DemandProof): DemandProof {
  if (!a.holds) return a;
  return b.holds ? { holds: true, residual: Math.max(a.residual, b.residual) } : b;
}

/** The dual norm of each row. The error of a row is at most errorⱼ in the sum of absolute values, so in every norm. */
function proveRows(
  { A, error }: EnclosedMap,
  input: Norm,
  bound: (j: number) => number,
  where: string,
): DemandProof {
  return first(Array.from(error), (e, j) => {
    const row = Array.from(rowOf(A, j), Math.abs);
    if (isWithin(row, DUAL[input], bound(j), [e])) return undefined;
    return { where: `${where} ${j}`, actual: `a norm that is not proved to be at most ${bound(j)}` };
  });
}

/** The output norm of each column, whose errors add up to at most Σ errorⱼ. */
function proveColumns({ A, error }: EnclosedMap, output: Norm, bound: number): DemandProof {
  return first(
    Array.from({ length: A.cols }, (_, k) => k),
    k => {
      const column = Array.from(error, (_, j) => Math.abs(A.data[j * A.cols + k]));
      if (isWithin(column, output, bound, Array.from(error))) return undefined;
      return { where: `lipschitz input ${k}`, actual: `a norm that is not proved to be at most ${bound}` };
    },
  );
}

const DUAL: Readonly<Record<Norm, Norm>> = { 1: 'infinity', 2: 2, infinity: 1 };

/** Whether the norm of non-negative numbers plus the sum of errors is at most the bound, exactly. */
function isWithin(values: readonly number[], norm: Norm, bound: number, errors: readonly number[]): boolean {
  if (norm === 1) return isSumAtMost([...values, ...errors], bound);
  if (norm === 'infinity') return values.every(x => isSumAtMost([x, ...errors], bound));
  const total = errors.reduce((sum, e) => sum + e, 0);
  return isNormAtMost(
    values,
    bound,
    errors.length > 1 ? total * (1 + errors.length * 2 * UNIT_ROUNDOFF) : total,
  );
}

/** `a · x + Σ terms = 0` up to an error, and the size of its numbers. */
interface Equation {
  readonly a: readonly number[];
  readonly x: readonly number[];
  readonly terms: readonly number[];
  readonly error: number;
  readonly where: string;
}

function proveEquations(map: EnclosedMap, demand: SimpleDemand): DemandProof {
  let residual = 0;
  for (const { a, x, terms, error, where } of equationsOf(map, demand)) {
    const distance = distanceBound(a, x, terms);
    const off = error === 0 ? distance : (distance + error) * ROUND_UP;
    const size =
      a.reduce((sum, each, k) => sum + Math.abs(each * x[k]), 0) +
      terms.reduce((sum, t) => sum + Math.abs(t), 0);
    if (!(off <= EQUATION_TOLERANCE * Math.max(size, largestEntry(map.A.data), largestEntry(map.b))))
      return { holds: false, where, actual: `an equation missed by ${off.toPrecision(3)}` };
    residual = Math.max(residual, off);
  }
  return { holds: true, residual };
}

function* equationsOf(map: EnclosedMap, demand: SimpleDemand): Iterable<Equation> {
  const { A, b, error } = map;
  const at = (j: number, k: number) => A.data[j * A.cols + k];
  const sum = error.reduce((total, e) => total + e, 0) * ROUND_UP;
  switch (demand.kind) {
    case 'rowSums':
      for (const [j, s] of demand.sums.entries())
        yield { a: [], x: [], terms: [...rowOf(A, j), -s], error: error[j], where: `rowSums ${j}` };
      break;
    case 'columnSums':
      for (const [k, s] of demand.sums.entries())
        yield {
          a: [],
          x: [],
          terms: [...error.map((_, j) => at(j, k)), -s],
          error: sum,
          where: `columnSums ${k}`,
        };
      break;
    case 'symmetric':
    case 'antisymmetric': {
      const sign = demand.kind === 'symmetric' ? -1 : 1;
      for (let j = 0; j < A.rows; j++)
        for (let k = sign < 0 ? j + 1 : j; k < A.cols; k++)
          yield {
            a: [],
            x: [],
            terms: [at(j, k), sign * at(k, j)],
            error: (error[j] + error[k]) * ROUND_UP,
            where: `${demand.kind} ${j}, ${k}`,
          };
      break;
    }
    case 'stable':
    case 'hurwitz':
      if (demand.at)
        yield* passing(
          map,
          demand.at,
          demand.kind === 'stable' ? demand.at : demand.at.map(() => 0),
          `${demand.kind} at`,
        );
      break;
    case 'through':
      for (const [i, { x, y }] of demand.points.entries()) yield* passing(map, x, y, `through point ${i}`);
      break;
    case 'exact':
      for (const [j, row] of (demand.A ?? []).entries())
        for (const [k, value] of row.entries())
          if (value !== null)
            yield { a: [], x: [], terms: [at(j, k), -value], error: error[j], where: `exact A ${j}, ${k}` };
      for (const [j, value] of (demand.b ?? []).entries())
        if (value !== null)
          yield { a: [], x: [], terms: [b[j], -value], error: error[j], where: `exact b ${j}` };
      break;
  }
}

function* passing(
  { A, b, error }: EnclosedMap,
  x: readonly number[],
  y: readonly number[],
  where: string,
): Iterable<Equation> {
  const far = Math.max(1, largestEntry(x));
  for (const [j, value] of y.entries())
    yield { a: Array.from(rowOf(A, j)), x, terms: [b[j], -value], error: error[j] * far * ROUND_UP, where };
}
