import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ACTIVATIONS,
  BACKENDS,
  DEFAULTS,
  DEPTHS,
  EXTENT,
  POLICIES,
  RATES,
  TARGETS,
  WIDTHS,
} from '../src/state/settings.js';
import { decode, encode } from '../src/state/url.js';

const coordinate = fc.integer({ min: -100 * EXTENT, max: 100 * EXTENT }).map(n => n / 100);
const point = fc.tuple(coordinate, coordinate);
const shape = fc.oneof(
  fc.record({
    kind: fc.constant('polygon' as const),
    points: fc.array(point, { minLength: 3, maxLength: 9 }),
  }),
  fc.record({
    kind: fc.constant('disc' as const),
    centre: point,
    radius: fc.integer({ min: 1, max: 100 * EXTENT }).map(n => n / 100),
  }),
);
const settings = fc.record({
  target: fc.constantFrom(...TARGETS),
  regions: fc.array(shape, { maxLength: 4 }),
  activation: fc.constantFrom(...ACTIVATIONS),
  width: fc.constantFrom(...WIDTHS),
  depth: fc.constantFrom(...DEPTHS),
  policy: fc.constantFrom(...POLICIES),
  rate: fc.constantFrom(...RATES),
  backend: fc.constantFrom(...BACKENDS),
  seed: fc.nat(),
});

/** −0 is written as 0. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('the address', () => {
  test('holds all settings', () => {
    fc.assert(
      fc.property(settings, given => {
        const { settings: found, problems } = decode(`#${encode(given)}`);
        expect(plain(found)).toEqual(plain(given));
        expect(problems).toEqual([]);
      }),
    );
  });

  test('of the defaults is empty', () => {
    expect(encode(DEFAULTS)).toBe('');
    expect(decode('').settings).toEqual(DEFAULTS);
  });

  test('whatever it is, leads to settings that can be', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webFragments()), text => {
        const { settings: found } = decode(text);
        expect(decode(encode(found))).toEqual({ settings: found, problems: [] });
      }),
    );
  });

  test.each([
    ['target=moon', 'target'],
    ['seed=-1', 'seed'],
    ['regions=1,1;2,2', 'regions'],
    ['regions=1,1;2,2;9,9', 'regions'],
    ['regions=o;0,0;-1', 'regions'],
    ['regions=o;0,0', 'regions'],
  ])('%s is told, and the default taken', (text, name) => {
    const { settings: found, problems } = decode(text);
    expect(found).toEqual(DEFAULTS);
    expect(problems).toEqual([expect.stringContaining(name)]);
  });
});
