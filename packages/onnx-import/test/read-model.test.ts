import { create } from '@bufbuild/protobuf';
import { box, forward, matrix, PoliceError } from '@police/core';
import { readModel, writeBack } from '@police/onnx-import';
import { FunctionProtoSchema } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { entries, expectPoliced, expectSameForward, randomRows, runRows } from './checks.js';
import {
  buildModel,
  decode,
  encode,
  int64,
  scalar,
  type TestModel,
  type TestNode,
  type TestTensor,
} from './onnx.js';

function random(seed: number, ...dims: number[]): TestTensor {
  return { dims, data: Array.from(randomRows(seed, 1, entries(dims), 1).data) };
}

function refusal(bytes: Uint8Array, options = {}): PoliceError {
  try {
    readModel(bytes, options);
  } catch (error) {
    if (error instanceof PoliceError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

const W = random(1, 3, 4);

describe('weights', () => {
  test.each<[string, TestNode[], Record<string, TestTensor>]>([
    ['as a Constant node', [['Constant', [], ['W'], { value: W }]], {}],
    [
      'as floats of a Constant node',
      [
        ['Constant', [], ['w'], { value_floats: { floats: W.data } }],
        ['Reshape', ['w', 's'], ['W']],
      ],
      { s: int64(3, 4) },
    ],
    [
      'through Identity, Transpose, Unsqueeze, Squeeze',
      [
        ['Identity', ['w'], ['a']],
        ['Transpose', ['a'], ['b']],
        ['Unsqueeze', ['b', 'two'], ['c']],
        ['Squeeze', ['c'], ['W']],
      ],
      { w: random(2, 4, 3), two: int64(2) },
    ],
    [
      'computed: (a − b) · √c / d',
      [
        ['Sub', ['a', 'b'], ['e']],
        ['Sqrt', ['c'], ['f']],
        ['Mul', ['e', 'f'], ['g']],
        ['Div', ['g', 'd'], ['W']],
      ],
      { a: W, b: random(2, 4), c: { dims: [], data: [3] }, d: { dims: [3, 1], data: [3, 5, 7] } },
    ],
    [
      'as a product of constants that no order of summation rounds',
      [['MatMul', ['a', 'b'], ['W']]],
      {
        a: { dims: [3, 2], data: [1, -2, 0.5, 3, 0, 1] },
        b: { dims: [2, 4], data: [1, 0.25, -1, 2, 3, 1, 0, -0.5] },
      },
    ],
    [
      'cut and joined',
      [
        ['Slice', ['a', 'from', 'to'], ['b']],
        ['Concat', ['b', 'c'], ['d'], { axis: 0 }],
        ['Gather', ['d', 'i'], ['W'], { axis: 0 }],
      ],
      { a: random(1, 5, 4), from: int64(1), to: int64(3), c: random(2, 1, 4), i: int64(2, 0, -2) },
    ],
    [
      'of a shape',
      [
        ['Shape', ['x'], ['s']],
        ['Gather', ['s', 'one'], ['k'], { axis: 0 }],
        ['Concat', ['k', 'four'], ['shape'], { axis: 0 }],
        ['ConstantOfShape', ['shape'], ['W'], { value: { dims: [1], data: [0.25] } }],
      ],
      { one: int64(1), four: int64(4) },
    ],
    [
      'chosen',
      [
        ['Less', ['a', 'b'], ['m']],
        ['Where', ['m', 'a', 'b'], ['W']],
      ],
      { a: W, b: random(2, 3, 4) },
    ],
  ])('%s', async (_, nodes, constants) => {
    const after: TestNode[] = [
      ['MatMul', ['x', 'W'], ['h']],
      ['Relu', ['h'], ['y']],
    ];
    const bytes = buildModel({ input: [1, 3], nodes: [...nodes, ...after], constants });
    await expectSameForward(bytes);
    await expectPoliced(bytes, [box([-1, -1, -1], [1, 1, 1])]);
  });

  test('nodes need not be sorted', async () => {
    const nodes: TestNode[] = [
      ['Relu', ['h'], ['y']],
      ['MatMul', ['x', 'W'], ['h']],
      ['Constant', [], ['W'], { value: W }],
    ];
    await expectSameForward(buildModel({ input: [1, 3], nodes }));
  });

  test('nodes that the output does not depend on are not read', () => {
    const nodes: TestNode[] = [
      ['Relu', ['x'], ['y']],
      ['Sin', ['x'], ['z']],
      ['Relu', ['nowhere'], ['w']],
    ];
    expect(readModel(buildModel({ input: [1, 3], nodes })).network.nodes.length).toBe(2);
  });
});

describe('operator sets', () => {
  test.each([8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26])('%i', async opset => {
    const axes =
      opset < 13 ? [['Squeeze', ['t'], ['u'], { axes: [0] }]] : [['Squeeze', ['t', 'zero'], ['u']]];
    const nodes = [
      ['Transpose', ['x'], ['t'], { perm: [1, 0, 2] }],
      ...axes,
      ['Dropout', ['u'], ['v']],
      ['Gemm', ['v', 'W', 'b'], ['h']],
      ['LeakyRelu', ['h'], ['r'], { alpha: { float: 0.25 } }],
      ['Softmax', ['r'], ['y'], { axis: 1 }],
    ] as unknown as TestNode[];
    const constants = { W, b: random(2, 4), zero: int64(0) };
    const bytes = buildModel({
      opset,
      ir: opset < 9 ? 3 : opset > 22 ? 13 : opset > 18 ? 10 : 8,
      input: ['N', 1, 3],
      nodes,
      constants,
    });
    const model = readModel(bytes);
    expect(model.opset).toBe(opset);
    expect(model.tail).toEqual(["'n5' (Softmax, node 5)"]);
    await expectPoliced(bytes, [box([-1, -1, -1], [1, 1, 1])]);
  });
});

describe('the tail', () => {
  const head: TestNode[] = [
    ['MatMul', ['x', 'W'], ['h']],
    ['Relu', ['h'], ['r']],
  ];
  test.each<[string, TestNode[], number, number?]>([
    ['Softmax', [['Softmax', ['r'], ['y']]], 1],
    [
      'Sigmoid, reshaped',
      [
        ['Sigmoid', ['r'], ['s']],
        ['Reshape', ['s', 'shape'], ['y']],
      ],
      2,
    ],
    ['ArgMax', [['ArgMax', ['r'], ['y'], { axis: 1 }]], 1, 7],
    [
      'Softmax, then ArgMax',
      [
        ['Softmax', ['r'], ['s']],
        ['ArgMax', ['s'], ['y'], { axis: 1 }],
      ],
      2,
      7,
    ],
  ])(
    '%s is kept and reported; the guarantee is for the tensor before',
    async (_, tail, length, outputType = 1) => {
      const constants = { W, shape: int64(-1, 2, 2) };
      const bytes = buildModel({ input: ['N', 3], nodes: [...head, ...tail], constants, outputType });
      const { model, bytes: after } = await expectPoliced(bytes, [box([-1, -1, -1], [1, 1, 1])]);
      expect(model.tail.length).toBe(length);
      expect(model).toMatchObject({ outputName: 'y', guaranteedTensor: 'r', guaranteedShape: [1, 4] });
      await runRows(after, model, randomRows(1, 2, 3));
    },
  );

  test('a Softmax in the middle is refused', () => {
    const nodes: TestNode[] = [
      ['Softmax', ['x'], ['s']],
      ['Relu', ['s'], ['y']],
    ];
    expect(refusal(buildModel({ input: [1, 3], nodes }))).toMatchObject({
      code: 'unsupported-layer',
      where: "'n0' (Softmax, node 0)",
    });
  });
});

describe('batches', () => {
  test.each<[string, TestModel]>([
    ['no batch axis', { input: [5], nodes: [['Relu', ['x'], ['y']]] }],
    ['[1, 1, 1, 5], flattened', { input: [1, 1, 1, 5], nodes: [['Flatten', ['x'], ['y']]] }],
    [
      'reshaped to −1',
      { input: ['N', 2, 3], nodes: [['Reshape', ['x', 's'], ['y']]], constants: { s: int64(-1, 6) } },
    ],
    [
      'flattened by its shape',
      {
        input: ['N', 2, 3],
        nodes: [
          ['Shape', ['x'], ['s']],
          ['Gather', ['s', 'zero'], ['n'], { axis: 0 }],
          ['Unsqueeze', ['n', 'axes'], ['n1']],
          ['Concat', ['n1', 'rest'], ['shape'], { axis: 0 }],
          ['Reshape', ['x', 'shape'], ['y']],
        ],
        constants: { zero: { dims: [], data: [0], dtype: 'int64' }, axes: int64(0), rest: int64(-1) },
      },
    ],
    [
      'a whole batch is one sample',
      {
        input: [2, 3],
        nodes: [
          ['MatMul', ['x', 'W'], ['h']],
          ['Relu', ['h'], ['y']],
        ],
        constants: { W },
      },
    ],
  ])('%s', async (_, model) => {
    await expectSameForward(buildModel(model));
  });

  test('sizes that the model leaves open are asked for', () => {
    const nodes: TestNode[] = [['Relu', ['x'], ['y']]];
    const bytes = buildModel({ input: ['N', 'C', 3], nodes });
    expect(refusal(bytes).message).toMatch(
      /input 'x': expected sizes that are known but for the first axis, got \[\?, \?, 3\]/,
    );
    expect(readModel(bytes, { inputShape: [1, 2, 3] }).network.inputSize).toBe(6);
    expect(refusal(bytes, { inputShape: [1, 2, 4] }).code).toBe('invalid-network');
    expect(refusal(bytes, { inputShape: [1, 6] }).code).toBe('invalid-network');
  });
});

describe('refused, naming node, operator and position', () => {
  const relu: TestNode[] = [['Relu', ['h'], ['y']]];
  test.each<[string, TestModel, RegExp]>([
    [
      'an unknown operator',
      { input: [1, 3], nodes: [['Sin', ['x'], ['h']], ...relu] },
      /'n0' \(Sin, node 0\).*got 'Sin'/,
    ],
    [
      'a product of two tensors',
      { input: [1, 3], nodes: [['Mul', ['x', 'x'], ['h']], ...relu] },
      /\(Mul, node 0\)/,
    ],
    [
      'a matrix product of two tensors',
      { input: [3, 3], nodes: [['MatMul', ['x', 'x'], ['h']], ...relu] },
      /\(MatMul, node 0\)/,
    ],
    [
      'a division by the input',
      { input: [1, 3], nodes: [['Div', ['x', 'x'], ['h']], ...relu] },
      /\(Div, node 0\)/,
    ],
    [
      'a power',
      { input: [1, 3], nodes: [['Pow', ['x', 'c'], ['h']], ...relu], constants: { c: scalar(2) } },
      /\(Pow, node 0\)/,
    ],
    [
      'an unknown attribute',
      { input: [1, 3], nodes: [['Relu', ['x'], ['h'], { alpha: 1 }], ...relu] },
      /\(Relu, node 0\).*'alpha'/,
    ],
    [
      'an attribute of another type',
      { input: [1, 3], nodes: [['LeakyRelu', ['x'], ['h'], { alpha: 1 }], ...relu] },
      /'alpha' of type FLOAT, got INT/,
    ],
    [
      'sizes that do not fit',
      { input: [1, 3], nodes: [['MatMul', ['x', 'c'], ['h']], ...relu], constants: { c: random(1, 4, 3) } },
      /\(MatMul, node 0\).*3 and 4/,
    ],
    [
      'weights that are not finite',
      {
        input: [1, 3],
        nodes: [['MatMul', ['x', 'c'], ['h']], ...relu],
        constants: { c: { dims: [3, 1], data: [1, Number.NaN, 2] } },
      },
      /\(MatMul, node 0\).*NaN/,
    ],
    [
      'the indices of a pool',
      {
        input: [1, 1, 4],
        nodes: [
          ['MaxPool', ['x'], ['p', 'i'], { kernel_shape: [2] }],
          ['Cast', ['i'], ['h'], { to: 1 }],
          ...relu,
        ],
      },
      /\(Cast, node 1\).*'i', an output that is not read/,
    ],
    [
      'a cast to integers',
      { input: [1, 3], nodes: [['Cast', ['x'], ['h'], { to: 7 }], ...relu] },
      /\(Cast, node 0\)/,
    ],
    [
      'a tensor that nothing computes',
      { input: [1, 3], nodes: relu },
      /\(Relu, node 0\).*'h', which nothing computes/,
    ],
    [
      'a cubic resize',
      {
        input: [1, 1, 3, 3],
        nodes: [['Resize', ['x', '', 'c'], ['h'], { mode: 'cubic' }], ...relu],
        constants: { c: { dims: [4], data: [1, 1, 1.5, 1.5] } },
      },
      /\(Resize, node 0\).*'nearest' or 'linear', got 'cubic'/,
    ],
    ['a circle', { input: [1, 3], nodes: [['Add', ['x', 'y'], ['h']], ...relu] }, /without circles/],
    [
      'a tensor computed twice',
      { input: [1, 3], nodes: [['Relu', ['x'], ['h']], ['Relu', ['x'], ['h']], ...relu] },
      /'h' computed elsewhere too/,
    ],
    [
      'a constant output',
      { input: [1, 3], nodes: [['Constant', [], ['h'], { value_float: { float: 1 } }], ...relu] },
      /output 'y'.*a constant/,
    ],
    [
      'an opset too old',
      { opset: 7, input: [1, 3], nodes: [['Relu', ['x'], ['y']]] },
      /operator set 8 to 26, got 7/,
    ],
    [
      'an opset too new',
      { opset: 27, input: [1, 3], nodes: [['Relu', ['x'], ['y']]] },
      /operator set 8 to 26, got 27/,
    ],
    [
      'training',
      {
        opset: 14,
        input: [1, 3],
        nodes: [['Dropout', ['x', '', 't'], ['y']]],
        constants: { t: { dims: [], data: [1], dtype: 'bool' } },
      },
      /training_mode/,
    ],
  ])('%s', (_, model, message) => {
    expect(refusal(buildModel(model)).message).toMatch(message);
  });

  test('an operator of another domain', () => {
    const model = decode(buildModel({ input: [1, 3], nodes: [['Relu', ['x'], ['y']]] }));
    model.graph!.node[0].domain = 'com.microsoft';
    expect(refusal(encode(model)).message).toMatch(/'com.microsoft.Relu'/);
  });

  test('data in another file: the path is not followed', () => {
    const model = decode(
      buildModel({ input: [1, 3], nodes: [['Add', ['x', 'c'], ['y']]], constants: { c: random(1, 3) } }),
    );
    model.graph!.initializer[0].dataLocation = 1;
    model.graph!.initializer[0].externalData = [
      { $typeName: 'onnx.StringStringEntryProto', key: 'location', value: '/etc/passwd' },
    ];
    const error = refusal(encode(model));
    expect(error.message).toMatch(/initializer 'c'.*data in another file/);
    expect(error.message).not.toMatch(/passwd/);
  });

  test('data in another file is read where the caller reads it, and written into the model', () => {
    const c = random(1, 2, 3);
    const one = buildModel({
      input: [2, 3],
      nodes: [
        ['Add', ['x', 'c'], ['h']],
        ['Relu', ['h'], ['y']],
      ],
      constants: { c },
    });
    const outside = (entries: Record<string, string>) => {
      const model = decode(one);
      const [tensor] = model.graph!.initializer;
      Object.assign(tensor, { rawData: new Uint8Array(0), floatData: [], dataLocation: 1 });
      tensor.externalData = Object.entries(entries).map(([key, value]) => ({
        $typeName: 'onnx.StringStringEntryProto' as const,
        key,
        value,
      }));
      return encode(model);
    };
    const file = new Uint8Array(8 + 24);
    file.set(new Uint8Array(Float32Array.from(c.data).buffer), 8);
    const externalData = (location: string) => {
      expect(location).toBe('m.data');
      return file;
    };
    const read = readModel(outside({ location: 'm.data', offset: '8', length: '24' }), { externalData });
    const x = matrix(1, 6, Float64Array.of(0.5, -0.5, 2, -2, 0.1, 1));
    expect(forward(read.network, x)).toEqual(forward(readModel(one).network, x));
    const { bytes } = writeBack(read, read.network);
    expect(forward(readModel(bytes).network, x)).toEqual(forward(read.network, x));
    expect(readModel(outside({ location: 'm.data', offset: '8' }), { externalData }).network.inputSize).toBe(
      6,
    );
    for (const [entries, message] of [
      [{ offset: '8' }, /the location of its data/],
      [{ location: 'm.data', offset: '9', length: '24' }, /within the 32 bytes of 'm.data'/],
      [{ location: 'm.data', offset: '-8' }, /a whole number as offset/],
      [{ location: 'm.data', offset: '8', length: '20' }, /initializer 'c'/],
    ] as const) {
      expect(() => readModel(outside(entries), { externalData })).toThrow(message);
    }
  });

  test('several inputs, IR versions, functions', () => {
    const model = decode(buildModel({ input: [1, 3], nodes: [['Relu', ['x'], ['y']]] }));
    const twoInputs = structuredClone(model);
    twoInputs.graph!.input.push({ ...twoInputs.graph!.input[0], name: 'z' });
    expect(refusal(encode(twoInputs)).message).toMatch(
      /one input that varies, got 2: 'x' \[1, 3\], 'z' \[1, 3\]\. Hold the others/,
    );
    expect(refusal(encode({ ...model, irVersion: 14n })).message).toMatch(/IR version 3 to 13, got 14/);
    expect(refusal(encode({ ...model, irVersion: 2n })).message).toMatch(/IR version 3 to 13, got 2/);
    const withFunction = (domain: string) =>
      encode({ ...model, functions: [create(FunctionProtoSchema, { name: 'f', domain })] });
    expect(refusal(withFunction('ai.onnx')).message).toMatch(/no operators of its own, got 1/);
    expect(refusal(withFunction('')).message).toMatch(/no operators of its own, got 1/);
    expect(readModel(withFunction('local')).outputName).toBe('y');
  });
});

test('an output is chosen by name', () => {
  const bytes = buildModel({
    input: [1, 3],
    nodes: [
      ['Relu', ['x'], ['y']],
      ['Sin', ['x'], ['z']],
    ],
    outputs: ['y', 'z'],
  });
  expect(readModel(bytes, { output: 'y' }).outputName).toBe('y');
  expect(refusal(bytes, { output: 'nope' }).message).toMatch(/one of 'y', 'z'/);
});

test('core nodes are named after ONNX nodes, or their tensors where names are missing or doubled', () => {
  const model = decode(
    buildModel({
      input: [1, 3],
      nodes: [
        ['Abs', ['x'], ['a']],
        ['Relu', ['a'], ['b']],
        ['Neg', ['b'], ['y']],
      ],
    }),
  );
  model.graph!.node[0].name = '';
  model.graph!.node[1].name = model.graph!.node[2].name = 'same';
  expect(readModel(encode(model)).network.nodes.map(({ name }) => name)).toEqual(['x', 'a', 'b', 'y']);
});

test('the bytes are copied, or taken over', () => {
  const bytes = buildModel({
    input: [1, 3],
    nodes: [['MatMul', ['x', 'W'], ['y']]],
    constants: { W },
  });
  const [copied, taken] = [readModel(bytes), readModel(bytes, { takeOver: true })];
  expect(taken.source.bytes).toBe(bytes);
  expect(copied.source.bytes.buffer).not.toBe(bytes.buffer);
  expect(copied.source.bytes).toEqual(bytes);
  const x = randomRows(2, 4, 3);
  expect(forward(taken.network, x)).toEqual(forward(copied.network, x));
});

test('a constant that several nodes read, or one node twice, is there for each', async () => {
  await expectSameForward(
    buildModel({
      input: [1, 4],
      nodes: [
        ['Add', ['c', 'c'], ['twice']],
        ['Transpose', ['W'], ['T']],
        ['MatMul', ['x', 'T'], ['h']],
        ['MatMul', ['h', 'W'], ['g']],
        ['Add', ['g', 'twice'], ['o']],
        ['Mul', ['o', 'c'], ['y']],
      ],
      constants: { W, c: { dims: [4], data: [1, 2, -1, 0.5] } },
    }),
  );
});
