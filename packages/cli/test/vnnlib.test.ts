import { readFile } from 'node:fs/promises';
import { PoliceError, type Region } from '@police/core';
import { sharedFolder } from '@police/testing/shared-files';
import { fromFloat64, rational } from '@police/vnnlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readVnnlib } from '../src/vnnlib.js';

const HEAD = '(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n';
const read = (body: string) => readVnnlib(HEAD + body, 'p.vnnlib').map(region => region.toJSON());
const inBox = '(assert (<= X_0 1))(assert (>= X_0 -1))(assert (<= X_1 2.5))(assert (>= X_1 2))';

test('assertions make one box; those on outputs make none', () => {
  expect(read(`; a comment ( with ) parentheses\n${inBox}\n(assert (<= Y_0 3.0))`)).toEqual([
    { kind: 'box', lower: [-1, 2], upper: [1, 2.5] },
  ]);
  // The number first, and several under one and.
  expect(read('(assert (and (>= 1 X_0) (<= -1 X_0) (<= 0 X_1) (>= 0 X_1)))')).toEqual([
    { kind: 'box', lower: [-1, 0], upper: [1, 0] },
  ]);
});

test('an or makes several, within what holds for all', () => {
  const text =
    '(assert (or (and (<= X_0 1) (>= X_0 0)) (and (<= X_0 3) (>= X_0 2))))(assert (<= X_1 1))(assert (>= X_1 0))';
  expect(read(text)).toEqual([
    { kind: 'box', lower: [0, 0], upper: [1, 1] },
    { kind: 'box', lower: [2, 0], upper: [3, 1] },
  ]);
});

test('bounds are rounded outwards, so that the box holds all that is meant', () => {
  const [{ lower, upper }] = read(
    '(assert (<= X_0 0.1))(assert (>= X_0 0.1))(assert (<= X_1 0))(assert (>= X_1 0))',
  ) as unknown as { lower: number[]; upper: number[] }[];
  // 0.1 in float64 is above a tenth.
  expect(upper[0]).toBe(0.1);
  expect(lower[0]).toBe(0.09999999999999999);
});

test.each([
  ['(assert (<= X_0 Y_0))', 'p.vnnlib:4:9: expected constraints on inputs or on outputs, got one on both'],
  ['\n(assert (<= (* X_0 X_1) 1))', 'p.vnnlib:5:'],
  ['(define-fun f)', 'p.vnnlib:4:'],
  ['(declare-const Z Real)', 'p.vnnlib:4:'],
  ['(assert (<= X_0 1)', 'p.vnnlib:4:'],
  [')', 'p.vnnlib:4:'],
  ['(assert (<= X_0 one))', 'p.vnnlib:4:'],
  ['('.repeat(100_000), 'p.vnnlib:4:'],
  ['X_0', 'p.vnnlib:4:'],
  ['(assert (<= X_999999999 1))', 'p.vnnlib:4:'],
])('%s is refused with its place', (body, message) => {
  const refused = () => read(body);
  expect(refused).toThrow(PoliceError);
  expect(refused).toThrow(message);
});

test('all that is wrong is named, up to some', () => {
  const wrong = '(assert (<= X_0 X_7))\n';
  expect(() => read(wrong.repeat(3))).toThrow(/p\.vnnlib:4:17.*\n?.*p\.vnnlib:5:17.*\n?.*p\.vnnlib:6:17/s);
  expect(() => read(wrong.repeat(30))).toThrow('… and 25 more.');
});

test('inputs without bounds or with contradicting ones are no region', () => {
  const unbounded = () => read('(assert (<= X_0 1))(assert (>= X_0 0))');
  expect(unbounded).toThrow(expect.objectContaining({ code: 'unbounded-region' }));
  expect(unbounded).toThrow('X_1');
  expect(() => read(`${inBox}(assert (<= X_1 1))`)).toThrow(
    expect.objectContaining({ code: 'empty-region', where: 'p.vnnlib:4:69' }),
  );
  expect(() => readVnnlib('', 'p')).toThrow(PoliceError);
});

test('an alternative without a point drops out', () => {
  expect(read(`${inBox}(assert (or (<= X_0 -0.5) (>= X_0 2)))`)).toEqual([
    { kind: 'box', lower: [-1, 2], upper: [-0.5, 2.5] },
  ]);
  // Found only by elimination: X_0 + X_1 is at most 3.5 in the box.
  const both = `${inBox}(assert (or (<= X_0 0) (and (>= (+ X_0 X_1) 3) (>= (- X_1 X_0) 2.1))))`;
  expect(read(both)).toHaveLength(1);
  expect(() => read(`${inBox}(assert (and (>= (+ X_0 X_1) 3) (>= (- X_1 X_0) 2.1)))`)).toThrow(
    expect.objectContaining({ code: 'empty-region' }),
  );
});

