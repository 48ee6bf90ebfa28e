import { PoliceError } from '../errors.js';
import { type Fields, fieldsOf, malformed } from '../regions/json-fields.js';
import type { Demand, Norm, Plant, SumsDemand } from './demand-type.js';

/** A demand from numbers of the caller's. Throws `invalid-option`, `not-finite` or `shape`. */
export const checkedDemand = <T extends Demand>(demand: T): T => readDemand(demand, 'demand') as T;

/**
 * A demand from its JSON. Throws `invalid-option`, `not-finite` or `shape`, naming the field.
 *
 * @example
 * demandFromJSON({ kind: 'lipschitz', bound: 1, input: 2, output: 2 });
 */
export const demandFromJSON = (json: unknown): Demand => readDemand(json, 'demand');

type Reader<K extends Demand['kind']> = (fields: Fields, json: Record<string, unknown>) => DemandOf<K>;
type DemandOf<K extends Demand['kind']> = Extract<Demand, { kind: K }>;

const sumsOf =
  <K extends 'rowSums' | 'columnSums'>(kind: K) =>
  (fields: Fields): SumsDemand<K> => {
    fields.assertOnly('kind', 'sums');
    return { kind, sums: fields.vector('sums') };
  };

const plain =
  <K extends 'symmetric' | 'antisymmetric'>(kind: K) =>
  (fields: Fields) => {
    fields.assertOnly('kind');
    return { kind } as DemandOf<K>;
  };

const READERS: { readonly [K in Demand['kind']]: Reader<K> } = {
  monotone: fields => {
    fields.assertOnly('kind', 'signs');
    const signs = rectangle(fields, 'signs');
    assertThat(
      signs.flat().every(s => s === 0 || s === 1 || s === -1),
      fields,
      'signs',
      'entries −1, 0 or 1',
      signs,
    );
    return { kind: 'monotone', signs };
  },
  lipschitz: (fields, json) => {
    fields.assertOnly('kind', 'bound', 'input', 'output');
    const bound = fields.number('bound');
    assertThat(bound >= 0, fields, 'bound', 'a number of at least 0', bound);
    return { kind: 'lipschitz', bound, ...normsOf(fields, json) };
  },
  rowLipschitz: (fields, json) => {
    fields.assertOnly('kind', 'bounds', 'input');
    const bounds = fields.vector('bounds');
    assertThat(
      bounds.every(b => b >= 0),
      fields,
      'bounds',
      'numbers of at least 0',
      bounds,
    );
    return { kind: 'rowLipschitz', bounds, input: normOf(json.input, `${fields.path}.input`) };
  },
  rowSums: sumsOf('rowSums'),
  columnSums: sumsOf('columnSums'),
  symmetric: plain('symmetric'),
  antisymmetric: plain('antisymmetric'),
  dissipative: fields => {
    fields.assertOnly('kind', 'epsilon');
    return { kind: 'dissipative', epsilon: fields.number('epsilon') };
  },
  stable: (fields, json) => {
    fields.assertOnly('kind', 'radius', 'at', 'plants', 'P');
    const radius = fields.number('radius');
    assertThat(radius > 0, fields, 'radius', 'a number above 0', radius);
    return { kind: 'stable', radius, ...stabilityOf(fields, json) };
  },
  hurwitz: (fields, json) => {
    fields.assertOnly('kind', 'decay', 'at', 'plants', 'P');
    const decay = fields.number('decay');
    assertThat(decay >= 0, fields, 'decay', 'a number of at least 0', decay);
    return { kind: 'hurwitz', decay, ...stabilityOf(fields, json) };
  },
  safe: fields => {
    fields.assertOnly('kind', 'C', 'e');
    const [C, e] = [rectangle(fields, 'C'), fields.vector('e')];
    assertLength(e.length, C.length, `${fields.path}.e`, 'limits, one for each row of C,');
    return { kind: 'safe', C, e };
  },
  through: (fields, json) => {
    fields.assertOnly('kind', 'points');
    const points = arrayOf(json.points, `${fields.path}.points`).map((point, i) => {
      const each = fieldsOf(point, `${fields.path}.points[${i}]`);
      each.assertOnly('x', 'y');
      return { x: each.vector('x'), y: each.vector('y') };
    });
    assertThat(points.length > 0, fields, 'points', 'at least one point', points);
    return { kind: 'through', points };
  },
  exact: (fields, json) => {
    fields.assertOnly('kind', 'A', 'b');
    const A = json.A === undefined ? undefined : openRows(json.A, `${fields.path}.A`);
    const b = json.b === undefined ? undefined : openVector(json.b, `${fields.path}.b`);
    assertThat(A !== undefined || b !== undefined, fields, 'A', 'A, b or both', undefined);
    return { kind: 'exact', ...(A ? { A } : {}), ...(b ? { b } : {}) };
  },
  all: (fields, json) => {
    fields.assertOnly('kind', 'demands');
    const path = `${fields.path}.demands`;
    return {
      kind: 'all',
      demands: arrayOf(json.demands, path).map((each, i) => readDemand(each, `${path}[${i}]`)),
    };
  },
};

