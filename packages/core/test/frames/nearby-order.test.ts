import { box, boxAround, chain, dense, imageUnder, network, operators, type Region } from '@police/core';
import { seededRng } from '@police/testing/helpers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alongCurve, nearbyOrder } from '../../src/frames/nearby-order.js';

const sides = fc.integer({ min: 1, max: 13 });

test('the curve meets every entry once, all channels of a position together', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.option(sides), sides, (channels, height, width) => {
      const plane = height === null ? [width] : [height, width];
      const order = alongCurve([channels, ...plane]);
      const positions = plane.reduce((product, n) => product * n, 1);
      expect(Array.from(order).sort((a, b) => a - b)).toEqual([...Array(channels * positions).keys()]);
      order.forEach((entry, i) => {
        expect(entry % positions).toBe(order[i - (i % channels)] % positions);
      });
    }),
  );
});

test('a stretch of a quarter lies in a square', () => {
  const side = 16;
  const order = alongCurve([1, side, side]);
  for (const quarter of [2, 4, 8]) {
    for (let from = 0; from < order.length; from += quarter ** 2) {
      const stretch = Array.from(order.subarray(from, from + quarter ** 2));
      for (const of of [(entry: number) => entry % side, (entry: number) => Math.floor(entry / side)]) {
        const along = stretch.map(of);
        expect(Math.max(...along) - Math.min(...along)).toBe(quarter - 1);
      }
    }
  }
});

const [channels, side] = [2, 6];
const size = channels * side * side;
const image = network([
  { kind: 'input', name: 'x', size },
  {
    kind: 'affine',
    name: 'conv',
    input: 'x',
    operator: operators.conv({
      inShape: [channels, side, side],
      weight: new Float64Array(channels).fill(1),
      weightShape: [1, channels, 1, 1],
    }),
  },
]);

test('directions follow the curve of the picture that is convolved', () => {
  const region = boxAround(new Float64Array(size), 1);
  expect(nearbyOrder(image, region)).toEqual(alongCurve([channels, side, side]));
});

test('of coordinates that vary only, and as they are where there is no picture or no axis', () => {
  const rng = seededRng(3);
  const radii = Float64Array.from({ length: size }, () => Number(rng() < 0.5));
  const flat = box(
    radii.map(r => -r),
    radii,
  );
  const coordinates = Array.from(radii.keys()).filter(i => radii[i] > 0);
  expect(Array.from(nearbyOrder(image, flat), i => coordinates[i])).toEqual(
    Array.from(alongCurve([channels, side, side])).filter(i => radii[i] > 0),
  );
  const unordered = ({ frame }: Region) => Int32Array.from({ length: frame.rows - 1 }, (_, i) => i);
  const plain = chain(size, [dense([new Float64Array(size)])]);
  expect(nearbyOrder(plain, flat)).toEqual(unordered(flat));
  const turned = imageUnder(
    box([-1, -1], [1, 1]),
    Array.from({ length: size }, () => [rng(), rng()]),
    new Float64Array(size),
  );
  expect(nearbyOrder(image, turned)).toEqual(unordered(turned));
});