test('linear constraints make polytopes that hold exactly what is meant, outwards', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(decimal(), decimal(), decimal(), fc.constantFrom('<=', '<', '>=', '>')), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.tuple(fc.integer({ min: -8, max: 8 }), fc.integer({ min: -8, max: 8 })),
      (rows, [p, q]) => {
        const body = rows.map(([a, b, c, op]) => `(assert (${op} (+ (* ${a} X_0) (* ${b} X_1)) ${c}))`);
        const boxed = '(assert (<= X_0 2))(assert (>= X_0 -2))(assert (<= X_1 2))(assert (>= X_1 -2))';
        // The oracle: whole numbers, everything times 4000.
        const [x, y] = [p / 4, q / 4];
        const isIn = rows.every(([a, b, c, op]) => {
          const left = Math.round(1000 * Number(a)) * p + Math.round(1000 * Number(b)) * q;
          const right = 4 * Math.round(1000 * Number(c));
          return op.startsWith('<') ? left <= right : left >= right;
        });
        let regions: Region[];
        try {
          regions = readVnnlib(HEAD + boxed + body.join(''), 'p.vnnlib');
        } catch (error) {
          expect(error).toMatchObject({ code: 'empty-region' });
          // A strict inequality may leave nothing of a set that has points on its border.
          if (rows.every(([, , , op]) => op.length === 2)) expect(isIn).toBe(false);
          return;
        }
        if (isIn) expect(regions.some(region => region.contains([x, y]))).toBe(true);
        const clearlyOut = rows.some(([a, b, c, op]) => {
          const excess = Number(a) * x + Number(b) * y - Number(c);
          return (op.startsWith('<') ? excess : -excess) > 1e-6;
        });
        if (clearlyOut) expect(regions.some(region => region.contains([x, y]))).toBe(false);
      },
    ),
  );
});

const decimal = () => fc.integer({ min: -3000, max: 3000 }).map(k => (k / 1000).toFixed(3));

test('a coefficient that float64 cannot hold is rounded for the worst point of the bounds', () => {
  const third = `(assert (<= (+ (/ X_0 3) (* 0.333333333333333333333 X_1)) 1))`;
  const [{ A, b }] = read(`${inBox}${third}`) as unknown as { A: number[][]; b: number[] }[];
  const row = A.length - 1;
  // At every corner of the box that satisfies it, in exact arithmetic, so does the row.
  for (const x of [-1, 1]) {
    for (const y of [2, 2.5]) {
      const at = rational.add(
        rational.multiply(fromFloat64(A[row][0]), fromFloat64(x)),
        rational.multiply(fromFloat64(A[row][1]), fromFloat64(y)),
      );
      const meant = rational.add(
        rational.divide(fromFloat64(x), fromFloat64(3)),
        rational.multiply(rational.fromDecimal('0.333333333333333333333'), fromFloat64(y)),
      );
      const exceeds = rational.subtract(at, fromFloat64(b[row]));
      expect(rational.compare(exceeds, rational.subtract(meant, rational.one))).toBeLessThanOrEqual(0);
    }
  }
});

test('constraints may bound what bounds leave open', () => {
  const triangle = '(assert (>= X_0 0))(assert (>= X_1 0))(assert (<= (+ X_0 X_1) 1))';
  const [region] = readVnnlib(HEAD + triangle, 'p.vnnlib');
  expect(region.kind).toBe('hPolytope');
  expect(region.contains([0.5, 0.5])).toBe(true);
  expect(region.contains([0.6, 0.5])).toBe(false);
});

test('alternatives of outputs, however many, make one region; ors of inputs that multiply are refused', () => {
  const ofOutputs = '(assert (or (<= Y_0 1) (<= Y_0 2) (<= Y_0 3) (<= Y_0 4)))';
  expect(read(inBox + ofOutputs.repeat(10))).toHaveLength(1);
  const ofInputs = '(assert (or (<= X_0 1) (<= X_0 2) (<= X_0 3) (<= X_0 4)))';
  expect(() => read(inBox + ofInputs.repeat(10))).toThrow(expect.objectContaining({ code: 'too-large' }));
});

test('a property of another number of inputs is refused before anything is made', () => {
  expect(() => readVnnlib(HEAD + inBox, 'p.vnnlib', { size: 3 })).toThrow(
    "p.vnnlib: expected a property of the model's 3 inputs, got 2",
  );
});

test('version 2, with its shapes', () => {
  const text = `(vnnlib-version <2.0>)
(declare-network f (declare-input X float32 [1,2]) (declare-output Y float32 [1]))
(assert (and (<= X[0,0] 1.0) (>= X[0,0] 0.0) (<= X[0,1] 1.0) (>= X[0,1] -1.0)))`;
  expect(readVnnlib(text, 'p').map(region => region.toJSON())).toEqual([
    { kind: 'box', lower: [0, -1], upper: [1, 1] },
  ]);
});

const models = sharedFolder('models');
test.skipIf(!models)('real properties', async () => {
  const boxes = async (name: string) => readVnnlib(await readFile(new URL(name, models), 'utf8'), name);
  expect(await boxes('acasxu_prop_1.vnnlib')).toHaveLength(1);
  const [third] = await boxes('acasxu_prop_3.vnnlib');
  expect(third.size).toBe(5);
  expect(await boxes('acasxu_prop_6.vnnlib')).toHaveLength(2);
});
