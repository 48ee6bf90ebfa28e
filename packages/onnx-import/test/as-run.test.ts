// What is read is what ONNX Runtime computes, or it is refused with a reason: each kind where the two once differed.
import { PoliceError } from '@police/core';
import { readModel } from '@police/onnx-import';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Case } from '../fuzz/cases.js';
import { compare } from '../fuzz/compare.js';
import type { DType } from '../src/tensor.js';
import { buildModel, int64, scalar, type TestModel, type TestNode, type TestTensor } from './onnx.js';

const list = (data: readonly number[], dtype: DType = 'float32'): TestTensor => ({
  dims: [data.length],
  data,
  dtype,
});

/** `x + k`, k a constant that the nodes compute: at x = 0 it is seen to the bit. */
function constantCase(nodes: readonly TestNode[], constants: Record<string, TestTensor>, opset = 13): Case {
  const all: TestNode[] = [...nodes, ['Add', ['x', 'k'], ['y']]];
  return { model: { opset, input: [1], nodes: all, constants }, isConstant: true };
}

function refusal(model: TestModel): string {
  try {
    readModel(buildModel(model));
  } catch (error) {
    if (error instanceof PoliceError) return error.message;
    throw error;
  }
  return 'read';
}

async function expectSame(found: Case): Promise<void> {
  expect(await compare(found, 1)).toEqual({ kind: 'same' });
}

