import {
  type AffineMap,
  type Demand,
  demands,
  type Matrix,
  matrix,
  matrixFromRows,
  type Norm,
  type Region,
  type Rng,
} from '@police/core';
import { EigenvalueDecomposition, inverse, Matrix as MlMatrix, SVD } from 'ml-matrix';
import { pick, randomArray } from './helpers.js';
import { slowRange } from './regions/oracles.js';

export const demandKinds = [
  'monotone',
  'lipschitz',
  'rowLipschitz',
  'rowSums',
  'columnSums',
  'symmetric',
  'antisymmetric',
  'dissipative',
  'stable',
  'stable plants',
  'hurwitz',
  'hurwitz plants',
  'safe',
  'through',
  'exact',
] as const;

export type DemandKind = (typeof demandKinds)[number];

/** A demand, a map that meets it, and displacements that keep its equations. */
export interface RandomDemand {
  readonly demand: Demand;
  readonly anchor: AffineMap;
  displacement(rng: Rng): AffineMap;
}

const rows = (rng: Rng, count: number, cols: number): number[][] =>
  Array.from({ length: count }, () => randomArray(rng, cols));

const scaledIdentity = (n: number, factor: number): Matrix =>
  matrixFromRows(
    Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, k) => (i === k ? factor : 0))),
  );

/** On a region of as many dimensions as the map has outputs. */
export function randomDemand(rng: Rng, kind: DemandKind, region: Region): RandomDemand {
  const n = region.size;
  const zero = { A: matrix(n, n), b: new Float64Array(n) };
  const anywhere = (r: Rng) => ({
    A: matrixFromRows(rows(r, n, n)),
    b: Float64Array.from(randomArray(r, n)),
  });
  const free = (demand: Demand, anchor: AffineMap = zero): RandomDemand => ({
    demand,
    anchor,
    displacement: anywhere,
  });
  const tied = (demand: Demand, anchor: AffineMap, tie: (map: AffineMap) => AffineMap): RandomDemand => ({
    demand,
    anchor,
    displacement: r => tie(anywhere(r)),
  });
  switch (kind) {
    case 'monotone': {
      const signs = rows(rng, n, n).map(row => row.map(x => (x > 0.3 ? 1 : x < -0.3 ? -1 : 0)));
      return free(demands.monotone(signs), { ...zero, A: matrixFromRows(signs) });
    }
    case 'lipschitz': {
      const pairs: [Norm, Norm][] = [
        [1, 1],
        [1, 2],
        [1, 'infinity'],
        [2, 2],
        [2, 'infinity'],
        ['infinity', 'infinity'],
      ];
      return free(demands.lipschitz(0.2 + rng(), ...pick(rng, pairs)));
    }
    case 'rowLipschitz':
      return free(
        demands.rowLipschitz(
          randomArray(rng, n).map(x => 0.1 + Math.abs(x)),
          pick<Norm>(rng, [1, 2, 'infinity']),
        ),
      );
    case 'rowSums': {
      const sums = randomArray(rng, n);
      return tied(
        demands.rowSums(sums),
        { ...zero, A: matrixFromRows(sums.map(s => Array.from({ length: n }, () => s / n))) },
        balanced,
      );
    }
    case 'columnSums': {
      const sums = randomArray(rng, n);
      const anchor = { ...zero, A: matrixFromRows(sums.map(() => sums.map(s => s / n))) };
      return tied(demands.columnSums(sums), anchor, ({ A, b }) => ({
        A: turned(balanced({ A: turned(A), b }).A),
        b,
      }));
    }
    case 'symmetric':
      return tied(demands.symmetric(), zero, ({ A, b }) => ({ A: combined(A, turned(A), 1), b }));
    case 'antisymmetric':
      return tied(demands.antisymmetric(), zero, ({ A, b }) => ({ A: combined(A, turned(A), -1), b }));
    case 'dissipative': {
      const epsilon = rng();
      return free(demands.dissipative(epsilon), { ...zero, A: scaledIdentity(n, -epsilon - 0.1) });
    }
    case 'stable':
    case 'stable plants':
    case 'hurwitz':
    case 'hurwitz plants':
      return randomStability(rng, kind, region);
    case 'safe': {
      const m = 1 + Math.floor(rng() * 3);
      const C = rows(rng, m, n);
      const y = randomArray(rng, n);
      const e = C.map(c => dot(c, y) + 0.1 + rng());
      return free(demands.safe(C, e), { ...zero, b: Float64Array.from(y) });
    }
    case 'through': {
      const x = Array.from(region.sample(rng));
      const y = randomArray(rng, n);
      return tied(demands.through([{ x, y }]), { ...zero, b: Float64Array.from(y) }, through(x));
    }
    case 'exact': {
      const A = rows(rng, n, n).map(row => row.map(v => (rng() < 0.5 ? v : null)));
      const b = randomArray(rng, n).map(v => (rng() < 0.5 ? v : null));
      const anchor = {
        A: matrixFromRows(A.map(row => row.map(v => v ?? 0))),
        b: Float64Array.from(b, v => v ?? 0),
      };
      return tied(demands.exact({ A, b }), anchor, map => ({
        A: { ...map.A, data: map.A.data.map((v, i) => (A.flat()[i] === null ? v : 0)) },
        b: map.b.map((v, j) => (b[j] === null ? v : 0)),
      }));
    }
  }
}

