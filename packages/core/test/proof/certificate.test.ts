import {
  type Certificate,
  certificateFlaw,
  certificateOf,
  certificateText,
  enforce,
  freeze,
  regionFromJSON,
} from '@police/core';
import { randomGraph } from '@police/testing/graphs';
import { randomRegions, seededRng } from '@police/testing/helpers';
import { describe, expect, test } from 'vitest';

const rng = seededRng(11);
const regions = randomRegions(rng, 3, 2);
const net = randomGraph(rng, 3, 2);
const frozen = freeze(enforce(net, regions).network, regions).network;
const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
const written = JSON.stringify(certificateOf(frozen, regions, bytes));
const read = (): Certificate => JSON.parse(written);

/** Every path to a leaf of a JSON value. */
function leaves(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, [...path, key]));
}

describe('a certificate', () => {
  test('holds after a round trip through JSON', () => {
    expect(certificateFlaw(read(), frozen, regions, bytes)).toBeUndefined();
  });

  test('is caught whichever value in it is changed, added or dropped', () => {
    for (const path of leaves(read())) {
      const changed = read() as unknown as Record<string, unknown>;
      const parent = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, changed);
      const key = path.at(-1)!;
      const value = parent[key];
      parent[key] = typeof value === 'number' ? value * (1 + Number.EPSILON) + Number.MIN_VALUE : `${value}x`;
      expect(certificateFlaw(changed, frozen, regions, bytes)).toContain(`certificate.${path.join('.')}`);
      delete parent[key];
      expect(certificateFlaw(changed, frozen, regions, bytes)).toBeDefined();
    }
    expect(certificateFlaw({ ...read(), extra: 1 }, frozen, regions, bytes)).toContain('certificate.extra');
    expect(certificateFlaw(null, frozen, regions, bytes)).toBeDefined();
  });

  test('is caught when a byte of the model or a region changes', () => {
    bytes.forEach((_, i) => {
      const other = bytes.map((byte, k) => (k === i ? byte ^ 1 : byte));
      expect(certificateFlaw(read(), frozen, regions, other)).toContain('modelSha256');
    });
    const moved = regions.map(region =>
      regionFromJSON(
        JSON.parse(JSON.stringify(region), (_key, x) => (typeof x === 'number' ? x * 0.999 : x)),
      ),
    );
    expect(certificateFlaw(read(), frozen, moved, bytes)).toBeDefined();
  });

  test('is not to be had for a network that bends', () => {
    expect(() => certificateOf(net, regions, bytes)).toThrow(/expected a network affine on every region/);
    expect(certificateFlaw(read(), net, regions, bytes)).toContain('cannot be certified');
  });

  test('is caught with regions or layers in another order, another region’s numbers, __proto__, null or NaN', () => {
    const flawOf = (spoil: (certificate: ReturnType<typeof JSON.parse>) => unknown) => {
      const changed = JSON.parse(written);
      return certificateFlaw(spoil(changed) ?? changed, frozen, regions, bytes);
    };
    expect(flawOf(c => void c.regions.reverse())).toBeDefined();
    expect(flawOf(c => void c.layers.reverse())).toBeDefined();
    expect(flawOf(c => void Object.assign(c.regions[1], { b: c.regions[0].b }))).toContain(
      'certificate.regions.1.b',
    );
    expect(flawOf(c => void c.regions[0].b.splice(0, 1, Number.NaN))).toContain('certificate.regions.0.b.0');
    expect(flawOf(c => void c.regions[0].b.splice(0, 1, null))).toContain('certificate.regions.0.b.0');
    expect(flawOf(() => JSON.parse(written.replace('{"format"', '{"__proto__":{},"format"')))).toContain(
      'certificate.__proto__',
    );
    expect(flawOf(() => JSON.parse(written.replace('{"A"', '{"__proto__":{},"A"')))).toContain('__proto__');
  });

  test('without the maps it holds, and half a map does not', () => {
    const short = certificateOf(frozen, regions, bytes, { map: false });
    expect(Object.keys(short.regions[0])).toEqual(['inferenceError', 'outputReach']);
    expect(certificateFlaw(JSON.parse(JSON.stringify(short)), frozen, regions, bytes)).toBeUndefined();
    const half = read();
    const spoiled = { ...half, regions: [half.regions[0], short.regions[1]] };
    expect(certificateFlaw(spoiled, frozen, regions, bytes)).toContain('certificate.regions.1');
  });

  test('as text in pieces it is the same JSON', () => {
    for (const map of [true, false]) {
      const certificate = certificateOf(frozen, regions, bytes, { map });
      expect(JSON.parse([...certificateText(certificate)].join(''))).toEqual(certificate);
    }
    const none = certificateOf(net, [], bytes);
    expect(JSON.parse([...certificateText(none)].join(''))).toEqual(none);
  });
});
