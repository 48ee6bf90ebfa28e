import { type Activation, activate, activationByName, float32, identity } from '@police/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pieceIndex, roundActivation, slopeAt } from '../src/activation.js';
import { activationKinds, makeActivation, seededRng } from './helpers.js';

/** The functions as everyone else writes them. */
const definitions: Record<string, (x: number, alpha: number) => number> = {
  identity: x => x,
  relu: x => Math.max(0, x),
  leakyRelu: (x, alpha) => (x > 0 ? x : alpha * x),
  prelu: (x, alpha) => (x > 0 ? x : alpha * x),
  abs: x => Math.abs(x),
  relu6: x => Math.min(Math.max(0, x), 6),
  hardTanh: x => Math.max(-1, Math.min(1, x)),
};

const UNITS = 3;
const all: Activation[] = [
  ...activationKinds.map(kind => makeActivation(kind, UNITS, seededRng(1))),
  identity(),
];
const inputs = fc.oneof(fc.double({ noNaN: true, min: -20, max: 20 }), fc.constantFrom(-1, 0, 1, 6));

describe.each(all)('$name', activation => {
  const alphaOf = (unit: number) => slopeAt(activation.pieces[0], unit);

  test('is its definition', () => {
    fc.assert(
      fc.property(inputs, fc.nat(UNITS - 1), (x, unit) => {
        // `+ 0` makes −0 into 0.
        expect(activate(activation, x, unit) + 0).toBe(definitions[activation.name](x, alphaOf(unit)) + 0);
      }),
    );
  });

  test('has one piece more than kinks, in ascending order, and neighbours agree at the kink', () => {
    const { kinks, pieces } = activation;
    expect(pieces.length).toBe(kinks.length + 1);
    kinks.forEach(({ lo, hi }, k) => {
      expect(lo).toBe(hi);
      if (k > 0) expect(lo).toBeGreaterThan(kinks[k - 1].hi);
      for (let unit = 0; unit < UNITS; unit++) {
        const [left, right] = [pieces[k], pieces[k + 1]].map(
          piece => slopeAt(piece, unit) * lo + piece.offset,
        );
        expect(left + 0).toBe(right + 0);
      }
      expect(pieceIndex(activation, lo)).toBe(k);
      expect(pieceIndex(activation, lo + 1e-9)).toBe(k + 1);
    });
  });

  test('rounds its slopes and nothing else', () => {
    const rounded = roundActivation(activation, float32);
    expect(rounded.kinks).toEqual(activation.kinks);
    rounded.pieces.forEach((piece, i) => {
      expect(piece.offset).toBe(activation.pieces[i].offset);
      for (let unit = 0; unit < UNITS; unit++)
        expect(slopeAt(piece, unit)).toBe(Math.fround(slopeAt(activation.pieces[i], unit)));
    });
  });

  test('goes by its name', () => {
    const { slope } = activation.pieces[0];
    expect(activationByName(activation.name, slope)).toEqual(activation);
  });
});
