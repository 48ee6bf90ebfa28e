import {
  ball,
  box,
  certify,
  enforce,
  forward,
  freeze,
  matrix,
  type Network,
  PoliceError,
} from '@police/core';
import { readModel, writeBack } from '@police/onnx-import';
import { float32ErrorBound } from '@police/testing/float32-error';
import { seededRng } from '@police/testing/helpers';
import { describe, expect, test } from 'vitest';
import { roundToFloat16 } from '../src/float16.js';
import { expectPoliced, expectSameForward, randomRows, runRows } from './checks.js';
import { FORMS } from './curve-forms.js';
import { buildModel, scalar, type TestModel, type TestNode, type TestTensor } from './onnx.js';

const f32 = Math.fround;

const weights = (rows: number, cols: number, scale: number): TestTensor => ({
  dims: [rows, cols],
  data: Array.from({ length: rows * cols }, (_, i) => f32(scale * Math.sin(7 * i + rows))),
});

/** x [1, 3] → Gemm → curve → Gemm, and what else reads the curve's argument. */
function modelWith(form: string, more: Partial<TestModel> = {}, isShared = false): TestModel {
  const { nodes, constants = {} } = FORMS[form];
  return {
    input: ['N', 3],
    nodes: [
      ['Gemm', ['x', 'w', 'b'], ['h']],
      ...nodes,
      ...(isShared
        ? ([['Add', ['c', 'h'], ['o']]] as TestNode[])
        : ([['Identity', ['c'], ['o']]] as TestNode[])),
      ['Gemm', ['o', 'v'], ['y']],
    ],
    ...more,
    constants: {
      w: weights(3, 4, 3),
      b: { dims: [4], data: [0.5, -0.25, 0.125, -1] },
      v: weights(4, 2, 1),
      ...Object.fromEntries(Object.entries(constants).map(([name, value]) => [name, scalar(value)])),
      ...more.constants,
    },
  };
}

const epsilon = 1e-3;
const regions = [ball([0.2, 0.1, -0.3], 0.4), box([1, 1, 1], [1.2, 1.1, 1])];

describe.each(Object.entries(FORMS))('%s', (form, { name }) => {
  test('is read as run, as one activation', async () => {
    const { network } = await expectSameForward(buildModel(modelWith(form)), { epsilon, scale: 3 });
    const bends = network.nodes.flatMap(node => (node.kind === 'activation' ? [node.activation] : []));
    expect(bends).toMatchObject([{ name }]);
    expect(bends[0].approximationError).toBe(name === 'hardSwish' ? undefined : epsilon);
  });

  test('is policed, its bias moved where it can be', async () => {
    const { edits } = await expectPoliced(buildModel(modelWith(form)), regions, { read: { epsilon } });
    expect(edits).toMatchObject([{ kind: 'bias', tensor: 'b' }]);
  });

  test('is policed by one Add before all its parts where others read the argument', async () => {
    const { edits } = await expectPoliced(buildModel(modelWith(form, {}, true)), regions, {
      read: { epsilon },
    });
    expect(edits).toMatchObject([{ kind: 'add' }]);
  });

  test.runIf(name !== 'hardSwish')('is refused without ε, which the message asks for', () => {
    expect(() => readModel(buildModel(modelWith(form)))).toThrow(
      /smooth, affine only up to an error.*Accept an error: readModel\(bytes, \{ epsilon: 1e-3 \}\)/,
    );
  });

  test('constants of one axis, and of more than the argument has', async () => {
    const { constants = {} } = FORMS[form];
    for (const dims of [[1], [1, 1, 1]]) {
      const wide = Object.fromEntries(
        Object.entries(constants).map(([key, value]) => [key, { dims, data: [value] }]),
      );
      const model = modelWith(form, { constants: form.startsWith('hard') ? {} : wide });
      const bytes = buildModel({
        ...model,
        nodes: [...model.nodes.slice(0, -2), ['Abs', ['c'], ['o']], ['Reshape', ['o', 'to'], ['y']]],
        constants: { ...model.constants, to: { dims: [1], data: [-1], dtype: 'int64' } },
      });
      await expectSameForward(bytes, { epsilon });
    }
  });
});

test('the bounds of a Clip give no axes to what is clipped', async () => {
  const bytes = buildModel({
    input: [3],
    nodes: [
      ['ReduceMax', ['x'], ['t'], { keepdims: 0 }],
      ['Add', ['t', 'three'], ['s']],
      ['Clip', ['s', 'lo', 'hi'], ['c']],
      ['Mul', ['c', 't'], ['y']],
    ],
    constants: {
      three: scalar(3),
      lo: { dims: [1], data: [0] },
      hi: { dims: [1], data: [6] },
    },
  });
  await expectSameForward(bytes, { epsilon });
  expect(readModel(bytes).guaranteedShape).toEqual([]);
});