describe('constants that the runtime computes', () => {
  const one = (type: string, inputs: string[], attributes: TestNode[3] = {}): TestNode[] => [
    [type, inputs, ['k'], attributes],
  ];
  const column = (...data: number[]): TestTensor => ({ dims: [data.length, 1], data });
  const row = (...data: number[]): TestTensor => ({ dims: [1, data.length], data });

  test.each<[string, TestNode[], Record<string, TestTensor>, number?]>([
    ['a product of whole numbers', one('MatMul', ['a', 'b']), { a: row(1, -2, 3), b: column(4, 5, 6) }],
    ['a sum that cancels without rounding', one('ReduceSum', ['a']), { a: list([2 ** 22, 1, -(2 ** 22)]) }],
    ['a Gemm of whole numbers', one('Gemm', ['a', 'b']), { a: row(7, 8), b: column(-1, 0.5) }],
    [
      'a convolution of whole numbers',
      one('Conv', ['a', 'b']),
      { a: { dims: [1, 1, 4], data: [1, 2, 3, 4] }, b: { dims: [1, 1, 2], data: [1, -1] } },
    ],
    ['one rounding', one('Mul', ['a', 'b']), { a: list([0.1, 3]), b: list([0.3, 1 / 3]) }],
    ['a root', one('Sqrt', ['a']), { a: list([2, 3, 1e-40]) }],
    [
      'int32 that wraps',
      [
        ['Mul', ['a', 'a'], ['p']],
        ['Cast', ['p'], ['k'], { to: 1 }],
      ],
      { a: list([65537, -3], 'int32') },
    ],
    [
      'int64 near the end',
      [
        ['Add', ['a', 'a'], ['p']],
        ['Cast', ['p'], ['k'], { to: 1 }],
      ],
      { a: list([2 ** 51, -5], 'int64') },
    ],
    [
      'a division of integers',
      [
        ['Div', ['a', 'b'], ['p']],
        ['Cast', ['p'], ['k'], { to: 1 }],
      ],
      { a: list([-7, 7], 'int32'), b: list([2, -2], 'int32') },
    ],
    [
      'the least int32, negated',
      [
        ['Neg', ['a'], ['p']],
        ['Cast', ['p'], ['k'], { to: 1 }],
      ],
      { a: list([-(2 ** 31)], 'int32') },
    ],
    [
      'a cast that wraps',
      [
        ['Cast', ['a'], ['p'], { to: 2 }],
        ['Cast', ['p'], ['k'], { to: 1 }],
      ],
      { a: list([300, -1], 'int32') },
    ],
    [
      'a cast through bool',
      [
        ['Cast', ['a'], ['p'], { to: 9 }],
        ['Cast', ['p'], ['k'], { to: 1 }],
      ],
      { a: list([-0.25, 0, 7]) },
    ],
    [
      'a cast through float16',
      [
        ['Cast', ['a'], ['p'], { to: 10 }],
        ['Cast', ['p'], ['k'], { to: 1 }],
      ],
      { a: list([0.1, 2049, 1e-7].map(Math.fround)) },
    ],
    ['a cast of float64', one('Cast', ['a'], { to: 1 }), { a: list([0.1, 1 / 3], 'float64') }],
    [
      'a range of whole numbers',
      one('Range', ['a', 'b', 'd']),
      { a: scalar(-3), b: scalar(4), d: scalar(2) },
    ],
    [
      'e to the 0, ln 1',
      [
        ['Exp', ['a'], ['e']],
        ['Log', ['e'], ['k']],
      ],
      { a: list([0]) },
    ],
    ['a square', one('Pow', ['a', 'b']), { a: list([3, -1.5]), b: scalar(2) }],
  ])('%s', async (_, nodes, constants, opset) => {
    await expectSame(constantCase(nodes, constants, opset));
  });

  test.each<[string, TestNode[], Record<string, TestTensor>, RegExp]>([
    [
      'a product that cancels',
      one('MatMul', ['a', 'b']),
      { a: row(1e8, 1, -1e8), b: column(1, 1, 1) },
      /no order of summation/,
    ],
    [
      'a sum that cancels',
      one('ReduceSum', ['a']),
      { a: list([1e8, 1, 1, 1, -1e8]) },
      /no order of summation/,
    ],
    ['a mean of thirds', one('ReduceMean', ['a']), { a: list([1, 1, 2]) }, /no order of summation/],
    [
      'a Gemm times alpha',
      one('Gemm', ['a', 'b'], { alpha: { float: 0.5 } }),
      { a: row(1), b: column(1) },
      /alpha/,
    ],
    [
      'a range in steps of 0.1',
      one('Range', ['a', 'b', 'd']),
      { a: scalar(0), b: scalar(10), d: scalar(Math.fround(0.1)) },
      /range whose numbers are not rounded/,
    ],
    ['an exponential', one('Exp', ['a']), { a: list([0.5]) }, /every runtime rounds alike/],
    ['a logarithm', one('Log', ['a']), { a: list([3]) }, /every runtime rounds alike/],
    ['a power', one('Pow', ['a', 'b']), { a: list([3]), b: scalar(0.5) }, /power of 0, 1 or 2/],
    [
      'what is no number, clipped',
      [
        ['Sqrt', ['a'], ['p']],
        ['Clip', ['p', 'b', 'b'], ['k']],
      ],
      { a: list([-1]), b: scalar(0) },
      /NaN/,
    ],
    ['an Elu', one('Elu', ['a']), { a: list([-1]) }, /depends on the network/],
    [
      'integers beyond 2^53',
      [
        ['Sub', ['a', 'b'], ['p']],
        ['Cast', ['p'], ['k'], { to: 1 }],
      ],
      {
        a: { dims: [1], data: [], dtype: 'int64', bigints: [-(2n ** 53n) - 1n] },
        b: list([-(2 ** 53) + 2], 'int64'),
      },
      /integers below 2\^53/,
    ],
    [
      'a float out of an integer’s range',
      [
        ['Cast', ['a'], ['p'], { to: 3 }],
        ['Cast', ['p'], ['k'], { to: 1 }],
      ],
      { a: list([300]) },
      /numbers that int8 holds, got 300/,
    ],
    [
      'a division by 0',
      [
        ['Div', ['a', 'b'], ['p']],
        ['Cast', ['p'], ['k'], { to: 1 }],
      ],
      { a: list([1], 'int32'), b: list([0], 'int32') },
      /divisor other than 0/,
    ],
    [
      'typed data out of its type',
      one('Cast', ['a'], { to: 1 }),
      { a: list([300], 'uint8') },
      /initializer 'a'.*uint8 values from 0 to 255, got 300/,
    ],
    [
      'two types',
      one('Add', ['a', 'b']),
      { a: list([1]), b: list([1], 'float64') },
      /two constants of one type/,
    ],
    [
      'a rounded float16 result',
      [
        ['Sqrt', ['a'], ['p']],
        ['Cast', ['p'], ['k'], { to: 1 }],
      ],
      { a: list([3], 'float16') },
      /float16 constants/,
    ],
  ])('refused: %s', (_, nodes, constants, message) => {
    expect(refusal(constantCase(nodes, constants).model)).toMatch(message);
  });

  test('the largest int64 as the end of a slice', async () => {
    const constants = {
      s: int64(1),
      e: { dims: [1], data: [], dtype: 'int64', bigints: [2n ** 63n - 1n] } as TestTensor,
    };
    await expectSame({
      model: { input: [5], nodes: [['Slice', ['x', 's', 'e'], ['y']]], constants },
      isConstant: false,
    });
  });
});