function randomStability(rng: Rng, kind: DemandKind, region: Region): RandomDemand {
  const n = region.size;
  const isDiscrete = kind.startsWith('stable');
  const bound = isDiscrete ? 0.3 + rng() : rng();
  const make = isDiscrete ? demands.stable : demands.hurwitz;
  const B = new MlMatrix(rows(rng, n, n));
  const P = B.mmul(B.transpose()).add(MlMatrix.eye(n).mul(0.2));
  const symmetric = P.add(P.transpose()).mul(0.5).to2DArray();
  const inside = () => (isDiscrete ? bound * (rng() - 0.5) : -bound - 0.1 - rng());
  if (!kind.endsWith('plants')) {
    const at = Array.from(region.sample(rng));
    const A = scaledIdentity(n, inside());
    const b = Float64Array.from(
      at,
      (x, j) => (isDiscrete ? x : 0) - dot(Array.from(A.data.subarray(j * n, (j + 1) * n)), at),
    );
    const map = { A, b };
    const demand = make(bound, { at, P: symmetric });
    return {
      demand,
      anchor: map,
      displacement: r => through(at)({ A: matrixFromRows(rows(r, n, n)), b: new Float64Array(n) }),
    };
  }
  const K = rows(rng, n, n);
  const plants = Array.from({ length: 1 + Math.floor(rng() * 2) }, () => {
    const G = rows(rng, n, n);
    const GK = new MlMatrix(G).mmul(new MlMatrix(K));
    return { F: MlMatrix.eye(n).mul(inside()).sub(GK).to2DArray(), G };
  });
  return {
    demand: make(bound, { plants, P: symmetric }),
    anchor: { A: matrixFromRows(K), b: new Float64Array(n) },
    displacement: r => ({ A: matrixFromRows(rows(r, n, n)), b: Float64Array.from(randomArray(r, n)) }),
  };
}

/** A displacement that leaves the value at a point as it is. */
const through =
  (x: readonly number[]) =>
  ({ A, b }: AffineMap): AffineMap => ({
    A,
    b: b.map((_, j) => -dot(Array.from(A.data.subarray(j * A.cols, (j + 1) * A.cols)), x)),
  });

/** Rows that sum to 0. */
function balanced({ A, b }: AffineMap): AffineMap {
  const data = A.data.slice();
  for (let j = 0; j < A.rows; j++) {
    const row = data.subarray(j * A.cols, (j + 1) * A.cols);
    const mean = row.reduce((sum, x) => sum + x, 0) / A.cols;
    row.forEach((x, k) => {
      row[k] = x - mean;
    });
  }
  return { A: { ...A, data }, b };
}

export function turned(A: Matrix): Matrix {
  return {
    rows: A.cols,
    cols: A.rows,
    data: A.data.map((_, i) => A.data[(i % A.rows) * A.cols + Math.floor(i / A.rows)]),
  };
}

const combined = (A: Matrix, B: Matrix, factor: number): Matrix => ({
  ...A,
  data: A.data.map((x, i) => x + factor * B.data[i]),
});

export const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * b[i], 0);

/** The map a + t (b). */
export const along = (a: AffineMap, b: AffineMap, t: number): AffineMap => ({
  A: combined(a.A, b.A, t),
  b: a.b.map((x, j) => x + t * b.b[j]),
});

/** A random map that meets the demand, on its border as often as not. */
export function feasibleMap(
  rng: Rng,
  { demand, anchor, displacement }: RandomDemand,
  region: Region,
): AffineMap {
  const way = displacement(rng);
  let t = 4;
  while (t > 2 ** -20 && excessOf(demand, along(anchor, way, t), region) > 0) t /= 2;
  return excessOf(demand, along(anchor, way, t), region) > 1e-12 ? anchor : along(anchor, way, t);
}

