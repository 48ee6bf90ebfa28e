import {
  type Activation,
  box,
  type Certified,
  certify,
  chain,
  dense,
  enforce,
  forward,
  freeze,
  gelu,
  geluTanh,
  mish,
  type Network,
  quickGelu,
  type Rng,
  relu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from '@police/core';
import { activate, activationByName } from '@police/core/adapter';
import {
  applyMap,
  expectClose,
  pick,
  pointsOf,
  randomArray,
  randomRegions,
  roundingBoundOn,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { activationSlope, slopeAt } from '../../src/network/activation.js';
import { erfc } from '../../src/numeric/erf.js';

const smooth = { softplus, silu, gelu, geluTanh, quickGelu, mish, sigmoid, tanh };
const names = Object.keys(smooth) as (keyof typeof smooth)[];
/** Exponents of ε from coarse to almost the float64 rounding of a tail. */
const epsilons = fc.double({ min: -14, max: -0.5, noNaN: true }).map(exponent => 10 ** exponent);

/** |σ(x) − piece(x)| on the side x is on. */
function distance(activation: Activation, x: number): number {
  const piece = activation.pieces[x > 0 ? 1 : 0];
  return Math.abs(activate(activation, x, 0) - (slopeAt(piece, 0) * x + piece.offset));
}

describe.each(names)('%s', name => {
  test('is within ε of its pieces outside its kink, and not just inside', () => {
    fc.assert(
      fc.property(epsilons, fc.double({ min: 0, max: 1, noNaN: true }), (epsilon, t) => {
        const activation = smooth[name](epsilon);
        const [{ hi: tau, lo }] = activation.kinks;
        expect(lo).toBe(-tau);
        // The evaluation itself rounds.
        const rounding = 8 * Number.EPSILON * (1 + tau);
        for (const x of [tau, tau * (1 + 3 * t), tau + 100 * t]) {
          for (const at of [x, -x]) {
            expect(distance(activation, at)).toBeLessThanOrEqual(
              epsilon + 8 * Number.EPSILON * (1 + Math.abs(at)),
            );
          }
        }
        if (tau > 1.3) expect(distance(activation, -tau * 0.999)).toBeGreaterThan(epsilon - rounding);
      }),
      { numRuns: 300 },
    );
  });

  test('slopes are those of the values, and none is steeper than it says', () => {
    const activation = smooth[name](1e-3);
    const step = 1e-5;
    for (let x = -12; x <= 12; x += 0.01) {
      const { slope } = activationSlope(activation, x, 0);
      const difference = (activate(activation, x + step, 0) - activate(activation, x - step, 0)) / (2 * step);
      expect(Math.abs(slope - difference)).toBeLessThan(1e-9);
      expect(Math.abs(slope)).toBeLessThanOrEqual(activation.curve!.steepest);
    }
  });

  test('is refused without ε, or with one that bounds nothing', () => {
    expect(() => activationByName(name)).toThrow(/pass epsilon/);
    expect(activationByName(name, { epsilon: 1e-4 }).approximationError).toBe(1e-4);
    for (const epsilon of [0, -1, Number.NaN, Infinity])
      expect(() => smooth[name](epsilon)).toThrow(/epsilon/);
  });
});

/** A smooth layer, then a ReLU that must stand the error, then another smooth one. */
function smoothNetwork(rng: Rng, epsilon: number): Network {
  const layer = (inSize: number, outSize: number) =>
    dense(
      Array.from({ length: outSize }, () => randomArray(rng, inSize, Math.sqrt(3 / inSize))),
      randomArray(rng, outSize),
    );
  const any = () => smooth[pick(rng, names)](epsilon);
  return chain(3, [layer(3, 8), any(), layer(8, 7), relu(), layer(7, 6), any(), layer(6, 2)]);
}

describe('networks of smooth activations', () => {
  test('are affine on every region up to the reported error, which is part of the proof', () => {
    let largestShare = 0;
    fc.assert(
      fc.property(seeds, fc.double({ min: -9, max: -1, noNaN: true }), (seed, exponent) => {
        const rng = seededRng(seed);
        const net = smoothNetwork(rng, 10 ** exponent);
        const regions = randomRegions(rng, 3, 2);
        const { network: policed, report } = enforce(net, regions);
        const frozen = freeze(policed, regions).network;
        const proof = certify(frozen, regions);
        expect(proof.certified).toBe(true);
        regions.forEach((region, r) => {
          const points = pointsOf(region, 10, rng);
          const rounding = 8 * roundingBoundOn(policed, region);
          const { map, mapError, approximationError } = (proof as Certified).regions[r];
          const check = (network: Network, expected: Float64Array, bounds: Float64Array) => {
            const actual = forward(network, points).data;
            actual.forEach((y, i) => {
              const allowed = bounds[i % 2];
              expect(Math.abs(y - expected[i])).toBeLessThanOrEqual(allowed + rounding);
              largestShare = Math.max(largestShare, Math.abs(y - expected[i]) / allowed);
            });
          };
          check(policed, applyMap(report.maps[r], points), report.approximationErrors![r]);
          check(frozen, applyMap(map, points), mapError);
          // Rounding moves weights a little, and the bound with them.
          expectClose(
            approximationError!,
            report.approximationErrors![r],
            1e-3 * Math.max(...approximationError!),
            'tail error',
          );
          approximationError!.forEach((e, j) => {
            expect(e).toBeLessThanOrEqual(mapError[j]);
          });
        });
      }),
      { numRuns: 60 },
    );
    // The bound is of the size of what happens, not of another order.
    expect(largestShare).toBeGreaterThan(0.05);
  });

  test('unconstrained they are refuted, and exact ones report no error', () => {
    const rng = seededRng(7);
    const regions = randomRegions(rng, 3, 1);
    expect(certify(smoothNetwork(rng, 1e-3), regions).certified).toBe(false);
    const exact = chain(3, [dense([[1, 2, 3]]), relu(), dense([[1]])]);
    const { report, network } = enforce(exact, regions);
    expect(report.approximationErrors).toBeUndefined();
    expect(
      (certify(freeze(network, regions).network, regions) as Certified).regions[0].approximationError,
    ).toBeUndefined();
  });

  test('a unit after the smooth layer keeps clear of its kink by the error', () => {
    // softplus of x ≥ τ is up to ε above x, so the ReLU that wants x − τ must be lifted by ε more than 0.
    const epsilon = 0.1;
    const activation = softplus(epsilon);
    const tau = activation.kinks[0].hi;
    const net = chain(1, [dense([[1]]), activation, dense([[-1]], [tau]), relu(), dense([[1]])]);
    const { shifts } = enforce(net, [box([tau], [tau + 1])], { policy: () => 1 });
    expect(shifts.relu_4[0]).toBeCloseTo(1 + epsilon, 6);
  });
});

describe('erfc', () => {
  test('has the values of the tables', () => {
    // DLMF §7.23 / Abramowitz & Stegun table 7.1 and 7.3 to the digits given.
    const table: [number, number][] = [
      [0, 1],
      [0.5, 0.4795001221869535],
      [1, 0.15729920705028513],
      [2, 0.004677734981047266],
      [3, 2.209049699858544e-5],
      [5, 1.5374597944280349e-12],
      [10, 2.088487583762545e-45],
    ];
    for (const [x, value] of table) {
      expect(Math.abs(erfc(x) / value - 1)).toBeLessThan(1e-13);
      expect(erfc(-x)).toBeCloseTo(2 - value, 14);
    }
    expect(erfc(Number.NaN)).toBeNaN();
    expect(erfc(40)).toBe(0);
  });

  test('has the Gaussian as its derivative, on both sides of where the series ends', () => {
    const step = 1e-4;
    for (let x = -3; x < 6; x += 0.01) {
      const difference = (erfc(x + step) - erfc(x - step)) / (2 * step);
      const slope = (-2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
      expect(Math.abs(difference - slope)).toBeLessThan(2e-8);
    }
  });
});