describe('operators of newer sets', () => {
  test.each<[string, number, TestNode]>([
    ['gelu', 20, ['Gelu', ['h'], ['c']]],
    ['geluTanh', 20, ['Gelu', ['h'], ['c'], { approximate: 'tanh' }]],
    ['mish', 18, ['Mish', ['h'], ['c']]],
    ['silu', 24, ['Swish', ['h'], ['c']]],
    ['quickGelu', 24, ['Swish', ['h'], ['c'], { alpha: { float: 1.702 } }]],
  ])('%s of set %i', async (name, opset, node) => {
    const { nodes, constants } = modelWith('Tanh');
    const bytes = buildModel({
      input: [1, 3],
      opset,
      ir: 10,
      nodes: nodes.map(each => (each[0] === 'Tanh' ? node : each)),
      constants: constants!,
    });
    const { network } = await expectSameForward(bytes, { epsilon, scale: 3 });
    expect(network.nodes.find(each => each.kind === 'activation')).toMatchObject({ activation: { name } });
    await expectPoliced(bytes, regions, { read: { epsilon } });
  });
});

describe('what only looks like a curve is refused', () => {
  const refused = (nodes: TestNode[], constants: Record<string, number>, message: RegExp) => {
    const bytes = buildModel({
      input: [1, 3],
      nodes,
      constants: Object.fromEntries(Object.entries(constants).map(([key, value]) => [key, scalar(value)])),
    });
    expect(() => readModel(bytes, { epsilon })).toThrow(message);
  };
  const product = /constant factor.*product of two tensors/;

  test('a square, a product of two tensors, other constants', () => {
    refused([['Mul', ['x', 'x'], ['y']]], {}, product);
    refused(
      [
        ['Neg', ['x'], ['n']],
        ['Sigmoid', ['n'], ['s']],
        ['Mul', ['x', 's'], ['y']],
      ],
      {},
      product,
    );
    for (const k of [1.7, 1.7021, -1.702]) {
      refused(
        [
          ['Mul', ['x', 'k'], ['n']],
          ['Sigmoid', ['n'], ['s']],
          ['Mul', ['x', 's'], ['y']],
        ],
        { k },
        product,
      );
    }
    refused(
      [
        ['Add', ['x', 'k'], ['a']],
        ['Clip', ['a', 'lo', 'hi'], ['c']],
        ['Mul', ['x', 'c'], ['y']],
      ],
      { k: 2, lo: 0, hi: 6 },
      product,
    );
    refused(
      [
        ['Erf', ['x'], ['e']],
        ['Mul', ['x', 'e'], ['y']],
      ],
      {},
      /'Erf'/,
    );
  });

  test('a part that others read too', () => {
    const nodes: TestNode[] = [
      ['Add', ['x', 'three'], ['a']],
      ['Clip', ['a', 'zero', 'six'], ['k']],
      ['Mul', ['x', 'k'], ['m']],
      ['Add', ['m', 'k'], ['y']],
    ];
    refused(nodes, { three: 3, zero: 0, six: 6 }, product);
  });

  test('an ε below what rounded constants cost', () => {
    const model = buildModel(modelWith('GELU of PyTorch'));
    expect(() => readModel(model, { epsilon: 1e-10 })).toThrow(/above that of its rounded constants/);
    expect(() => readModel(model, { epsilon: -1 })).toThrow(PoliceError);
  });
});

/** Roundoffs of float32 in one of float16; and what is lost at most where a float16 underflows. */
const HALF = 2 ** 13;
const UNDERFLOW_16 = 2 ** -24;
/** A constant that float16 rounds, twice at most, moves a curve by half that share of 1. */
const HALF_CONSTANT = 2 ** -11;

