import {
  ball,
  box,
  boxAround,
  certify,
  chain,
  crossPolytope,
  dense,
  enforce,
  forward,
  freeze,
  identity,
  matrix,
  matrixFromRows,
  type NetworkNode,
  network,
  PoliceError,
  type Policy,
  pointsAt,
  policedForward,
  prelu,
  regionFromJSON,
  relu,
  simplex,
  vPolytope,
} from '@police/core';
import { activationByName } from '@police/core/adapter';
import { randomNetwork, seededRng, snapshot } from '@police/testing/helpers';
import { expect, test } from 'vitest';

/** What the call throws, which must be a PoliceError whose message holds all its parts. */
function errorOf(call: () => unknown): PoliceError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(PoliceError);
    return error as PoliceError;
  }
  return expect.fail('nothing was thrown');
}

/** Calls by the error they must throw, `code · where: expected …, got …`. */
type Cases = Readonly<Record<string, () => unknown>>;

function throwsEach(what: string, cases: Cases): void {
  test.each(Object.entries(cases))(`${what}: %s`, (message, call) => {
    const error = errorOf(call);
    const { code, where, expected, actual } = error;
    const text = `${where}: expected ${expected}, got ${actual}`;
    expect(`${code} · ${text}`).toBe(message);
    expect(error.message.startsWith(`${text}.`)).toBe(true);
  });
}

const input: NetworkNode = { kind: 'input', name: 'x', size: 2 };
const affine = (name: string, from: string, inSize = 2): NetworkNode => ({
  kind: 'affine',
  name,
  input: from,
  operator: dense([Array<number>(inSize).fill(1)]),
});
const shifted = (...shift: number[]) =>
  network([
    input,
    { kind: 'activation', name: 'y', input: 'x', activation: relu(), shift: Float64Array.from(shift) },
  ]);
const net = randomNetwork(seededRng(1), [2, 3, 1], 'relu');
const far = chain(2, [dense([[1e200, 0]]), identity(), dense([[1e200]])], ['first', 'middle', 'last']);
const unit = box([0, 0], [1, 1]);

throwsEach('a region', {
  'empty-region · vPolytope: expected at least one vertex with at least one coordinate, got no vertices':
    () => vPolytope([]),
  'empty-region · simplex: expected at least one vertex with at least one coordinate, got a vertex without coordinates':
    () => simplex([[]]),
  'shape · vPolytope vertex 2: expected a vertex of size 2, got 1': () => vPolytope([[0, 0], [1, 1], [2]]),
  'not-finite · vPolytope vertex 1: expected finite numbers, got NaN at index 1': () =>
    vPolytope([
      [0, 0],
      [1, NaN],
    ]),
  'not-finite · simplex vertex 0: expected finite numbers, got -Infinity at index 1': () =>
    simplex([
      [0, -Infinity],
      [1, 0],
    ]),
  'invalid-option · simplex: expected 3 affinely independent vertices, got vertices that span only 1 dimensions':
    () =>
      simplex([
        [0, 0],
        [1, 1],
        [2, 2],
      ]),
  'invalid-option · simplex: expected 4 affinely independent vertices, got vertices that span only 2 dimensions':
    () =>
      simplex([
        [0, 0],
        [1, 1],
        [2, 2],
        [5, 6],
      ]),
  'empty-region · box coordinate 1: expected lower ≤ upper, got [2, 1]': () => box([0, 2], [1, 1]),
  'unbounded-region · box coordinate 1: expected finite bounds, got [-Infinity, 1]': () =>
    box([0, -Infinity], [1, 1]),
  'unbounded-region · box coordinate 0: expected finite bounds, got [0, Infinity]': () =>
    box([0, 0], [Infinity, 1]),
  'not-finite · box centre: expected finite numbers, got NaN at index 1': () => box([0, NaN], [1, 1]),
  'empty-region · box: expected at least one coordinate, got none': () => box([], []),
  'shape · box: expected upper of size 2, got 1': () => box([0, 0], [1]),
  'shape · box: expected radii of size 2, got 1': () => boxAround([0, 0], [1]),
  'empty-region · box: expected a finite radius ≥ 0, got -1': () => boxAround([0, 0], [1, -1]),
  'empty-region · ball: expected a finite radius ≥ 0, got -1': () => ball([0, 0], -1),
  'unbounded-region · crossPolytope: expected a finite radius ≥ 0, got Infinity': () =>
    crossPolytope([0, 0], Infinity),
  'not-finite · ball: expected a finite radius ≥ 0, got NaN': () => ball([0], NaN),
  'not-finite · ball centre: expected finite numbers, got NaN at index 1': () => ball([0, NaN], 1),
  'invalid-option · region.kind: expected simplex, vPolytope, hPolytope, box, ball, crossPolytope, ellipsoid, zonotope, image, subspace or scaled, got "torus"':
    () => regionFromJSON({ kind: 'torus' }),
  'shape · ball contains: expected a point of size 2, got 1': () => ball([0, 0], 1).contains([1]),
  'shape · vPolytope contains: expected a point of size 2, got 1': () => vPolytope([[0, 0]]).contains([1]),
  'shape · pointsAt: expected coordinates of size 3, got 2': () => pointsAt(ball([0, 0], 1), matrix(2, 1)),
});

