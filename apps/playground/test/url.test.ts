import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PRESET_NAMES, PRESETS } from '../src/presets/presets.js';
import { EXTENT } from '../src/state/plane.js';
import {
  ACTIVATIONS,
  BACKENDS,
  DEFAULTS,
  DEPTHS,
  GRADIENTS,
  LINES,
  METHODS,
  MODES,
  MOST_STEPS,
  POLICIES,
  RATES,
  STEEPNESSES,
  TARGETS,
  WIDTHS,
} from '../src/state/settings.js';
import { decode, encode } from '../src/state/url.js';
import { drawing } from './drawings.js';

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
  drawing,
  method: fc.constantFrom(...METHODS),
  steepness: fc.constantFrom(...STEEPNESSES),
  start: fc.constant('new' as const),
  mode: fc.constantFrom(...MODES),
  gradient: fc.constantFrom(...GRADIENTS),
  steps: fc.nat(MOST_STEPS),
  lines: fc.constantFrom(...LINES),
  bends: fc.boolean(),
});

/** Links that are nearly right. */
const parts = fc
  .dictionary(
    fc.constantFrom(...Object.keys(DEFAULTS)),
    fc.string({ unit: fc.constantFrom(...'01.;,!oace') }),
  )
  .map(found => `${new URLSearchParams(found)}`);

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

  test('of the defaults is not empty, since that opens a preset', () => {
    expect(encode(DEFAULTS)).toBe('start=new');
    expect(decode('').settings).toEqual(DEFAULTS);
  });

  test.each(PRESET_NAMES)(
    'of the preset %s leads to it, also with other regions and by another method',
    name => {
      fc.assert(
        fc.property(
          fc.record({
            regions: fc.array(shape, { maxLength: 4 }),
            method: fc.constantFrom(...METHODS),
            steepness: fc.constantFrom(...STEEPNESSES),
            steps: fc.nat(MOST_STEPS),
          }),
          changed => {
            const given = { ...PRESETS[name].settings, ...changed };
            const { settings: found, problems } = decode(`#${encode(given)}`);
            expect(plain(found)).toEqual(plain(given));
            expect(problems).toEqual([]);
          },
        ),
      );
    },
  );

  test('that starts from networks of other settings starts from new ones, and tells', () => {
    const { settings: found, problems } = decode(encode({ ...PRESETS.prior.settings, width: 16 }));
    expect(found).toMatchObject({ width: 16, start: 'new' });
    expect(problems).toEqual([expect.stringContaining('width')]);
  });

  test('whatever it is, leads to settings that can be', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webFragments(), parts), text => {
        const { settings: found } = decode(text);
        expect(decode(encode(found))).toEqual({ settings: found, problems: [] });
      }),
    );
  });

  test.each([
    ['target=moon', 'target'],
    ['seed=-1', 'seed'],
    ['seed=', 'seed'],
    ['drawing=7x', 'drawing'],
    ['drawing=1601a', 'drawing'],
    ['mode=fold', 'mode'],
    ['gradient=none', 'gradient'],
    ['lines=all', 'lines'],
    ['bends=1', 'bends'],
    ['steps=1e9', 'steps'],
    ['steps=10001', 'steps'],
    ['regions=o;0,0;0.001', 'regions'],
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
