import { certificateFlaw, certify, forward, type Region } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compare } from '../src/own/compare.js';
import { OWN_SIDE } from '../src/own/messages.js';
import { openModel } from '../src/own/open.js';
import { pointFrom } from '../src/own/point.js';
import { inputAt, inputsAt, regionIn, type Slice } from '../src/own/slice.js';
import { EXTENT, type Point } from '../src/state/plane.js';
import type { Shape } from '../src/state/settings.js';
import { gridOf } from '../src/training/targets.js';
import { ROUNDING } from './drive.js';
import { randomChain } from './networks.js';

const SHAPES: readonly Shape[] = [
  {
    kind: 'polygon',
    points: [
      [-2, -2],
      [1, -1],
      [0, 2],
    ],
  },
  { kind: 'disc', centre: [1, -1], radius: 1.5 },
];

const slice = fc
  .record({
    size: fc.integer({ min: 2, max: 5 }),
    first: fc.nat(),
    second: fc.nat(),
    from: fc.double({ min: -3, max: -0.1, noNaN: true }),
    width: fc.double({ min: 0.5, max: 4, noNaN: true }),
    at: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 }),
  })
  .map(({ size, first, second, from, width, at }): Slice => {
    const across = first % size;
    const up = (across + 1 + (second % (size - 1))) % size;
    return { axes: [across, up], from, to: from + width, at: at.slice(0, size) };
  });

const coordinate = fc.double({ min: -EXTENT, max: EXTENT, noNaN: true });

describe('a slice of the inputs', () => {
  test('goes from side to side in two coordinates, and stays in the others', () => {
    fc.assert(
      fc.property(slice, fc.tuple(coordinate, coordinate), (given, point: Point) => {
        const input = inputAt(given, point);
        input.forEach((x, k) => {
          const place = given.axes.indexOf(k);
          if (place < 0) expect(x).toBe(given.at[k]);
          else {
            expect(x).toBeGreaterThanOrEqual(given.from - 1e-12);
            expect(x).toBeLessThanOrEqual(given.to + 1e-12);
          }
        });
        expect(inputAt(given, [-EXTENT, EXTENT])[given.axes[0]]).toBe(given.from);
        expect(inputAt(given, [-EXTENT, EXTENT])[given.axes[1]]).toBeCloseTo(given.to, 12);
        expect(Array.from(inputsAt(given, point).data)).toEqual(input.map(Math.fround));
      }),
    );
  });

  test('has a shape’s points as a region, and no others of the square', () => {
    fc.assert(
      fc.property(slice, fc.tuple(coordinate, coordinate), (given, [x, y]: Point) => {
        const [triangle, disc] = SHAPES.map(shape => regionIn(given, shape));
        // What rounding decides is no matter.
        const distance = Math.abs(Math.hypot(x - 1, y + 1) - 1.5);
        fc.pre(distance > 1e-6);
        const at = Float64Array.from(inputAt(given, [x, y]));
        expect(disc.contains(at)).toBe(Math.hypot(x - 1, y + 1) < 1.5);
        const edges = [x - 3 * y - 4, -4 * x + 2 * y - 4, 3 * x + y - 2];
        fc.pre(edges.every(edge => Math.abs(edge) > 1e-6));
        expect(triangle.contains(at)).toBe(edges.every(edge => edge < 0));
      }),
    );
  });
});

describe('someone’s own model', () => {
  test('of any size keeps the promise in both ways: affine, proved, and different only as told', async () => {
    await fc.assert(
      fc.asyncProperty(
        slice,
        fc.nat(),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(...SHAPES),
        async (given, seed, outputs, shape) => {
          const net = randomChain(seed, 'relu', { inputs: given.at.length, outputs });
          const model = await openModel(exportOnnx(net));
          const output = seed % outputs;
          const found = await compare(model, given, [shape], output);
          const inputs = inputsAt(given, gridOf(OWN_SIDE));
          const region: Region = regionIn(given, shape);
          for (const kept of [found.shift, found.patch]) {
            if ('problem' in kept) throw new Error(kept.problem);
            expect(kept.residual).toBeLessThan(ROUNDING);
            const { network } = readModel(kept.onnx);
            expect(certify(network, [region]).certified).toBe(true);
            expect(
              certificateFlaw(JSON.parse(kept.certificate), network, [region], kept.onnx),
            ).toBeUndefined();
            const after = forward(network, inputs);
            const before = forward(net, inputs);
            let [changed, decided, largest] = [0, 0, 0];
            for (let i = 0; i < inputs.rows; i++) {
              const row = (m: typeof after) => Array.from(m.data.subarray(i * outputs, (i + 1) * outputs));
              const [old, now] = [row(before), row(after)];
              expect(kept.values[i]).toBe(Math.fround(now[output]));
              expect(kept.difference[i]).toBe(
                Math.fround(Math.fround(now[output]) - Math.fround(old[output])),
              );
              changed += Number(old.some((y, j) => y !== now[j]));
              decided += Number(old.indexOf(Math.max(...old)) === now.indexOf(Math.max(...now)));
              largest = Math.max(largest, ...old.map((y, j) => Math.abs(y - now[j])));
            }
            expect(kept.changed).toBeCloseTo(changed / inputs.rows, 12);
            expect(kept.decisionsKept).toBeCloseTo(decided / inputs.rows, 12);
            expect(kept.largestChange).toBe(largest);
          }
        },
      ),
      { numRuns: 6 },
    );
  });

  test('on regions that meet is not patched, and the shifts are shown all the same', async () => {
    const model = await openModel(exportOnnx(randomChain(3, 'relu')));
    const found = await compare(model, { axes: [0, 1], from: -4, to: 4, at: [0, 0] }, SHAPES, 0);
    expect(found.patch).toHaveProperty('problem');
    expect(found.shift).toHaveProperty('onnx');
  });

  test.each([
    ['no model', new TextEncoder().encode('this is no model')],
    ['a model of one input', exportOnnx(randomChain(1, 'relu', { inputs: 1 }))],
  ])('%s is refused', async (_, bytes) => {
    await expect(openModel(bytes)).rejects.toThrow(expect.objectContaining({ name: 'PoliceError' }));
  });
});

test.each([
  ['0.5', 3, [0.5, 0.5, 0.5]],
  ['1, 2; 3', 3, [1, 2, 3]],
  ['[1 2 -3e1]', 3, [1, 2, -30]],
  ['1 2', 3, undefined],
  ['', 3, undefined],
  ['1 x 2', 3, undefined],
  ['1 Infinity 2', 3, undefined],
])('the point “%s” of %i inputs is %j', (text, size, expected) => {
  expect(pointFrom(text, size)).toEqual(expected);
});