describe.each(Object.entries(FORMS))('%s in half precision', (_, { name, nodes, constants = {} }) => {
  const half = (dims: number[], data: number[]): TestTensor => ({
    dims,
    data: data.map(roundToFloat16),
    dtype: 'float16',
  });
  const scalars = Object.fromEntries(
    Object.entries(constants).map(([key, value]) => [key, half([], [value])]),
  );

  test('is read as run, as one activation', async () => {
    const bytes = buildModel({
      dtype: 'float16',
      input: [1, 6],
      nodes: [['Identity', ['x'], ['h']], ...nodes, ['Neg', ['c'], ['y']]],
      constants: scalars,
    });
    const model = readModel(bytes, { epsilon });
    const bends = model.network.nodes.flatMap(node => (node.kind === 'activation' ? [node.activation] : []));
    expect(bends).toMatchObject([{ name }]);
    const given = randomRows(3, 20, 6, 6);
    const x = matrix(20, 6, given.data.map(roundToFloat16));
    const [expected, bound] = [forward(model.network, x).data, float32ErrorBound(model.network, x).data];
    const actual = await runRows(bytes, model, x);
    expect(actual.length).toBe(expected.length);
    actual.forEach((y, i) => {
      const most = HALF * bound[i] + 8 * UNDERFLOW_16 + HALF_CONSTANT;
      expect(Math.abs(y - expected[i]), `${y} for ${expected[i]}`).toBeLessThanOrEqual(most);
    });
  });

  test('is policed, written and read again', async () => {
    const model: TestModel = {
      dtype: 'float16',
      input: [1, 3],
      nodes: [['Gemm', ['x', 'w', 'b'], ['h']], ...nodes, ['Gemm', ['c', 'v'], ['y']]],
      constants: {
        w: half([3, 4], [...weights(3, 4, 3).data]),
        b: half([4], [0.5, -0.25, 0.125, -1]),
        v: half([4, 2], [...weights(4, 2, 1).data]),
        ...scalars,
      },
    };
    const read = readModel(buildModel(model), { epsilon });
    expect(read.precision).toBe('float16');
    const frozenTo = (net: Network) => freeze(net, regions, { precision: 'float16' }).network;
    const written = writeBack(read, frozenTo(enforce(read.network, regions).network), frozenTo);
    const again = readModel(written.bytes, { epsilon });
    const proof = certify(again.network, regions);
    if (!proof.certified) return expect.fail(`${proof.layer} unit ${proof.unit}: margin ${proof.margin}`);
    const rng = seededRng(5);
    for (const [r, region] of regions.entries()) {
      const { map, approximationError } = proof.regions[r];
      const points = matrix(
        6,
        3,
        Float64Array.from(Array.from({ length: 6 }, () => [...region.sample(rng)]).flat()),
      );
      forward(again.network, points).data.forEach((y, i) => {
        const [row, j] = [Math.floor(i / 2), i % 2];
        const x = points.data.subarray(3 * row, 3 * row + 3);
        const affine = x.reduce((sum, value, k) => sum + map.A.data[3 * j + k] * value, map.b[j]);
        const most = (approximationError?.[j] ?? 0) + 64 * Number.EPSILON * (1 + Math.abs(y));
        expect(Math.abs(y - affine)).toBeLessThanOrEqual(most);
      });
    }
    const x = matrix(8, 3, randomRows(7, 8, 3, 3).data.map(roundToFloat16));
    const [expected, bound] = [forward(again.network, x).data, float32ErrorBound(again.network, x).data];
    const gain = (j: number) =>
      weights(4, 2, 1).data.reduce((sum, v, i) => sum + (i % 2 === j ? Math.abs(v) : 0), 0);
    (await runRows(written.bytes, again, x)).forEach((y, i) => {
      const most = HALF * bound[i] + 8 * UNDERFLOW_16 + HALF_CONSTANT * gain(i % 2);
      expect(Math.abs(y - expected[i]), `${y} for ${expected[i]}`).toBeLessThanOrEqual(most);
    });
  });
});

test('outside its kink the curve read is within ε of its pieces, rounded constants included', () => {
  for (const [form, { name }] of Object.entries(FORMS)) {
    if (name === 'hardSwish') continue;
    const { network } = readModel(buildModel(modelWith(form)), { epsilon: 1e-6 });
    const node = network.nodes.find(each => each.kind === 'activation');
    if (node?.kind !== 'activation') throw new Error('no activation');
    const [{ hi }] = node.activation.kinks;
    const units = network.sizes.get(node.name)!;
    // The bend itself, run by core on the argument alone.
    const alone = { ...node, input: 'h' };
    const x = matrix(1, units, new Float64Array(units).fill(hi));
    const value = forward(
      {
        ...network,
        nodes: [{ kind: 'input', name: 'h', size: units }, alone],
        inputSize: units,
        outputSize: units,
      },
      x,
    ).data[0];
    const { slope, offset } = node.activation.pieces[1];
    expect(Math.abs(value - ((slope as number) * hi + offset))).toBeLessThanOrEqual(
      1e-6 + 8 * Number.EPSILON * (1 + hi),
    );
  }
});
