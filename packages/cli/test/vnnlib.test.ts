import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
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
  ['(assert (<= X_0 X_1))', 'line 4: expected an input compared with a number, got (<= X_0 X_1)'],
  ['\n(assert (<= (+ X_0 X_1) 1))', 'line 5: expected an input compared with a number'],
  ['(assert (<= X_0 Y_0))', 'line 4: expected an input compared with a number'],
  ['(assert (not (<= X_0 1)))', 'line 4: expected and, or, <= or >='],
  ['(assert (or (<= X_0 1) (<= Y_0 1)))', 'line 4: expected an or of boxes'],
  ['(define-fun f)', 'line 4: expected declare-const or assert, got (define-fun f)'],
  ['(declare-const Z Real)', 'line 4: expected X_i or Y_j, got Z'],
  ['(assert (<= X_0 1)', 'line 4: expected a closing parenthesis, got the end of the file'],
  [')', "line 4: expected an opening parenthesis before, got ')'"],
  ['(assert (<= X_0 one))', 'line 4: expected an input compared with a number'],
  ['('.repeat(100_000), 'line 4: expected at most 64 nested parentheses'],
  ['X_0', 'line 4: expected an expression in parentheses, got X_0'],
])('%s is refused with its line', (body, message) => {
  expect(() => read(body)).toThrow(message);
});

test('inputs without bounds or with contradicting ones are no region', () => {
  expect(() => read('(assert (<= X_0 1))')).toThrow(expect.objectContaining({ code: 'unbounded-region' }));
  expect(() => read(`${inBox}(assert (<= X_1 1))`)).toThrow(
    expect.objectContaining({ code: 'empty-region' }),
  );
  expect(() => readVnnlib('', 'p')).toThrow(expect.objectContaining({ code: 'unbounded-region' }));
});

test('ors that multiply beyond measure are refused', () => {
  const one = '(assert (or (<= X_0 1) (<= X_0 2) (<= X_0 3) (<= X_0 4)))';
  expect(() => read(one.repeat(10))).toThrow(/at most 10000 boxes/);
});

const MODELS = '../shared/models';
test.skipIf(!existsSync(MODELS))('real properties', async () => {
  const boxes = async (name: string) => readVnnlib(await readFile(`${MODELS}/${name}`, 'utf8'), name);
  expect(await boxes('acasxu_prop_1.vnnlib')).toHaveLength(1);
  const [third] = await boxes('acasxu_prop_3.vnnlib');
  expect(third.size).toBe(5);
  expect(await boxes('acasxu_prop_6.vnnlib')).toHaveLength(2);
});
