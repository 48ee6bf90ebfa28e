import {
  boundOutputs,
  bounds,
  box,
  certify,
  chain,
  dense,
  enforce,
  float64,
  forward,
  freeze,
  matrix,
  matrixFromRows,
  type Network,
  relu,
} from '@police/core';
import {
  activationKinds,
  pick,
  pointsOf,
  randomArray,
  randomNetwork,
  randomRegions,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { Matrix as DenseMatrix, pseudoInverse } from 'ml-matrix';
import { describe, expect, test } from 'vitest';

const biasOf = (net: Network) => {
  const last = net.nodes.at(-1)!;
  if (last.kind !== 'affine') throw new Error('no affine node at the end');
  return last.operator.bias;
};

/** Norm of the least change: of all sets of limits met with equality, the shortest that keeps the others. */
function leastNorm(rows: readonly number[][], room: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let set = 0; set < 2 ** rows.length; set++) {
    const active = rows.map((_, k) => k).filter(k => (set >> k) & 1);
    const C = new DenseMatrix(active.map(k => rows[k]));
    const s = DenseMatrix.columnVector(active.map(k => room[k]));
    const change = active.length > 0 ? pseudoInverse(C).mmul(s).to1DArray() : rows[0].map(() => 0);
    const isKept = rows.every((row, k) => {
      const value = row.reduce((sum, c, j) => sum + c * change[j], 0);
      return value <= room[k] + 1e-9 * (1 + Math.hypot(...change));
    });
    if (isKept) least = Math.min(least, Math.hypot(...change));
  }
  return least;
}

describe('C·f(x) ≤ d on every region', () => {
  test('holds afterwards, proved and at sampled points, and by the least change of the bias', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 3 }), fc.boolean(), (seed, count, isSingle) => {
        const rng = seededRng(seed);
        const regions = randomRegions(rng, 3, 2);
        const policed = enforce(
          randomNetwork(rng, [3, 8, 6, 3], pick(rng, activationKinds)),
          regions,
        ).network;
        const net = freeze(policed, regions, { precision: isSingle ? 'float32' : 'float64' }).network;
        const rows = Array.from({ length: count }, () => randomArray(rng, 3));
        const C = matrixFromRows(rows);
        const highest = rows.map((_, k) =>
          Math.max(...regions.map(region => bounds(net, region, C).upper[k])),
        );
        const d = highest.map(h => h + 2 * rng() - 1.5);
        const bounded = boundOutputs(net, regions, C, d, isSingle ? {} : { precision: float64 });
        expect(certify(bounded, regions).certified).toBe(true);
        for (const region of regions) {
          const { upper, error } = bounds(bounded, region, C);
          const points = forward(bounded, pointsOf(region, 10, rng));
          upper.forEach((u, k) => {
            expect(u + error[k]).toBeLessThanOrEqual(d[k]);
            for (let i = 0; i < points.rows; i++) {
              const value = rows[k].reduce((sum, c, j) => sum + c * points.data[i * 3 + j], 0);
              expect(value).toBeLessThanOrEqual(d[k]);
            }
          });
        }
        const change = Math.hypot(...biasOf(bounded).map((b, j) => b - biasOf(net)[j]));
        const least = leastNorm(
          rows,
          highest.map((h, k) => d[k] - h),
        );
        expect(Math.abs(change - least)).toBeLessThanOrEqual((isSingle ? 1e-3 : 1e-8) * (1 + least));
      }),
      { numRuns: 40 },
    );
  });

  const net = chain(1, [dense([[1]], [2]), relu(), dense([[1], [-1]])]);
  const regions = [box([-1], [1])];
  const frozen = freeze(net, regions).network;

  test('changes nothing that holds already', () => {
    const bounded = boundOutputs(frozen, regions, matrixFromRows([[1, 0]]), [4]);
    expect(biasOf(bounded)).toEqual(biasOf(frozen));
  });

  test('is refused where no bias can do it', () => {
    // f₁ ranges over a width of 2, so it cannot lie within 1.
    const C = matrixFromRows([
      [1, 0],
      [-1, 0],
    ]);
    expect(() => boundOutputs(frozen, regions, C, [0.5, 0.5])).toThrow(
      expect.objectContaining({
        code: 'infeasible-target',
        actual: 'none: above their limits are combination 0 by 2.50',
      }),
    );
    expect(() => boundOutputs(frozen, regions, matrix(1, 2), [-1])).toThrow(/infeasible-target|no bias|none/);
  });

  test('refuses what it cannot work on', () => {
    const C = matrixFromRows([[1, 1]]);
    expect(() => boundOutputs(chain(1, [dense([[1]]), relu(), dense([[1], [1]])]), regions, C, [1])).toThrow(
      expect.objectContaining({ code: 'not-frozen' }),
    );
    const bent = freeze(chain(1, [dense([[1], [1]]), relu()]), regions).network;
    expect(() => boundOutputs(bent, regions, C, [1])).toThrow(
      expect.objectContaining({ code: 'unsupported-layer' }),
    );
    expect(() => boundOutputs(frozen, regions, C, [1, 2])).toThrow(
      expect.objectContaining({ code: 'shape' }),
    );
    expect(() => boundOutputs(frozen, regions, C, [Number.NaN])).toThrow(
      expect.objectContaining({ code: 'not-finite' }),
    );
  });
});
