/** A vector of whole numbers. */
export type IntVector = readonly bigint[];

/** Work that exact computations may take, counted as it is done. */
export interface ExactWork {
  /** Products of whole numbers that are left, about a microsecond each. */
  products: number;
  /** Words of bit sets to compare that are left, about a tenth of that each. */
  words: number;
}

/** What one polytope may take: a few seconds. */
export const MAX_WORK: ExactWork = { products: 2 ** 22, words: 2 ** 25 };

/** The work is used up: nothing that users see. */
export class TooMuchWork extends Error {}

/** Steps of Euclid's algorithm that each pivot adds to keeping a row's entries short, as many products. */
const STEPS_PER_PIVOT = 8;

/** Eliminates one entry of a row: two products for each, and a divisor of entries that have grown with every pivot. */
function spendRow(work: ExactWork, entries: number, pivots: number): void {
  spend(work, 'products', 2 * entries + STEPS_PER_PIVOT * pivots);
}

/** A product for each entry of vectors, which are longer the more constraints meet in one. */
function spendVectors(work: ExactWork, vectors: number, size: number): void {
  spend(work, 'products', vectors * size * (1 + size / STEPS_PER_PIVOT));
}

function spend(work: ExactWork, kind: keyof ExactWork, count: number): void {
  work[kind] -= count;
  if (work[kind] < 0) throw new TooMuchWork(`too many ${kind}`);
}

/** An extreme ray of the cone so far, with the constraints that hold with equality on it as a bit set. */
interface Ray {
  readonly vector: IntVector;
  readonly tight: Uint32Array;
}

/**
 * The extreme rays of the pointed cone {z : cᵢ · z ≥ 0 for all i} in exact arithmetic, by the double description method
 * (Motzkin; Fukuda and Prodon, Double description method revisited, 1996): constraints enter one by one, rays on the
 * wrong side go, and each edge between a ray that goes and one that stays gives a new ray. `basis` names as many linearly
 * independent constraints as there are coordinates.
 *
 * Undefined when at some time there are more than `most` rays. Throws `TooMuchWork`.
 */
export function extremeRays(
  constraints: readonly IntVector[],
  basis: readonly number[],
  most: number,
  work: ExactWork,
): IntVector[] | undefined {
  const size = basis.length;
  const words = Math.ceil(constraints.length / 32);
  let rays = startingRays(constraints, basis, words, work);
  for (let i = 0; i < constraints.length; i++) {
    if (basis.includes(i)) continue;
    spendVectors(work, rays.length, size);
    const values = rays.map(({ vector }) => dot(constraints[i], vector));
    const above = rays.filter((_, r) => values[r] > 0n);
    const on = rays.filter((_, r) => values[r] === 0n);
    for (const { tight } of on) setBit(tight, i);
    const next = [...above, ...on];
    for (let n = 0; n < rays.length; n++) {
      if (values[n] >= 0n) continue;
      for (let p = 0; p < rays.length; p++) {
        if (values[p] <= 0n) continue;
        spend(work, 'words', words);
        if (commonBits(rays[p].tight, rays[n].tight) < size - 2) continue;
        const common = intersection(rays[p].tight, rays[n].tight);
        spend(work, 'words', rays.length);
        if (!areAdjacent(rays, p, n, common)) continue;
        const vector = rays[n].vector.map((x, k) => values[p] * x - values[n] * rays[p].vector[k]);
        setBit(common, i);
        next.push({ vector: primitive(vector), tight: common });
        spendVectors(work, STEPS_PER_PIVOT, size);
        if (next.length > most) return undefined;
      }
    }
    rays = next;
  }
  return rays.map(({ vector }) => vector);
}

/** The rays of the simplicial cone of the basis: the columns of the inverse of its matrix. */
function startingRays(
  constraints: readonly IntVector[],
  basis: readonly number[],
  words: number,
  work: ExactWork,
): Ray[] {
  const size = basis.length;
  const columns = adjugateColumns(
    basis.map(i => constraints[i]),
    work,
  );
  return columns.map((column, j) => {
    const sign = dot(constraints[basis[j]], column) < 0n ? -1n : 1n;
    const tight = new Uint32Array(words);
    for (let i = 0; i < size; i++) if (i !== j) setBit(tight, basis[i]);
    return { vector: primitive(column.map(x => sign * x)), tight };
  });
}