const KNOWN =
  'one of identity, relu, abs, relu6, hardTanh, hardSwish, selu, leakyRelu, prelu, elu, hardSigmoid, clip, softplus, silu, gelu, geluTanh, quickGelu, mish, sigmoid, tanh';

throwsEach('a network', {
  'shape · dense: expected bias of size 1, got 2': () => dense([[1, 2]], [1, 2]),
  'shape · row 1: expected 2 entries, got 1': () => dense([[1, 2], [1]]),
  'not-finite · dense weight: expected finite numbers, got NaN at index 1': () => dense([[1, NaN]]),
  'not-finite · dense bias: expected finite numbers, got Infinity at index 0': () =>
    dense([[1, 2]], [Infinity]),
  'not-finite · prelu alpha: expected finite numbers, got NaN at index 1': () => prelu([0, NaN]),
  [`unsupported-activation · hidden: expected ${KNOWN}, got 'swoosh'`]: () =>
    activationByName('swoosh', undefined, 'hidden'),
  'unsupported-activation · tanh: expected tanh with its parameters, got no parameters': () =>
    activationByName('tanh'),
  'invalid-option · gelu epsilon: expected a finite number > 0, how far from affine the tails may be, got 0':
    () => activationByName('gelu', { epsilon: 0 }),
  [`unsupported-activation · toString: expected ${KNOWN}, got 'toString'`]: () =>
    activationByName('toString'),
  'unsupported-activation · leakyRelu: expected leakyRelu with its parameters, got no parameters': () =>
    activationByName('leakyRelu'),
  'invalid-network · network: expected at least an input node, got no nodes': () => network([]),
  'invalid-network · y: expected the input node first, and only there, got a node of kind affine at 0': () =>
    network([affine('y', 'x')]),
  'invalid-network · z: expected the input node first, and only there, got a node of kind input at 1': () =>
    network([input, { ...input, name: 'z' }]),
  'invalid-network · y: expected a name used once, got a second node of that name': () =>
    network([input, affine('y', 'x'), affine('y', 'x')]),
  "invalid-network · y: expected an input among the nodes before it, got 'nowhere'": () =>
    network([input, affine('y', 'nowhere')]),
  "invalid-network · y: expected an input among the nodes before it, got 'z'": () =>
    network([input, affine('y', 'z', 1), affine('z', 'x')]),
  "shape · y: expected input (from 'x') of size 3, got 2": () => network([input, affine('y', 'x', 3)]),
  'shape · prelu_1: expected prelu alpha of size 2, got 3': () => chain(2, [prelu([1, 2, 3])]),
  'shape · y: expected shift of size 2, got 1': () => shifted(1),
  'not-finite · y shift: expected finite numbers, got Infinity at index 1': () => shifted(1, Infinity),
});

