import { parse, print, toDNF, VnnLibError } from '@police/vnnlib';
import { expect, test } from 'vitest';
import { problemsOf } from './problems.js';

const version = '(vnnlib-version <2.0>)\n';
/** Declarations start on line 2. */
const read = (text: string) => parse(version + text, { file: 'q' });
const network =
  '(declare-network f (declare-input X float32 [2,3]) (declare-hidden H float32 [4] "h") (declare-output Y float32 []))\n';
/** Assertions start on line 3. */
const asserting = (text: string) => problemsOf(() => read(network + text));
const declaring = (text: string) => problemsOf(() => read(text));

test('networks with inputs, hidden tensors and outputs of any shape', () => {
  const { networks, version: read2 } = parse(`(vnnlib-version <2.1>)
(declare-network f ; a comment
  (declare-input image float32 [1,3,224,224])
  (declare-input meta float32 [ 1 , 10 ] initialized)
  (declare-hidden Z float32 [1,128] "a \\"b\\" \\\\ \\n(;")
  (declare-output bbox int16 [1,4])
  (declare-output s float32[]))
(declare-network g (equal-to f)
  (declare-input i1 float32 [1,3,224,224]) (declare-input i2 float [1,10])
  (declare-output o1 int16 [1,4]) (declare-output o2 float32 []))`);
  expect(read2).toEqual({ major: 2, minor: 1 });
  expect(networks.map(({ name }) => name)).toEqual(['f', 'g']);
  expect(networks[0]).toMatchObject({
    inputs: [
      { name: 'image', elementType: 'float32', shape: [1, 3, 224, 224], isInitialized: false },
      { name: 'meta', shape: [1, 10], isInitialized: true },
    ],
    hidden: [{ name: 'Z', shape: [1, 128], onnxName: 'a "b" \\ \n(;' }],
    outputs: [
      { name: 'bbox', elementType: 'int16' },
      { name: 's', shape: [] },
    ],
  });
  expect(networks[1].equivalence).toMatchObject({ kind: 'equal-to', network: 'f' });
});

test('indices count in row-major order', () => {
  const query = read(`${network}(assert (and (<= X[1,2] Y) (!= X [ 0 , 1 ] (- H[3]))))`);
  const indices = toDNF(query).common.map(({ left, right }) => [left, right]);
  expect(indices[0]).toMatchObject([
    { tensor: 'X', index: 5 },
    { tensor: 'Y', index: 0 },
  ]);
  expect(print(query)).toContain('(assert (and (<= X[1,2] Y) (!= X[0,1] (- H[3]))))');
});

test('every operator of the standard, products of elements too', () => {
  const body = [
    '(assert (or (< X[0,0] 1.5) (> X[0,0] -1) (== X[0,0] 0.0) (!= X[0,0] 0)))',
    '(assert (>= (* X[0,0] X[0,1] 2.0) (- Y X[0,0] 1.0 (+ 1.0 Y))))',
  ].join('\n');
  expect(print(read(network + body)).endsWith(`${body}\n`)).toBe(true);
  // The standard's text writes = where its grammar has ==.
  expect(print(read(`${network}(assert (= Y 1e-2))`))).toContain('(assert (== Y 0.01))');
});

test('the version comes first and is one that is known', () => {
  expect(problemsOf(() => parse(network))).toEqual([['version', 1, 1, 'none']]);
  expect(problemsOf(() => parse(`(vnnlib-version <3.0>)\n${network}`))).toEqual([['version', 1, 1, '<3.0>']]);
  expect(problemsOf(() => parse(`(vnnlib-version 2.0)\n${network}`))).toEqual([['syntax', 1, 1, "'2.0'"]]);
  expect(problemsOf(() => parse(`(vnnlib-version <2.0> 1)\n${network}`))).toEqual([['syntax', 1, 1, "'1'"]]);
  expect(declaring(`${network}${version}`)).toEqual([['syntax', 3, 2, "'vnnlib-version'"]]);
  expect(parse('(vnnlib-version <1.0>)(declare-const X_0 Real)').version).toEqual({ major: 1, minor: 0 });
});