/** By how much a map misses a demand; at most 0 where it meets it. Written down from the definitions, whatever it costs. */
export function excessOf(demand: Demand, map: AffineMap, region: Region): number {
  const { A, b } = map;
  const at = (j: number, k: number) => A.data[j * A.cols + k];
  const row = (j: number) => Array.from(A.data.subarray(j * A.cols, (j + 1) * A.cols));
  const indices = Array.from({ length: A.rows }, (_, j) => j);
  const columns = Array.from({ length: A.cols }, (_, k) => k);
  const most = (values: readonly number[]) => Math.max(...values);
  const misses = (x: readonly number[], y: readonly number[]) =>
    most(y.map((value, j) => Math.abs(dot(row(j), x) + b[j] - value)));
  switch (demand.kind) {
    case 'monotone':
      return most(demand.signs.flatMap((signs, j) => signs.map((s, k) => (s === 0 ? 0 : -s * at(j, k)))));
    case 'lipschitz':
      return operatorNorm(A, demand.input, demand.output) - demand.bound;
    case 'rowLipschitz':
      return most(
        demand.bounds.map(
          (bound, j) => operatorNorm(matrixFromRows([row(j)]), demand.input, 'infinity') - bound,
        ),
      );
    case 'rowSums':
      return most(demand.sums.map((s, j) => Math.abs(row(j).reduce((x, y) => x + y, 0) - s)));
    case 'columnSums':
      return most(demand.sums.map((s, k) => Math.abs(indices.reduce((x, j) => x + at(j, k), 0) - s)));
    case 'symmetric':
      return most(indices.flatMap(j => columns.map(k => Math.abs(at(j, k) - at(k, j)))));
    case 'antisymmetric':
      return most(indices.flatMap(j => columns.map(k => Math.abs(at(j, k) + at(k, j)))));
    case 'dissipative':
      return most(eigenvalues(combined(A, turned(A), 1)).map(([re]) => re)) + demand.epsilon;
    case 'stable':
    case 'hurwitz': {
      const miss = demand.at
        ? misses(demand.at, demand.kind === 'stable' ? demand.at : demand.at.map(() => 0))
        : 0;
      const loops = demand.plants
        ? demand.plants.map(({ F, G }) =>
            new MlMatrix(F as number[][]).add(new MlMatrix(G as number[][]).mmul(ml(A))),
          )
        : [ml(A)];
      return Math.max(miss, ...loops.map(M => loopExcess(M, demand)));
    }
    case 'safe':
      return most(
        demand.C.map((c, i) => {
          const w = columns.map(k => indices.reduce((sum, j) => sum + c[j] * at(j, k), 0));
          return slowRange(region, { w, b: dot(c, b) })[1] - demand.e[i];
        }),
      );
    case 'through':
      return most(demand.points.map(({ x, y }) => misses(x, y)));
    case 'exact': {
      const ofA = (demand.A ?? []).flatMap((values, j) =>
        values.map((v, k) => (v === null ? 0 : Math.abs(at(j, k) - v))),
      );
      return most([0, ...ofA, ...(demand.b ?? []).map((v, j) => (v === null ? 0 : Math.abs(b[j] - v)))]);
    }
    case 'all':
      return most(demand.demands.map(each => excessOf(each, map, region)));
  }
}

const ml = (A: Matrix): MlMatrix =>
  new MlMatrix(
    Array.from({ length: A.rows }, (_, j) => Array.from(A.data.subarray(j * A.cols, (j + 1) * A.cols))),
  );

const eigenvalues = (A: Matrix | MlMatrix): [number, number][] => {
  const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(
    'data' in A && A.data instanceof Float64Array ? ml(A as Matrix) : (A as MlMatrix),
  );
  return realEigenvalues.map((re, i) => [re, imaginaryEigenvalues[i]]);
};

function loopExcess(M: MlMatrix, demand: Extract<Demand, { kind: 'stable' | 'hurwitz' }>): number {
  if (!demand.P) {
    const found = eigenvalues(M);
    return demand.kind === 'stable'
      ? Math.max(...found.map(([re, im]) => Math.hypot(re, im))) - demand.radius
      : Math.max(...found.map(([re]) => re)) + demand.decay;
  }
  const P = new MlMatrix(demand.P as number[][]);
  const most = (X: MlMatrix) => Math.max(...eigenvalues(inverse(P).mmul(X)).map(([re]) => re));
  if (demand.kind === 'stable')
    return Math.sqrt(Math.max(0, most(M.transpose().mmul(P).mmul(M)))) - demand.radius;
  return most(M.transpose().mmul(P).add(P.mmul(M))) / 2 + demand.decay;
}

const lengths: Readonly<Record<Norm, (v: readonly number[]) => number>> = {
  1: v => v.reduce((sum, x) => sum + Math.abs(x), 0),
  2: v => Math.hypot(...v),
  infinity: v => Math.max(...v.map(Math.abs)),
};

/** The largest output norm over the corners of the input norm's ball; by singular values from 2 to 2, by the rows' lengths from 2 to ∞. */
function operatorNorm(A: Matrix, input: Norm, output: Norm): number {
  if (input === 2) {
    if (output === 2) return Math.max(...new SVD(ml(A)).diagonal);
    return Math.max(...ml(A).to2DArray().map(lengths[2]));
  }
  const n = A.cols;
  const corners =
    input === 1
      ? Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, k) => Number(i === k)))
      : Array.from({ length: 2 ** n }, (_, c) =>
          Array.from({ length: n }, (_, k) => ((c >> k) & 1 ? 1 : -1)),
        );
  return Math.max(
    ...corners.map(x =>
      lengths[output](
        ml(A)
          .to2DArray()
          .map(row => dot(row, x)),
      ),
    ),
  );
}

/** What is proved of a demand: without plants its P only holds the map, and the eigenvalues are proved. */
export function asProved(demand: Demand): Demand {
  if ((demand.kind !== 'stable' && demand.kind !== 'hurwitz') || demand.plants) return demand;
  const { P: _, ...rest } = demand;
  return rest;
}