describe('casts of data', () => {
  const through = (to: number, back: number, dtype: TestModel['dtype'] = 'float32'): TestModel => ({
    dtype,
    input: [1, 3],
    nodes: [
      ['Cast', ['x'], ['a'], { to }],
      ['Cast', ['a'], ['b'], { to: back }],
      ['Relu', ['b'], ['y']],
    ],
  });

  test('to half precision inside float32 is refused', () => {
    expect(refusal(through(10, 1))).toMatch(/\(Cast, node 0\).*no rounding to float16/);
  });

  test.each<[string, TestModel]>([
    ['wider and back', through(11, 1)],
    ['float16 through float32', through(1, 10, 'float16')],
    ['float64 through float32: one rounding', through(1, 11, 'float64')],
  ])('%s', async (_, model) => {
    await expectSame({ model, isConstant: false });
  });

  test('the rounding of a float64 input counts', () => {
    const { network } = readModel(buildModel(through(1, 11, 'float64')));
    expect(network.nodes.map(({ kind }) => kind)).toEqual(['input', 'affine', 'activation']);
  });
});

describe('resizing', () => {
  const modes = fc.constantFrom('half_pixel', 'pytorch_half_pixel', 'asymmetric', 'align_corners');
  const rounding = fc.constantFrom('round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil');
  const plane = fc.record({
    size: fc.integer({ min: 1, max: 9 }),
    // Decimal scales, which float32 rounds, hit ties and whole sizes.
    scale: fc.oneof(
      fc.integer({ min: 3, max: 40 }).map(tenths => Math.fround(tenths / 10)),
      fc.double({ min: 0.3, max: 4, noNaN: true }).map(Math.fround),
    ),
  });
  const keeps = ({ size, scale }: { size: number; scale: number }) => Math.fround(size * scale) >= 1;

  test('in every mode by scales and by sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          mode: fc.constantFrom('nearest', 'linear'),
          modes,
          rounding,
          h: plane.filter(keeps),
          w: plane.filter(keeps),
          bySizes: fc.boolean(),
          opset: fc.integer({ min: 11, max: 19 }),
        }),
        async ({ mode, modes: transformation, rounding: nearest_mode, h, w, bySizes, opset }) => {
          const sizes = [h, w].map(({ size, scale }) => Math.floor(Math.fround(size * scale)));
          const none: TestTensor = { dims: [0], data: [] };
          const constants = bySizes
            ? { none, s: int64(1, 2, ...sizes) }
            : { none, s: { dims: [4], data: [1, 1, h.scale, w.scale] } };
          const inputs = bySizes ? ['x', 'none', 'none', 's'] : ['x', 'none', 's'];
          const attributes = { mode, coordinate_transformation_mode: transformation, nearest_mode };
          const nodes: TestNode[] = [['Resize', inputs, ['y'], attributes]];
          const model = { opset, input: [1, 2, h.size, w.size], nodes, constants };
          await expectSame({ model, isConstant: false });
        },
      ),
      { numRuns: 120 },
    );
  });

  test('as operator sets 8 to 10 did it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 8, max: 10 }),
        plane.filter(keeps),
        fc.boolean(),
        async (opset, w, isLinear) => {
          const scale = opset < 10 ? Math.max(1, w.scale) : w.scale;
          const s = { dims: [4], data: [1, 1, 1, scale] };
          const mode = isLinear ? 'linear' : 'nearest';
          const node: TestNode =
            opset < 9
              ? ['Upsample', ['x'], ['y'], { mode, scales: { floats: s.data } }]
              : [opset < 10 ? 'Upsample' : 'Resize', ['x', 's'], ['y'], { mode }];
          const model = { opset, ir: 3, input: [1, 1, 2, w.size], nodes: [node], constants: { s } };
          await expectSame({ model, isConstant: false });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('to the same size it copies, whatever the scales', async () => {
    const nodes: TestNode[] = [['Resize', ['x', '', 's'], ['y'], { mode: 'nearest' }]];
    const constants = { s: { dims: [4], data: [1, 1, 1, Math.fround(1.3)] } };
    const model: TestModel = { input: [1, 1, 1, 3], nodes, constants };
    await expectSame({ model, isConstant: false });
    expect(readModel(buildModel(model)).network.nodes.length).toBe(1);
  });
});

