import {
  enforce,
  foldShifts,
  forward,
  freeze,
  type Network,
  type PolicedForward,
  policedBackward,
  policedForward,
} from '@police/core';
import type { AffineNode } from '@police/core/adapter';
import { gradientOf, lossOf, STEP, setting } from '@police/testing/finite-differences';
import { randomGraph } from '@police/testing/graphs';
import {
  applyMap,
  expectClose,
  pick,
  pointsOf,
  policies,
  randomRegions,
  roundingBoundOn,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const policyNames = Object.keys(policies);

describe('graphs of every kind of node', () => {
  test('policed, they equal their affine map on every region', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.constantFrom(...policyNames),
        fc.integer({ min: 1, max: 3 }),
        (seed, name, count) => {
          const rng = seededRng(seed);
          const net = randomGraph(rng, 3, 2);
          const regions = randomRegions(rng, 3, count);
          const { network: policed, report } = enforce(net, regions, { policy: policies[name] });
          regions.forEach((region, r) => {
            const points = pointsOf(region, 12, rng);
            const expected = applyMap(report.maps[r], points);
            const tolerance = roundingBoundOn(policed, region);
            expectClose(forward(policed, points).data, expected, tolerance, `region ${r} (${region.kind})`);
            expectClose(
              forward(foldShifts(policed), points).data,
              expected,
              tolerance,
              `folded, region ${r}`,
            );
          });
        },
      ),
      { numRuns: 120 },
    );
  });

  test('a second enforcement finds nothing left to shift, to rounding', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const regions = randomRegions(rng, 3, 2);
        const once = enforce(randomGraph(rng, 3, 2), regions, {
          policy: pick(rng, ['minimal', 'majority'] as const),
        });
        const { report } = enforce(once.network, regions);
        const tolerance = Math.max(...regions.map(region => roundingBoundOn(once.network, region)));
        expectClose([report.largestShift], [0], tolerance, 'largest shift left');
      }),
      { numRuns: 60 },
    );
  });

  test('without the constraint some graph bends on its regions', () => {
    const rng = seededRng(1);
    const bends = Array.from({ length: 20 }, () => {
      const net = randomGraph(rng, 3, 2);
      const regions = randomRegions(rng, 3, 1);
      return enforce(net, regions).report.shifted > 0;
    });
    expect(bends.filter(Boolean).length).toBeGreaterThan(10);
  });

  test('sticky keeps a maximum’s winner while a lift is needed', () => {
    const rng = seededRng(3);
    const regions = randomRegions(rng, 3, 1);
    const net = randomGraph(rng, 3, 2);
    const first = enforce(net, regions, { policy: 'sticky' });
    const again = enforce(net, regions, { policy: 'sticky', sides: first.sides });
    expect(again.sides).toEqual(first.sides);
    expect(again.shifts).toEqual(first.shifts);
  });
});

test('without regions, lifts that are there stay', () => {
  const rng = seededRng(2);
  const regions = randomRegions(rng, 3, 2);
  const { network: policed, report } = enforce(randomGraph(rng, 3, 2), regions);
  expect(report.layers.find(({ name }) => name === 'pool')!.shifted).toBeGreaterThan(0);
  const liftsOf = (net: Network) =>
    net.nodes.flatMap(node => (node.kind === 'max' && node.lifts ? [node.lifts.winner] : []));
  expect(liftsOf(freeze(policed, []).network)).toEqual(liftsOf(policed));
});

describe('gradients through graphs', () => {
  test('equal central differences in the input’s direction and in every bias', () => {
    let compared = 0;
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const net = randomGraph(rng, 3, 2);
        const regions = randomRegions(rng, 3, 2);
        const given = setting(net, regions, { policy: 'majority' }, rng);
        const run = policedForward(net, regions, given.x, given.options);
        const { affine } = policedBackward(run, given.dOutput);
        for (const node of net.nodes) {
          if (node.kind !== 'affine') continue;
          const { operator } = node;
          const at = Math.floor(rng() * operator.outSize);
          const moved = (step: number): Network => ({
            ...net,
            nodes: net.nodes.map(other => (other === node ? withBiasMoved(node, at, step) : other)),
          });
          const difference = (step: number) =>
            (lossOf({ ...given, net: moved(step) }) - lossOf({ ...given, net: moved(-step) })) / (2 * step);
          const decisions = (step: number) =>
            decisionsOf(policedForward(moved(step), regions, given.x, given.options));
          // Where two sides or winners tie, rounding chooses: the loss has as many branches, each with its own slope.
          if ([-STEP, STEP].some(step => decisions(step) !== decisions(0))) continue;
          const wide = difference(STEP);
          // A kink within the step shows as two step sizes disagreeing.
          if (Math.abs(wide - difference(STEP / 2)) > GRADIENT_TOLERANCE) continue;
          compared++;
          expectClose(
            [affine.get(node.name)!.bias[at]],
            [wide],
            GRADIENT_TOLERANCE,
            `${node.name} bias ${at}`,
          );
        }
        expect(gradientOf(given, 'exact').every(Number.isFinite)).toBe(true);
      }),
      { numRuns: 40 },
    );
    // Five affine nodes a graph; kinks may spoil some.
    expect(compared).toBeGreaterThan(120);
  });
});

/** Rounding of a loss of about 10² divided by the step, and the step's square times third derivatives of balls. */
const GRADIENT_TOLERANCE = (2 ** 7 * 64 * Number.EPSILON) / STEP + 2 ** 10 * STEP ** 2;

function withBiasMoved(node: AffineNode, at: number, step: number): AffineNode {
  const bias = node.operator.bias.map((b, j) => (j === at ? b + step : b));
  return { ...node, operator: node.operator.withBias(bias) };
}

/** Every side and every winner that a pass chose. */
function decisionsOf({ pass }: PolicedForward): string {
  const sides = [...pass.layers.values()].map(({ shifts }) => shifts.sides.join());
  const winners = [...pass.maxima.values()].map(
    chosen => `${chosen.winners.join()} ${chosen.lifts.winner.join()}`,
  );
  return [...sides, ...winners].join(';');
}
