import { type AffineMap, enforce, forward, freeze, type Matrix, matrix } from '@police/core';
import { readModel } from '@police/onnx-import';
import { seededRng } from '@police/testing/helpers';
import { expect, test } from 'vitest';
import { expectPoliced } from './checks.js';
import { hasModels, modelBytes, vnnlibBoxes } from './models.js';

const title = hasModels ? 'ACAS Xu 1_1' : 'skipped, ../shared/models is missing: ACAS Xu 1_1';

/** Rows of which each is drawn by `draw`. */
function rows(n: number, draw: () => ArrayLike<number>): Matrix {
  const x = matrix(n, 5);
  for (let i = 0; i < n; i++) x.data.set(draw(), 5 * i);
  return x;
}

/** The advice: the smallest of the five outputs. */
function advice(y: Matrix): number[] {
  return Array.from({ length: y.rows }, (_, i) => {
    const row = y.data.subarray(5 * i, 5 * i + 5);
    return row.indexOf(row.reduce((a, b) => Math.min(a, b)));
  });
}

test.skipIf(!hasModels)(`${title}: property 3 keeps at least 93% of decisions in [−0.5, 0.5]⁵`, async () => {
  const bytes = modelBytes('acasxu_1_1');
  const net = readModel(bytes).network;
  const regions = vnnlibBoxes('acasxu_prop_3', 5);
  expect(regions.length).toBe(1);
  const frozen = freeze(enforce(net, regions).network, regions).network;
  const rng = seededRng(1);
  const x = rows(20_000, () => Array.from({ length: 5 }, () => rng() - 0.5));
  const [before, after] = [advice(forward(net, x)), advice(forward(frozen, x))];
  const kept = before.filter((choice, i) => choice === after[i]).length / x.rows;
  expect(kept).toBeGreaterThanOrEqual(0.93);
  const { edits } = await expectPoliced(bytes, regions);
  expect(new Set(edits.map(({ kind }) => kind))).toEqual(new Set(['bias']));
});

test.skipIf(!hasModels)(
  `${title}: property 6, two boxes, moves outputs inside by at most 0.004 on average`,
  async () => {
    const bytes = modelBytes('acasxu_1_1');
    const net = readModel(bytes).network;
    const regions = vnnlibBoxes('acasxu_prop_6', 5);
    expect(regions.length).toBe(2);
    const enforced = enforce(net, regions);
    const frozen = freeze(enforced.network, regions).network;
    const rng = seededRng(2);
    let moved = 0;
    for (const region of regions) {
      const x = rows(5_000, () => region.sample(rng));
      const [before, after] = [forward(net, x), forward(frozen, x)];
      moved +=
        before.data.reduce((sum, y, i) => sum + Math.abs(y - after.data[i]), 0) / before.data.length / 2;
    }
    expect(moved).toBeLessThanOrEqual(0.004);
    const [a, b]: readonly AffineMap[] = enforced.report.maps;
    expect(a.A.data, 'each box has a map of its own').not.toEqual(b.A.data);
    await expectPoliced(bytes, regions);
  },
);