describe('convolutions with auto_pad', () => {
  test('whatever the strides and kernels', async () => {
    const outcomes = new Set<string>();
    for (const auto_pad of ['SAME_UPPER', 'SAME_LOWER']) {
      for (const stride of [1, 2, 3, 4]) {
        for (const [size, kernel] of [8, 9].flatMap(n => [1, 2, 3].map(k => [n, k]))) {
          const w: TestTensor = { dims: [1, 1, kernel], data: [1, 2, 4].slice(0, kernel) };
          const nodes: TestNode[] = [['Conv', ['x', 'w'], ['y'], { auto_pad, strides: [stride] }]];
          const model: TestModel = { input: [1, 1, size], nodes, constants: { w } };
          const { kind } = await compare({ model, isConstant: false }, 1);
          expect(kind, `${auto_pad} stride ${stride} size ${size} kernel ${kernel}`).not.toBe('different');
          outcomes.add(kind);
        }
      }
    }
    expect([...outcomes].sort()).toEqual(['refused', 'same']);
  });
});

describe('pools', () => {
  test('whatever the strides, dilations and padding', async () => {
    const small = fc.integer({ min: 1, max: 4 });
    let read = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          type: fc.constantFrom('MaxPool', 'AveragePool'),
          size: fc.integer({ min: 1, max: 11 }),
          kernel: small,
          stride: small,
          dilation: fc.integer({ min: 1, max: 3 }),
          auto_pad: fc.constantFrom('SAME_UPPER', 'SAME_LOWER', 'VALID', 'NOTSET'),
          ceil_mode: fc.integer({ min: 0, max: 1 }),
          count_include_pad: fc.integer({ min: 0, max: 1 }),
          isPlane: fc.boolean(),
          opset: fc.integer({ min: 10, max: 22 }),
        }),
        async ({ type, size, kernel, stride, dilation, isPlane, opset, ...rest }) => {
          const { count_include_pad, ...shared } = rest;
          const each = (value: number) => (isPlane ? [1, value] : [value]);
          const attributes = {
            ...shared,
            kernel_shape: each(kernel),
            strides: each(stride),
            ...(type === 'AveragePool' ? { count_include_pad } : {}),
            ...(type === 'MaxPool' || opset >= 19 ? { dilations: each(dilation) } : {}),
          };
          const input = isPlane ? [1, 1, 2, size] : [1, 2, size];
          const model: TestModel = { opset, input, nodes: [[type, ['x'], ['y'], attributes]] };
          const outcome = await compare({ model, isConstant: false }, 1);
          if (outcome.kind === 'same') read++;
          expect(outcome.kind).not.toBe('different');
        },
      ),
      { numRuns: 200 },
    );
    expect(read).toBeGreaterThan(60);
  });

  test('SAME counts the kernel without its dilation', async () => {
    const attributes = { kernel_shape: [2], strides: [4], dilations: [3], auto_pad: 'SAME_UPPER' };
    const model: TestModel = { opset: 12, input: [1, 1, 5], nodes: [['MaxPool', ['x'], ['y'], attributes]] };
    await expectSame({ model, isConstant: false });
  });
});

