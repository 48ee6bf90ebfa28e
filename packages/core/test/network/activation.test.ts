import { type Activation, elu, float16, float32, hardSwish, identity, matrix, selu } from '@police/core';
import { activate, activationByName } from '@police/core/adapter';
import { activationKinds, makeActivation, seededRng } from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { activateRows } from '../../src/network/activate-rows.js';
import { activationSlope, roundActivation, slopeAt, steepest } from '../../src/network/activation.js';

/** The functions as everyone else writes them. */
const definitions: Record<string, (x: number, alpha: number) => number> = {
  identity: x => x,
  relu: x => Math.max(0, x),
  leakyRelu: (x, alpha) => (x > 0 ? x : alpha * x),
  prelu: (x, alpha) => (x > 0 ? x : alpha * x),
  abs: x => Math.abs(x),
  relu6: x => Math.min(Math.max(0, x), 6),
  hardTanh: x => Math.max(-1, Math.min(1, x)),
  clip: x => Math.max(-0.5, Math.min(2, x)),
  hardSigmoid: x => Math.max(0, Math.min(1, 0.2 * x + 0.5)),
  hardSwish: x => x * Math.max(0, Math.min(1, x / 6 + 0.5)),
  elu: x => (x > 0 ? x : 0.7 * (Math.exp(x) - 1)),
  selu: x => 1.0507010221481323 * (x > 0 ? x : 1.6732631921768188 * (Math.exp(x) - 1)),
};

/** Two ways to write a function differ by a few roundings of numbers up to 20. */
const SAME_FUNCTION = 64 * Number.EPSILON * 20;

const UNITS = 3;
const all: Activation[] = [
  ...activationKinds.map(kind => makeActivation(kind, UNITS, seededRng(1))),
  identity(),
  hardSwish(),
  elu(0.7),
  selu(),
];
const inputs = fc.oneof(fc.double({ noNaN: true, min: -20, max: 20 }), fc.constantFrom(-1, 0, 1, 6));

describe.each(all)('$name', activation => {
  const alphaOf = (unit: number) => slopeAt(activation.pieces[0], unit);

  test('of rows is that of each unit, bit by bit, shifted or not', () => {
    const special = fc.constantFrom(
      0,
      -0,
      -3,
      3,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    );
    const values = fc.array(fc.oneof(inputs, special), { minLength: 2 * UNITS, maxLength: 2 * UNITS });
    const shifts = fc.option(fc.array(inputs, { minLength: UNITS, maxLength: UNITS }), { nil: undefined });
    fc.assert(
      fc.property(values, shifts, (entries, shift) => {
        const h = matrix(2, UNITS, Float64Array.from(entries));
        const { data } = activateRows(activation, h, shift && Float64Array.from(shift));
        const expected = entries.map((x, i) =>
          activate(activation, shift ? x + shift[i % UNITS] : x, i % UNITS),
        );
        expect(data).toEqual(Float64Array.from(expected));
        expect(h.data, 'what is read stays as it is').toEqual(Float64Array.from(entries));
      }),
    );
  });

  test('is its definition', () => {
    fc.assert(
      fc.property(inputs, fc.nat(UNITS - 1), (x, unit) => {
        const expected = definitions[activation.name](x, alphaOf(unit));
        const isExact = !activation.curve;
        expect(Math.abs(activate(activation, x, unit) - expected)).toBeLessThanOrEqual(
          isExact ? 0 : SAME_FUNCTION,
        );
      }),
    );
  });

  test.each([
    ['as given', activation],
    ['rounded', roundActivation(activation, float32)],
  ])(
    '%s: has one piece more than kinks, in ascending order, and neighbours agree at the kink',
    (_, activation) => {
      const { kinks, pieces } = activation;
      expect(pieces.length).toBe(kinks.length + 1);
      kinks.forEach(({ lo, hi }, k) => {
        if (!activation.curve) expect(lo).toBe(hi);
        if (k > 0) expect(lo).toBeGreaterThan(kinks[k - 1].hi);
        for (let unit = 0; unit < UNITS; unit++) {
          for (const [piece, end] of [
            [pieces[k], lo],
            [pieces[k + 1], hi],
          ] as const) {
            if (!Number.isFinite(end)) continue;
            const onPiece = slopeAt(piece, unit) * end + piece.offset;
            expect(Math.abs(activate(activation, end, unit) - onPiece)).toBeLessThanOrEqual(SAME_FUNCTION);
          }
          expect(activationSlope(activation, hi + 1e-9, unit).slope).toBe(slopeAt(pieces[k + 1], unit));
          if (Number.isFinite(lo))
            expect(activationSlope(activation, lo, unit).slope).toBe(slopeAt(pieces[k], unit));
        }
      });
    },
  );

  test('its slope is its derivative, and no slope exceeds the steepest', () => {
    const step = Math.cbrt(Number.EPSILON);
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -8, max: 8 }), fc.nat(UNITS - 1), (x, unit) => {
        const { slope } = activationSlope(activation, x, unit);
        const difference =
          (activate(activation, x + step, unit) - activate(activation, x - step, unit)) / (2 * step);
        const isSmooth = activation.kinks.every(
          ({ lo, hi }) => Math.min(Math.abs(x - lo), Math.abs(x - hi)) > step,
        );
        // Third derivatives are at most about 2; rounding of values up to 8 over the step.
        if (isSmooth)
          expect(Math.abs(slope - difference)).toBeLessThan(2 * step ** 2 + (16 * Number.EPSILON * 8) / step);
        expect(Math.abs(slope)).toBeLessThanOrEqual(steepest(activation, unit) * (1 + Number.EPSILON));
      }),
    );
  });

  test('rounds its parameters and nothing else', () => {
    const rounded = roundActivation(activation, float32);
    if (activation.name !== 'hardSigmoid') expect(rounded.kinks).toEqual(activation.kinks);
    rounded.pieces.forEach((piece, i) => {
      expect(piece.offset).toBe(Math.fround(activation.pieces[i].offset));
      for (let unit = 0; unit < UNITS; unit++)
        expect(slopeAt(piece, unit)).toBe(Math.fround(slopeAt(activation.pieces[i], unit)));
    });
  });

  test('in half precision its single numbers keep float32, which is what files store, its slopes per unit do not', () => {
    const rounded = roundActivation(activation, float16);
    rounded.pieces.forEach(({ slope }, i) => {
      const before = activation.pieces[i].slope;
      const round = typeof before === 'number' ? Math.fround : float16.round;
      const list = (values: number | Float64Array) => (typeof values === 'number' ? [values] : [...values]);
      expect(list(slope)).toEqual(list(before).map(round));
    });
  });

  test('is left as it is, if it keeps its constants', () => {
    const keeping = { ...activation, keepsConstants: true };
    expect(roundActivation(keeping, float16)).toBe(keeping);
  });

  test('goes by its name', () => {
    const alpha = activation.alpha ?? activation.pieces[0].slope;
    const parameters = { ...(activation.name === 'hardSigmoid' ? {} : { alpha }), min: -0.5, max: 2 };
    const { curve, ...found } = activationByName(activation.name, parameters);
    const { curve: expectedCurve, ...expected } = activation;
    expect(found).toEqual(expected);
    expect(curve?.steepest).toBe(expectedCurve?.steepest);
  });
});
