import {
  type AffineMap,
  box,
  boxAround,
  type Demand,
  demands,
  type FrozenModel,
  type Matrix,
  matrix,
  matrixFromRows,
  type Region,
  type Target,
} from '@police/core';
import { describe, expect, test } from 'vitest';
import { asProved, excessOf } from '../demands.js';
import type { Eventually } from './adapter.js';
import { policeError } from './refusals.js';
import { randomRows } from './rows.js';

export type TargetMethod = 'shift' | 'patch';

/** A framework whose adapter knows `target`, as its laws see it. */
export interface TargetAdapter<Held> {
  /** A seeded model of leaky ReLUs, 2 → 8 → 8 → 2, held to the target. */
  constrain(options: {
    readonly regions: readonly Region[];
    readonly method: TargetMethod;
    readonly target: Target | readonly (Target | undefined)[];
  }): Held;
  /** Outputs `[n, 2]`. */
  run(held: Held, x: Matrix): Eventually<Matrix>;
  /** One step on the mean squared error; its loss before. */
  step(held: Held, x: Matrix, y: Matrix): Eventually<number>;
  freeze(held: Held): Pick<FrozenModel<unknown>, 'maps' | 'demands' | 'network'> & {
    run(x: Matrix): Eventually<Matrix>;
  };
}

const square = boxAround([0.2, -0.1], [0.5, 0.4]);

/** On the region. */
const at = [0.1, 0];
const P = [
  [1, 0.2],
  [0.2, 0.6],
];

/** A demand of each kind on maps of the plane into itself, all of which `square` allows. */
export const planeDemands: Readonly<Record<string, Demand>> = {
  monotone: demands.monotone([
    [1, -1],
    [-1, 0],
  ]),
  'spectral norm': demands.lipschitz(0.3),
  'rows’ norms': demands.rowLipschitz([0.2, 0.3], 'infinity'),
  'row sums': demands.rowSums([1, -0.5]),
  symmetric: demands.symmetric(),
  dissipative: demands.dissipative(0.5),
  stable: demands.stable(0.4, { at, P }),
  hurwitz: demands.hurwitz(0.2, { at, P }),
  safe: demands.safe(
    [
      [1, 1],
      [-1, 0.5],
    ],
    [0.1, 0.2],
  ),
  through: demands.through([{ x: at, y: [0.5, -1] }]),
  several: demands.all(
    demands.symmetric(),
    demands.rowSums([0.5, 0.5]),
    demands.lipschitz(0.8),
    demands.through([{ x: at, y: [1, 0] }]),
  ),
};

const A = matrixFromRows([
  [0.5, -0.25],
  [1, 0],
]);

/** What float32 loses in frames, corrections and sums of numbers of about 4. */
const FLOAT32 = 2 ** -18;

const STEPS = 12;