describe('clips', () => {
  test.each<['float32' | 'float64' | 'float16', number | undefined, number | undefined]>([
    ['float32', 1, 1],
    ['float32', 2, -1],
    ['float32', undefined, Number.NEGATIVE_INFINITY],
    ['float32', Number.NEGATIVE_INFINITY, 0.5],
    ['float64', undefined, 1],
    ['float64', -1, undefined],
    ['float16', 0.25, undefined],
    ['float16', undefined, 65504],
    ['float16', -65504, 0.5],
    ['float16', 3, 3],
  ])('%s to [%d, %d]', async (dtype, min, max) => {
    const bound = (value: number) => ({ dims: [], data: [value], dtype });
    const constants = {
      ...(min !== undefined && { min: bound(min) }),
      ...(max !== undefined && { max: bound(max) }),
    };
    const inputs = ['x', min === undefined ? '' : 'min', max === undefined ? '' : 'max'];
    const model: TestModel = { dtype, input: [1, 4], nodes: [['Clip', inputs, ['y']]], constants };
    const outcome = await compare({ model, isConstant: false }, 1);
    if (max === Number.NEGATIVE_INFINITY) expect(outcome.kind).toBe('refused');
    else expect(outcome).toEqual({ kind: 'same' });
  });

  test('float64 numbers beyond float32 pass where there is no bound', async () => {
    const nodes: TestNode[] = [
      ['Mul', ['x', 'c'], ['h']],
      ['Clip', ['h', 'lo'], ['y']],
    ];
    const constants = {
      c: { ...scalar(1e300), dtype: 'float64' },
      lo: { ...scalar(-1), dtype: 'float64' },
    } as const;
    await expectSame({ model: { dtype: 'float64', input: [1, 2], nodes, constants }, isConstant: false });
  });
});

describe('a product after a Transpose', () => {
  const middles: readonly TestNode[][] = [
    [],
    [['Identity', ['t'], ['u']]],
    [['Concat', ['t', 't'], ['u'], { axis: 0 }]],
    [['Add', ['t', 't'], ['u']]],
    [['Mul', ['t', 'half'], ['u']]],
  ];
  const after = (middle: readonly TestNode[], b: TestTensor, opset: number): TestModel => ({
    opset,
    input: [2, 3],
    nodes: [['Transpose', ['x'], ['t']], ...middle, ['MatMul', [middle.length > 0 ? 'u' : 't', 'b'], ['y']]],
    constants: { b, half: scalar(0.5) },
  });

  test.each([9, 13, 22])(
    'with a vector is refused, which the runtime computes without it (opset %i)',
    opset => {
      for (const middle of middles)
        expect(refusal(after(middle, list([1, -2]), opset))).toMatch(/leaves the Transpose out.*one column/);
    },
  );

  test('with a matrix of one column is read as run', async () => {
    for (const middle of middles)
      await expectSame({ model: after(middle, { dims: [2, 1], data: [1, -2] }, 13), isConstant: false });
  });

  test('with a vector is read as run in operator set 8, where nothing is fused, and after a Transpose of constants', async () => {
    await expectSame({ model: after([], list([1, -2]), 8), isConstant: false });
    const nodes: TestNode[] = [
      ['Transpose', ['w'], ['t']],
      ['MatMul', ['x', 't'], ['h']],
      ['MatMul', ['h', 'b'], ['y']],
    ];
    const constants = { w: { dims: [2, 3], data: [1, 2, 3, 4, 5, 6] }, b: list([1, -2]) };
    await expectSame({ model: { opset: 13, input: [2, 3], nodes, constants }, isConstant: false });
  });
});