const POLICIES = "expected 'minimal', 'majority', 'sticky' or a function";
const policy = (name: unknown) => ({ policy: name as Policy });

throwsEach('a call', {
  'shape · forward: expected input rows of size 2, got 3': () => forward(net, matrix(4, 3)),
  'shape · policedForward: expected input rows of size 2, got 3': () =>
    policedForward(net, [unit], matrix(4, 3)),
  'shape · region 1 (ball): expected a region in the input space of size 2, got 3': () =>
    enforce(net, [unit, ball([0, 0, 0], 1)]),
  'shape · region 0 (vPolytope): expected a region in the input space of size 2, got 1': () =>
    freeze(net, [vPolytope([[1]])]),
  [`invalid-option · policy: ${POLICIES}, got "best"`]: () => enforce(net, [unit], policy('best')),
  [`invalid-option · policy: ${POLICIES}, got null`]: () => enforce(net, [unit], policy(null)),
  [`invalid-option · policy: ${POLICIES}, got "worst"`]: () =>
    policedForward(net, [unit], matrix(1, 2), policy('worst')),
  "invalid-option · precision: expected 'float16' or 'float32' or 'float64', got bfloat16": () =>
    freeze(net, [unit], { precision: 'bfloat16' as 'float32' }),
  'not-finite · last: expected finite pre-activations on the region, got Infinity at unit 0': () =>
    enforce(far, [unit]),
  'not-finite · first: expected finite numbers, got Infinity at index 0': () => freeze(far, [unit]),
});

test('weights whose sums overflow on a region: enforce and freeze name the layer, certify refutes', () => {
  const [w, square] = [1.2e308, box([-1, -1], [1, 1])];
  const rows = [
    [w, w],
    [w, w],
  ];
  const huge = chain(2, [dense(rows), relu(), dense([[1, 1]])]);
  for (const call of [
    () => enforce(huge, [square]),
    () => freeze(huge, [square], { precision: 'float64' }),
    () => policedForward(huge, [square], matrix(1, 2)),
  ])
    expect(errorOf(call)).toMatchObject({ code: 'no-free-shift', where: 'relu_2 unit 0' });
  expect(certify(huge, [square])).toMatchObject({ certified: false, layer: 'relu_2', unit: 0 });
});

test('freezing an overflow on a region in float64 is an error, never a frozen network', () => {
  const bent = chain(2, [dense([[1e200, 0]]), relu(), dense([[1e200]]), relu(), dense([[1]])]);
  const { code, where } = errorOf(() => freeze(bent, [unit], { precision: 'float64' }));
  expect(['not-finite', 'no-free-shift']).toContain(code);
  expect(['affine_3', 'relu_4']).toContain(where);
});

test('a call that throws leaves what it was given as it was', () => {
  const given = randomNetwork(seededRng(1), [2, 8, 8, 1], 'prelu');
  const before = snapshot(given);
  const vertices = [
    [0, 0],
    [1, 1],
    [2, 2],
  ];
  const batch = matrixFromRows([[1, 2, 3]]);
  errorOf(() => simplex(vertices));
  errorOf(() => forward(given, batch));
  errorOf(() => enforce(given, [unit, ball([0], 1)]));
  errorOf(() => freeze(given, [ball([0], 1)]));
  // The overflow comes late, when the first layers have been shifted already.
  const huge = chain(2, [dense([[1, -1]]), relu(), dense([[1e200]]), relu(), dense([[1e200]]), relu()]);
  const hugeBefore = snapshot(huge);
  errorOf(() => enforce(huge, [box([-1, -1], [1, 1])]));
  expect(snapshot(given)).toEqual(before);
  expect(snapshot(huge)).toEqual(hugeBefore);
  expect(vertices).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
  ]);
  expect(batch).toEqual(matrixFromRows([[1, 2, 3]]));
});
