import { chordProbe, enforce, forward, matrix, rowOf } from '@police/core';
import {
  activationKinds,
  makeRegion,
  randomArray,
  randomNetwork,
  randomRegions,
  regionKinds,
  roundingBoundOn,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const CHORDS = 50;

describe.each(regionKinds)('chords of a %s', kind => {
  test('lie in it, midpoints between their ends', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const region = makeRegion(kind, 4, rng);
        const { points } = chordProbe(region, CHORDS, rng);
        expect([points.rows, points.cols]).toEqual([3 * CHORDS, 4]);
        for (let i = 0; i < CHORDS; i++) {
          const [a, b, middle] = [i, CHORDS + i, 2 * CHORDS + i].map(row => rowOf(points, row));
          expect(middle).toEqual(a.map((x, k) => (x + b[k]) / 2));
          for (const x of [a, b, middle]) expect(region.contains(x)).toBe(true);
        }
      }),
      { numRuns: 10 },
    );
  });

  test('find an unconstrained network bent and a policed one straight', () => {
    for (const [i, activation] of activationKinds.entries()) {
      const rng = seededRng(i);
      const region = makeRegion(kind, 4, rng, 2);
      const net = randomNetwork(rng, [4, 24, 24, 2], activation);
      const { network: policed } = enforce(net, [region]);
      const { points, residual } = chordProbe(region, CHORDS, rng);
      const tolerance = roundingBoundOn(policed, region);
      expect(residual(forward(policed, points)), `policed ${activation}`).toBeLessThanOrEqual(tolerance);
      // On a point everything is affine; elsewhere bends of a network of weights near 1 are of that order.
      const bent = residual(forward(net, points));
      if (kind === 'point') expect(bent).toBeLessThanOrEqual(tolerance);
      else expect(bent, `unconstrained ${activation}`).toBeGreaterThan(1e-3);
    }
  });
});

test('the residual of a square is its largest deviation at a midpoint', () => {
  const rng = seededRng(1);
  const region = makeRegion('ball', 2, rng);
  const { points, residual } = chordProbe(region, CHORDS, rng);
  const square = points.data.filter((_, i) => i % 2 === 0).map(x => x * x);
  let expected = 0;
  for (let i = 0; i < CHORDS; i++)
    expected = Math.max(expected, (points.data[2 * i] - points.data[2 * (CHORDS + i)]) ** 2 / 4);
  const found = residual(matrix(3 * CHORDS, 1, square));
  // (a² + b²)/2 − ((a + b)/2)² = ((a − b)/2)²; a handful of roundings of numbers below 4.
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(16 * 4 * Number.EPSILON);
});

test('NaN stays visible, wherever it is', () => {
  fc.assert(
    fc.property(seeds, fc.nat(3 * CHORDS * 2 - 1), (seed, at) => {
      const rng = seededRng(seed);
      const [region] = randomRegions(rng, 3, 1);
      const { residual } = chordProbe(region, CHORDS, rng);
      const values = Float64Array.from(randomArray(rng, 3 * CHORDS * 2));
      values[at] = NaN;
      expect(residual(matrix(3 * CHORDS, 2, values))).toBeNaN();
    }),
    { numRuns: 50 },
  );
});