function readDemand(value: unknown, path: string): Demand {
  const fields = fieldsOf(value, path);
  const kind = fields.text('kind');
  if (!Object.hasOwn(READERS, kind)) throw malformed(`${path}.kind`, Object.keys(READERS).join(', '), kind);
  return READERS[kind as Demand['kind']](fields, value as Record<string, unknown>);
}

/** Norms between which an operator norm has a closed form. */
function normsOf(fields: Fields, json: Record<string, unknown>): { input: Norm; output: Norm } {
  const input = normOf(json.input, `${fields.path}.input`);
  const output = normOf(json.output, `${fields.path}.output`);
  const isClosed = input === 1 || output === 'infinity' || (input === 2 && output === 2);
  if (isClosed) return { input, output };
  throw new PoliceError({
    code: 'invalid-option',
    where: `${fields.path}.output`,
    expected: 'norms of which the operator norm can be computed: from 1, into infinity, or 2 to 2',
    actual: `${input} to ${output}, which is NP-hard`,
    remedy: 'Bound each output by rowLipschitz.',
  });
}

function normOf(value: unknown, path: string): Norm {
  if (value === 1 || value === 2 || value === 'infinity') return value;
  throw malformed(path, "1, 2 or 'infinity'", value);
}

function stabilityOf(fields: Fields, json: Record<string, unknown>) {
  const at = fields.has('at') ? fields.vector('at') : undefined;
  const P = fields.has('P') ? rectangle(fields, 'P') : undefined;
  const plants = fields.has('plants')
    ? arrayOf(json.plants, `${fields.path}.plants`).map((plant, i): Plant => {
        const each = fieldsOf(plant, `${fields.path}.plants[${i}]`);
        each.assertOnly('F', 'G');
        return { F: rectangle(each, 'F'), G: rectangle(each, 'G') };
      })
    : undefined;
  if (plants && at) {
    throw new PoliceError({
      code: 'invalid-option',
      where: `${fields.path}.at`,
      expected: 'no equilibrium of the map itself where plants are given',
      actual: 'both',
      remedy: 'Say through([{ x: equilibrium, y: what the controller does there }]) besides.',
    });
  }
  if (plants && (!P || plants.length === 0)) {
    throw new PoliceError({
      code: 'invalid-option',
      where: `${fields.path}.${P ? 'plants' : 'P'}`,
      expected: P ? 'at least one plant' : 'the Lyapunov matrix P that all plants share',
      actual: 'none',
      remedy: 'lyapunovMatrix(F + G K) makes one from a controller K that stabilises the plant.',
    });
  }
  return { ...(at ? { at } : {}), ...(plants ? { plants } : {}), ...(P ? { P } : {}) };
}

/** Rows of one length. */
function rectangle(fields: Fields, name: string): number[][] {
  const rows = fields.rows(name);
  assertThat(rows.length > 0, fields, name, 'at least one row', rows);
  for (const [i, row] of rows.entries())
    assertLength(row.length, rows[0].length, `${fields.path}.${name}[${i}]`, 'a row as long as the first,');
  return rows;
}

function openRows(value: unknown, path: string): (number | null)[][] {
  const rows = arrayOf(value, path).map((row, i) => openVector(row, `${path}[${i}]`));
  rows.forEach((row, i) => {
    assertLength(row.length, rows[0].length, `${path}[${i}]`, 'a row as long as the first,');
  });
  return rows;
}

const openVector = (value: unknown, path: string): (number | null)[] =>
  arrayOf(value, path).map((entry, i) => {
    if (entry === null || (typeof entry === 'number' && Number.isFinite(entry))) return entry;
    throw malformed(`${path}[${i}]`, 'a number, or null where it is free', entry);
  });

function arrayOf(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) throw malformed(path, 'an array', value);
  return Array.from(value);
}

function assertThat(holds: boolean, fields: Fields, name: string, expected: string, actual: unknown): void {
  if (!holds) throw malformed(`${fields.path}.${name}`, expected, actual);
}

function assertLength(actual: number, expected: number, where: string, what: string): void {
  if (actual === expected) return;
  throw new PoliceError({
    code: 'shape',
    where,
    expected: `${what} of ${expected} entries`,
    actual: `${actual}`,
  });
}