test('a network has a name, inputs, hidden tensors and outputs, in this order', () => {
  expect(declaring('')).toEqual([['syntax', 1, 1, 'none']]);
  expect(declaring('(declare-network f)')).toEqual([
    ['syntax', 2, 1, 'none'],
    ['syntax', 2, 1, 'none'],
  ]);
  expect(
    declaring('(declare-network f-2 (declare-input X Real [])(declare-output Y Real []))(assert (<= X Y))'),
  ).toEqual([['syntax', 2, 18, "'f-2'"]]);
  expect(declaring('(declare-network f (declare-output Y Real [])\n(declare-input X Real []))')).toEqual([
    ['syntax', 3, 1, 'declare-input after a later one'],
  ]);
  expect(
    declaring('(declare-network f (declare-input X Real [])(declare-output Y Real []) (frob) 1)'),
  ).toEqual([
    ['syntax', 2, 72, "'(frob …)'"],
    ['syntax', 2, 79, "'1'"],
  ]);
});

test('declarations that cannot be read are reported once, not at each use', () => {
  const body =
    '(declare-network f (declare-input X Real [2 3])\n(declare-output Y real))\n(assert (<= X[0,0] Y))';
  expect(declaring(body)).toEqual([
    ['syntax', 2, 45, "'3'"],
    ['syntax', 3, 19, "'real' alone"],
  ]);
  const types =
    '(declare-network f (declare-input X complex64 [1])\n(declare-hidden H Real [-1] h)\n(declare-output Y Real [1.0] "y"))';
  expect(declaring(`${types}(assert (<= X[0] (+ H[0] Y[0])))`)).toEqual([
    ['type', 2, 37, "'complex64'"],
    ['syntax', 3, 25, "'-1'"],
    ['syntax', 3, 29, "'h'"],
    ['syntax', 4, 25, "'1.0'"],
    ['syntax', 4, 30, '"y"'],
  ]);
});

test('sizes have a bound', () => {
  const shape = '[9007199254740991,0,2]';
  expect(declaring(`(declare-network f (declare-input X Real ${shape})(declare-output Y Real []))`)).toEqual([
    ['too-large', 2, 37, `'Real${shape}'`],
  ]);
});

test('messages stay short whatever the text holds', () => {
  const shape = `[${'1,'.repeat(100_000)}1]`;
  const name = 'n'.repeat(100_000);
  const declaration = `(declare-network f (declare-input ${name} Real ${shape})(declare-output Y Real []))`;
  expect.assertions(2);
  try {
    read(`${declaration}(assert (<= ${name}[0] Y))`);
  } catch (error) {
    expect(error).toBeInstanceOf(VnnLibError);
    expect((error as VnnLibError).message.length).toBeLessThan(1000);
  }
});

test('names of networks and tensors differ', () => {
  expect(
    declaring(`${network}(declare-network X (declare-input A float32 [])(declare-output A float32 []))`),
  ).toEqual([
    ['duplicate', 3, 1, 'X again'],
    ['duplicate', 3, 48, 'A again'],
  ]);
});

test('elements are of declared tensors, with an index along each axis, inside', () => {
  expect(
    asserting(
      '(assert (or (<= X[0,3] 1.0) (<= X[2,0] 1.0) (<= X[0] 1.0) (<= X 1.0)\n (<= Y[0] 1.0) (<= Y[] 1.0) (<= Q 1.0) (<= f 1.0) (<= X[0,-1] 1.0) (<= X[0,a] 1.0)))',
    ),
  ).toEqual([
    ['type', 3, 17, "'X[0,3]'"],
    ['type', 3, 33, "'X[2,0]'"],
    ['type', 3, 49, "'X[0]'"],
    ['type', 3, 63, "'X'"],
    ['type', 4, 6, "'Y[0]'"],
    ['type', 4, 20, "'Y[]'"],
    ['undeclared', 4, 33, "'Q'"],
    ['undeclared', 4, 44, 'the network f'],
    ['syntax', 4, 59, "'-1'"],
    ['syntax', 4, 76, "'a'"],
  ]);
});