/** Two rays span an edge exactly when no third is tight wherever both are. */
function areAdjacent(rays: readonly Ray[], p: number, n: number, common: Uint32Array): boolean {
  for (let r = 0; r < rays.length; r++) {
    if (r !== p && r !== n && isWithin(common, rays[r].tight)) return false;
  }
  return true;
}

function isWithin(bits: Uint32Array, others: Uint32Array): boolean {
  for (let k = 0; k < bits.length; k++) if ((bits[k] & ~others[k]) !== 0) return false;
  return true;
}

function setBit(bits: Uint32Array, i: number): void {
  bits[i >> 5] |= 1 << (i & 31);
}

function intersection(a: Uint32Array, b: Uint32Array): Uint32Array {
  return a.map((word, k) => word & b[k]);
}

function commonBits(a: Uint32Array, b: Uint32Array): number {
  let count = 0;
  for (let k = 0; k < a.length; k++) for (let word = a[k] & b[k]; word !== 0; word &= word - 1) count++;
  return count;
}

export function dot(a: IntVector, b: IntVector): bigint {
  return a.reduce((sum, x, i) => sum + x * b[i], 0n);
}

/** The vector divided by its entries' greatest common divisor. */
function primitive(vector: IntVector): IntVector {
  let divisor = 0n;
  for (const x of vector) {
    divisor = gcd(divisor, x < 0n ? -x : x);
    if (divisor === 1n) return vector;
  }
  return divisor === 0n ? vector : vector.map(x => x / divisor);
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** What elimination finds of a matrix of whole numbers. */
export interface Elimination {
  /** Indices, ascending, of rows that are linearly independent and span all, and the columns they have pivots in. */
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** Rank and pivots, row by row in the order given, by fraction-free elimination. Throws `TooMuchWork`. */
export function independentRows(matrix: readonly IntVector[], work: ExactWork): Elimination {
  const rows: number[] = [];
  const columns: number[] = [];
  const reduced: IntVector[] = [];
  matrix.forEach((given, i) => {
    let row = given;
    reduced.forEach((pivotRow, k) => {
      const factor = row[columns[k]];
      if (factor === 0n) return;
      spendRow(work, row.length, k);
      const pivot = pivotRow[columns[k]];
      row = primitive(row.map((x, c) => x * pivot - factor * pivotRow[c]));
    });
    const column = row.findIndex(x => x !== 0n);
    if (column < 0) return;
    rows.push(i);
    columns.push(column);
    reduced.push(row);
  });
  return { rows, columns: [...columns].sort((a, b) => a - b) };
}

/** Multiples of the columns of the inverse of a regular matrix, by fraction-free Gauss–Jordan elimination. */
function adjugateColumns(matrix: readonly IntVector[], work: ExactWork): IntVector[] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...matrix.map((_, k) => (i === k ? 1n : 0n))]);
  for (let k = 0; k < n; k++) {
    const pivotRow = rows.findIndex((row, i) => i >= k && row[k] !== 0n);
    [rows[k], rows[pivotRow]] = [rows[pivotRow], rows[k]];
    rows.forEach((row, i) => {
      if (i === k || row[k] === 0n) return;
      spendRow(work, row.length, k);
      const [pivot, factor] = [rows[k][k], row[k]];
      rows[i] = [...primitive(row.map((x, c) => x * pivot - factor * rows[k][c]))];
    });
  }
  // Row k now reads pivotₖ · zₖ = …; a common multiple of the pivots makes whole numbers of all.
  const common = rows.reduce((multiple, row, k) => {
    const pivot = row[k] < 0n ? -row[k] : row[k];
    return (multiple / gcd(multiple, pivot)) * pivot;
  }, 1n);
  return matrix.map((_, j) => rows.map((row, k) => (common / row[k]) * row[n + j]));
}