/** Registers the laws of `target` as tests: of every demand, of given maps, of several regions, and what is refused before training. */
export function targetConformance<Held>(name: string, adapter: TargetAdapter<Held>): void {
  const [x, y] = [randomRows(24, 2, 11, 2), randomRows(24, 2, 12)];
  const mapOf = async (held: Held, region: Region) => mapThrough(region, p => adapter.run(held, p));

  describe.each(['shift', 'patch'] as const)(`${name}, target by %s`, method => {
    test.each(Object.entries(planeDemands))(
      '%s: holds at every step and after freezing',
      async (_, demand) => {
        const held = adapter.constrain({ regions: [square], method, target: demand });
        const losses: number[] = [];
        for (let step = 0; step < STEPS; step++) {
          expect(excessOf(demand, await mapOf(held, square), square)).toBeLessThan(FLOAT32 * 16);
          losses.push(await adapter.step(held, x, y));
        }
        expect(losses.at(-1)).toBeLessThan(losses[0]);
        const outputs = (await adapter.run(held, x)).data;
        const frozen = adapter.freeze(held);
        const { residual } = frozen.demands![0]!;
        expect(residual).toBeLessThanOrEqual(FLOAT32);
        expect(excessOf(asProved(demand), frozen.maps[0], square)).toBeLessThanOrEqual(residual + 2 ** -40);
        (await frozen.run(x)).data.forEach((value, i) => {
          expect(Math.abs(value - outputs[i])).toBeLessThan(FLOAT32 * 16);
        });
      },
    );

    test.each([{ A, b: [0.5, -1] }, { A }])('given maps are kept: %j', async target => {
      const held = adapter.constrain({ regions: [square], method, target });
      const losses: number[] = [];
      for (let step = 0; step < STEPS; step++) {
        const map = await mapOf(held, square);
        expectNear(map.A.data, A.data);
        if (target.b) expectNear(map.b, target.b);
        losses.push(await adapter.step(held, x, y));
      }
      expect(losses.at(-1)).toBeLessThan(losses[0]);
      expectNear(adapter.freeze(held).maps[0].A.data, A.data);
    });

    test.each<[string, string, Target | readonly (Target | undefined)[], readonly Region[]]>([
      ['infeasible-target', 'demand', demands.all(demands.lipschitz(0.1), demands.rowSums([1, 1])), [square]],
      ['shape', 'monotone', demands.monotone([[1]]), [square]],
      ['shape', 'target', { A: matrix(1, 2) }, [square]],
      ['invalid-option', 'target', [demands.symmetric(), demands.symmetric()], [square]],
      ['invalid-option', 'target', 'symmetric' as never, [square]],
    ])('refuses what cannot be before training: %s at %s', async (code, where, target, regions) => {
      const error = await policeError(() => adapter.constrain({ regions, method, target }));
      expect(error.code).toBe(code);
      expect(error.where).toContain(where);
    });
  });

  test(`${name}, target by patch: two regions have a target each, exact where float32 holds it`, async () => {
    const regions = [box([-2, -2], [-1, -1]), box([1, 1], [2, 2]), box([-2, 1], [-1, 2])];
    const given = { A: matrix(2, 2), b: [0, 1] };
    const wanted = demands.all(demands.antisymmetric(), demands.rowLipschitz([1, 1]));
    const held = adapter.constrain({ regions, method: 'patch', target: [wanted, undefined, given] });
    for (let step = 0; step < 6; step++) await adapter.step(held, x, y);
    const { maps, demands: proved, network } = adapter.freeze(held);
    expect(proved).toEqual([{ demand: wanted, residual: 0 }, undefined, undefined]);
    expect(Array.from(maps[2].b)).toEqual([0, 1]);
    expect(excessOf(wanted, maps[0], regions[0])).toBe(0);
    expect(excessOf(wanted, maps[1], regions[1])).toBeGreaterThan(0.01);
    expect(network.nodes.some(({ kind }) => kind === 'clamp')).toBe(true);
  });

  test.each<[string, string, readonly Region[], (Target | undefined)[]]>([
    ['invalid-option', 'target', [square, box([4, 4], [5, 5])], [undefined, demands.symmetric()]],
    ['infeasible-target', 'box', [box([0, 0], [1, 0])], [demands.symmetric()]],
  ])(`${name}, target by shift: refuses %s at %s`, async (code, where, regions, target) => {
    const error = await policeError(() => adapter.constrain({ regions, method: 'shift', target }));
    expect(error.code).toBe(code);
    expect(error.where).toContain(where);
  });
}

const expectNear = (found: ArrayLike<number>, wanted: ArrayLike<number>): void => {
  Array.from(wanted).forEach((value, i) => {
    expect(Math.abs(found[i] - value)).toBeLessThan(FLOAT32 * 16);
  });
};

/** The map that a model computes on a region of the plane, from its values at the region's frame. */
async function mapThrough(
  { frame: { data } }: Region,
  run: (x: Matrix) => Eventually<Matrix>,
): Promise<AffineMap> {
  const corners = [0, 1, 2].map(i => [0, 1].map(k => data[k] + (i > 0 ? data[2 * i + k] : 0)));
  const values = (await run(matrixFromRows(corners))).data;
  const [[a, b], [c, d]] = [1, 2].map(i => [corners[i][0] - corners[0][0], corners[i][1] - corners[0][1]]);
  const det = a * d - b * c;
  const rows = [0, 1].map(j => {
    const [u, v] = [1, 2].map(i => values[2 * i + j] - values[j]);
    return [(d * u - b * v) / det, (a * v - c * u) / det];
  });
  return {
    A: matrixFromRows(rows),
    b: Float64Array.from(rows, ([p, q], j) => values[j] - p * corners[0][0] - q * corners[0][1]),
  };
}