test('version 1’s words are none of version 2’s', () => {
  expect(
    asserting('(assert (not (<= Y 1.0)))\n(assert (<= (/ Y 2.0) 1.0))\n(assert (<= 0.0 Y 1.0))\n(check-sat)'),
  ).toEqual([
    ['syntax', 3, 10, "'not'"],
    ['syntax', 4, 14, "'/'"],
    ['syntax', 5, 9, '3'],
    ['syntax', 6, 2, "'check-sat'"],
  ]);
});

test('networks come before assertions', () => {
  expect(
    asserting(
      '(assert (<= Y 1.0))\n(declare-network g (declare-input A float32 [])(declare-output B float32 []))',
    ),
  ).toEqual([['syntax', 4, 1, 'a network after one']]);
});

test('comparisons are of one element type, with an element that decides it', () => {
  const two =
    '(declare-network f (declare-input X float32 [1]) (declare-input N int8 [1]) (declare-input U uint8 []) (declare-output Y float64 []))\n';
  const body =
    '(assert (<= X[0] Y))\n(assert (<= N[0] (+ 127 128 1.0)))\n(assert (<= (+ 1.0 0.0) 2))\n(assert (>= (- U 255) -1))\n(assert (<= X[0] (+ 1 0.1)))';
  expect(declaring(two + body)).toEqual([
    ['type', 3, 18, 'Y of float64'],
    ['type', 4, 25, '128'],
    ['type', 4, 29, '1.0'],
    ['type', 5, 9, 'constants alone'],
    ['type', 6, 23, '-1'],
  ]);
  // Where all are real, constants can have no other type.
  expect(
    declaring('(declare-network f (declare-input X Real [])(declare-output Y real []))(assert (<= 0.0 1.0))'),
  ).toEqual([]);
});

test('real tensors stand alone', () => {
  expect(declaring('(declare-network f (declare-input X Real []) (declare-output Y float32 []))')).toEqual([
    ['type', 2, 20, 'X of Real beside Y of float32'],
  ]);
});

test('an equal or isomorphic network is declared before, is its own, and has the same tensors', () => {
  const declare = (name: string, equivalence: string, input: string, hidden = '') =>
    `(declare-network ${name} ${equivalence} (declare-input x${name} ${input}) ${hidden} (declare-output y${name} float32 [2]))\n`;
  const own = declare('f', '', 'float32 [3]', '(declare-hidden hf float32 [4] "h")');
  expect(
    declaring(own + declare('g', '(equal-to f)', 'float32 [3]', '(declare-hidden hg float32 [9] "other")')),
  ).toEqual([]);
  expect(
    declaring(own + declare('g', '(isomorphic-to f)', 'float16 [3]', '(declare-hidden hg float16 [9] "h")')),
  ).toEqual([]);
  expect(declaring(own + declare('g', '(equal-to f)', 'float16 [3]'))).toEqual([
    ['type', 3, 20, 'float16[3]'],
  ]);
  expect(
    declaring(own + declare('g', '(equal-to f)', 'float32 [3]', '(declare-hidden hg float32 [9] "h")')),
  ).toEqual([['type', 3, 20, 'float32[9]']]);
  expect(declaring(own + declare('g', '(isomorphic-to f)', 'float32 [4]'))).toEqual([['type', 3, 20, '[4]']]);
  expect(declaring(own + declare('g', '(equal-to g)', 'float32 [3]'))).toEqual([
    ['undeclared', 3, 20, "'g'"],
  ]);
  expect(declaring(own + declare('g', '(equal-to f) (isomorphic-to f)', 'float32 [3]'))).toEqual([
    ['syntax', 3, 33, 'a second one'],
  ]);
  const chain =
    own + declare('g', '(equal-to f)', 'float32 [3]') + declare('h', '(isomorphic-to g)', 'float32 [3]');
  expect(declaring(chain)).toEqual([['type', 4, 20, 'g, which is equal-to f']]);
});

test('initialized inputs are of version 2.1', () => {
  const body = '(declare-network f (declare-input X Real [] initialized) (declare-output Y Real []))';
  expect(problemsOf(() => read(body))).toEqual([['version', 2, 45, '<2.0>']]);
  expect(parse(`(vnnlib-version <2.1>)${body}`).networks[0].inputs[0].isInitialized).toBe(true);
});
