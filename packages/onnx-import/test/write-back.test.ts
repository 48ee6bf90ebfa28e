import { box, certify, enforce, freeze, network as networkOf, PoliceError, type Region } from '@police/core';
import { type Edit, prepareWriteBack, readModel, writeBack } from '@police/onnx-import';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entries, expectPoliced, expectSameForward, randomRows } from './checks.js';
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
import { runModel } from './runtime.js';

function random(seed: number, ...dims: number[]): TestTensor {
  return { dims, data: Array.from(randomRows(seed, 1, entries(dims), 1).data) };
}

/** A box around the origin, where small random networks have units to cut. */
const around = (size: number, radius = 0.5): Region[] => [
  box(new Array(size).fill(-radius), new Array(size).fill(radius)),
];

/** `[kind, operator]` of each edit. */
function summary(edits: readonly Edit[]): string[] {
  return edits.map(({ kind, node }) => `${kind} ${/\((\w+)/.exec(node)![1]}`);
}

const small: Record<string, TestTensor> = {
  W: random(1, 3, 8),
  b: random(2, 8),
  V: random(3, 8, 2),
  d: random(4, 2),
};
const dense: TestNode[] = [
  ['MatMul', ['x', 'W'], ['p']],
  ['Add', ['p', 'b'], ['h']],
  ['Relu', ['h'], ['r']],
  ['Gemm', ['r', 'V', 'd'], ['y']],
];

describe('where shifts go', () => {
  test('into the Add after a MatMul; operators, names, metadata stay', async () => {
    const bytes = buildModel({ input: ['N', 3], nodes: dense, constants: small });
    const { bytes: after, edits } = await expectPoliced(bytes, around(3));
    expect(summary(edits)).toEqual(['bias Add']);
    expect(edits[0]).toMatchObject({ node: "'n1' (Add, node 1)", tensor: 'b' });
    const [old, now] = [decode(bytes), decode(after)];
    expect(now.metadataProps).toEqual(old.metadataProps);
    expect(now.opsetImport).toEqual(old.opsetImport);
    expect(now.graph!.node).toEqual(old.graph!.node);
    expect(now.graph!.initializer.filter(({ name }) => name !== 'b')).toEqual(
      old.graph!.initializer.filter(({ name }) => name !== 'b'),
    );
  });

  test('any batch size still runs, each sample as alone', async () => {
    const bytes = buildModel({ input: ['N', 3], nodes: dense, constants: small });
    const { bytes: after, model } = await expectPoliced(bytes, around(3));
    const x = randomRows(5, 4, 3);
    const all = await runModel(after, { data: x.data, dims: [4, 3] });
    const alone = await Promise.all(
      [0, 1, 2, 3].map(i =>
        runModel(after, { data: x.data.subarray(3 * i, 3 * i + 3), dims: model.inputShape }),
      ),
    );
    expect([...all].map(Math.fround)).toEqual(alone.flatMap(row => [...row]).map(Math.fround));
  });

  test.each<[string, TestModel, string[]]>([
    [
      'a subtracted constant, negated',
      {
        input: [1, 3],
        nodes: [
          ['Sub', ['x', 'c'], ['h']],
          ['Abs', ['h'], ['y']],
        ],
        constants: { c: random(1, 3) },
      },
      ['bias Sub'],
    ],
    [
      'a constant that x is subtracted from',
      {
        input: [1, 3],
        nodes: [
          ['Sub', ['c', 'x'], ['h']],
          ['Abs', ['h'], ['y']],
        ],
        constants: { c: random(1, 1, 3) },
      },
      ['bias Sub'],
    ],
    [
      'a Gemm’s C',
      {
        input: [1, 3],
        nodes: [
          ['Gemm', ['x', 'W', 'b'], ['h']],
          ['Relu', ['h'], ['y']],
        ],
        constants: { W: small.W, b: small.b },
      },
      ['bias Gemm'],
    ],
    [
      'a Gemm that lacks C',
      {
        input: [1, 3],
        nodes: [
          ['Gemm', ['x', 'W'], ['h']],
          ['Relu', ['h'], ['y']],
        ],
        constants: { W: small.W },
      },
      ['new-bias Gemm'],
    ],
    [
      'a Gemm whose C counts double: an Add',
      {
        input: [1, 3],
        nodes: [
          ['Gemm', ['x', 'W', 'b'], ['h'], { beta: { float: 2 } }],
          ['Relu', ['h'], ['y']],
        ],
        constants: { W: small.W, b: small.b },
      },
      ['add Relu'],
    ],
    [
      'a Gemm whose product counts half: its C',
      {
        input: [1, 3],
        nodes: [
          ['Gemm', ['x', 'W', 'b'], ['h'], { alpha: { float: 0.5 } }],
          ['Relu', ['h'], ['y']],
        ],
        constants: { W: small.W, b: small.b },
      },
      ['bias Gemm'],
    ],
    [
      'a MatMul alone: an Add',
      {
        input: ['N', 3],
        nodes: [
          ['MatMul', ['x', 'W'], ['h']],
          ['Relu', ['h'], ['y']],
        ],
        constants: { W: small.W },
      },
      ['add MatMul'],
    ],
    [
      'a MatMul of columns: an Add',
      {
        input: [3, 1],
        nodes: [
          ['MatMul', ['W', 'x'], ['h']],
          ['Relu', ['h'], ['y']],
        ],
        constants: { W: random(1, 8, 3) },
      },
      ['add MatMul'],
    ],
    [
      'batch normalisation: its β',
      {
        opset: 15,
        input: [1, 3],
        nodes: [
          ['BatchNormalization', ['x', 's', 'b', 'm', 'v'], ['h']],
          ['Relu', ['h'], ['y']],
        ],
        constants: {
          s: random(1, 3),
          b: scalarList(0.01, 0.02, -0.01),
          m: random(3, 3),
          v: scalarList(1, 2, 3),
        },
      },
      ['bias BatchNormalization'],
    ],
    ['nowhere to go: an Add', { input: ['N', 3], nodes: [['Relu', ['x'], ['y']]] }, ['add Relu']],
    [
      'a bias that two readers share: an Add for one of them',
      {
        input: [1, 3],
        nodes: [
          ['Add', ['x', 'c'], ['h']],
          ['Relu', ['h'], ['r']],
          ['Sub', ['r', 'h'], ['y']],
        ],
        constants: { c: scalarList(0.1, -0.1, 0) },
      },
      ['add Relu'],
    ],
    [
      'a Max of terms: more candidates',
      {
        input: ['N', 3],
        nodes: [
          ['Neg', ['x'], ['m']],
          ['Max', ['x', 'm'], ['y']],
        ],
      },
      ['max Max'],
    ],
    [
      'a Min of terms: more candidates',
      {
        input: ['N', 3],
        nodes: [
          ['Neg', ['x'], ['m']],
          ['Min', ['x', 'm'], ['y']],
        ],
      },
      ['max Min'],
    ],
    [
      'disjoint pools: an Add before',
      {
        input: ['N', 1, 4, 4],
        nodes: [['MaxPool', ['x'], ['y'], { kernel_shape: [2, 2], strides: [2, 2] }]],
      },
      ['add MaxPool'],
    ],
    [
      'overlapping pools: the lifted winner beside',
      { input: ['N', 1, 4, 4], nodes: [['MaxPool', ['x'], ['y'], { kernel_shape: [3, 3] }]] },
      ['max MaxPool'],
    ],
  ])('%s', async (_, model, expected) => {
    const size = model.input.reduce<number>((n, d) => n * (typeof d === 'number' ? d : 1), 1);
    const bytes = buildModel(model);
    const { edits, bytes: after } = await expectPoliced(bytes, around(size, 1));
    expect(summary(edits)).toEqual(expected);
    // Policed once is policed for good.
    const again = readModel(after);
    const frozen = freeze(again.network, around(size, 1));
    const second = writeBack(again, frozen.network);
    expect(second.edits).toEqual([]);
    expect(second.bytes).toEqual(after);
    if (model.input[0] === 'N') {
      const dims = [2, ...(model.input.slice(1) as number[])];
      const x = randomRows(7, 2, size);
      const one = (i: number) =>
        runModel(after, { data: x.data.subarray(i * size, (i + 1) * size), dims: [1, ...dims.slice(1)] });
      expect([...(await runModel(after, { data: x.data, dims }))]).toEqual([
        ...(await one(0)),
        ...(await one(1)),
      ]);
    }
  });

  function scalarList(...data: number[]): TestTensor {
    return { dims: [data.length], data: data.map(Math.fround) };
  }
});

describe('convolutions', () => {
  const nchw: TestModel = {
    input: ['N', 2, 4, 4],
    nodes: [
      ['Conv', ['x', 'c'], ['h']],
      ['Relu', ['h'], ['y']],
    ],
    constants: { c: random(1, 3, 2, 2, 2) },
  };
  const nhwc: TestModel = {
    input: ['N', 4, 4, 2],
    nodes: [
      ['Transpose', ['x'], ['t'], { perm: [0, 3, 1, 2] }],
      ['Conv', ['t', 'c', 'b'], ['k']],
      ['Transpose', ['k'], ['h'], { perm: [0, 2, 3, 1] }],
      ['Relu', ['h'], ['y']],
    ],
    constants: { c: random(1, 3, 2, 2, 2), b: random(2, 3) },
  };

  // At the origin all positions of a channel would need the same shift.
  const corner = randomRows(8, 1, 32, 0.2).data;
  const offCentre = box(
    corner,
    corner.map(v => v + 0.3),
  );

  test.each([
    ['NCHW, per channel', nchw, 'per-channel', 'new-bias Conv'],
    ['NCHW, per unit', nchw, 'per-unit', 'add Relu'],
    ['NHWC, per channel: through the transpose', nhwc, 'per-channel', 'bias Conv'],
    ['NHWC, per unit', nhwc, 'per-unit', 'add Relu'],
  ] as const)('%s', async (_, model, sharing, expected) => {
    const { edits } = await expectPoliced(buildModel(model), [offCentre], { sharing });
    expect(summary(edits)).toEqual([expected]);
  });

  test('a transpose that another node reads too stays a node of its own', async () => {
    const nodes = [
      ...nhwc.nodes.slice(0, 3),
      ['Relu', ['h'], ['r']],
      ['Add', ['r', 'h'], ['y']],
    ] as TestNode[];
    const { edits } = await expectPoliced(buildModel({ ...nhwc, nodes }), around(32, 0.2), {
      sharing: 'per-channel',
    });
    expect(summary(edits)).toEqual(['add Relu']);
  });

  test('nor is it fused past a reshape of what another node reads too', async () => {
    const nodes: TestNode[] = [
      ['Conv', ['x', 'c'], ['k']],
      ['Reshape', ['k', 'flat'], ['m']],
      ['Transpose', ['m'], ['t'], { perm: [0, 2, 1] }],
      ['Relu', ['t'], ['r']],
      ['Transpose', ['r'], ['s'], { perm: [0, 2, 1] }],
      ['Reshape', ['s', 'back'], ['u']],
      ['Add', ['u', 'k'], ['y']],
    ];
    const constants = { ...nchw.constants, flat: int64(-1, 3, 9), back: int64(-1, 3, 3, 3) };
    const bytes = buildModel({ ...nchw, nodes, constants });
    await expectSameForward(bytes);
    await expectPoliced(bytes, around(32, 0.2), { sharing: 'per-channel' });
  });

  test('a product whose output is read before its transpose keeps its order', async () => {
    const nodes: TestNode[] = [
      ['Conv', ['x', 'c'], ['k']],
      ['Transpose', ['k'], ['t'], { perm: [0, 2, 3, 1] }],
      ['Relu', ['t'], ['r']],
      ['Transpose', ['r'], ['s'], { perm: [0, 3, 1, 2] }],
      ['Add', ['s', 'k'], ['y']],
    ];
    await expectPoliced(buildModel({ ...nchw, nodes }), around(32, 0.2), { sharing: 'per-channel' });
  });
});

describe('stored constants', () => {
  test('an initializer with two readers: the policed node gets its own', async () => {
    const nodes: TestNode[] = [
      ['Add', ['x', 'b'], ['h']],
      ['Relu', ['h'], ['r']],
      ['Add', ['r', 'b'], ['y']],
    ];
    const bytes = buildModel({ input: [1, 3], nodes, constants: { b: random(3, 3) } });
    const { edits, bytes: after } = await expectPoliced(bytes, around(3, 1.5));
    expect(summary(edits)).toEqual(['own-bias Add']);
    const graph = decode(after).graph!;
    expect(graph.node[0].input).toEqual(['x', 'n0.bias']);
    expect(graph.node[2].input).toEqual(['r', 'b']);
    expect(graph.initializer[0]).toEqual(decode(bytes).graph!.initializer[0]);
  });

  test('an initializer that is an output as well: the policed node gets its own', async () => {
    const nodes: TestNode[] = [
      ['Add', ['x', 'b'], ['h']],
      ['Relu', ['h'], ['y']],
    ];
    const bytes = buildModel({ input: [1, 3], nodes, constants: { b: random(3, 3) }, outputs: ['y', 'b'] });
    const { edits } = await expectPoliced(bytes, around(3, 1.5), { read: { output: 'y' } });
    expect(summary(edits)).toEqual(['own-bias Add']);
  });

  test('a Constant node is edited in place', async () => {
    const nodes: TestNode[] = [
      ['Constant', [], ['b'], { value: random(3, 3) }],
      ['Add', ['x', 'b'], ['h']],
      ['Relu', ['h'], ['y']],
    ];
    const { edits, bytes } = await expectPoliced(buildModel({ input: [1, 3], nodes }), around(3, 1.5));
    expect(summary(edits)).toEqual(['bias Add']);
    expect(decode(bytes).graph!.initializer).toEqual([]);
  });

  test('a computed bias: the node gets its own, the computation stays', async () => {
    const nodes: TestNode[] = [
      ['Constant', [], ['b0'], { value: { ...random(3, 3), dtype: 'float64' } }],
      ['Cast', ['b0'], ['b1'], { to: 1 }],
      ['Identity', ['b1'], ['b2']],
      ['Unsqueeze', ['b2', 'zero'], ['b3']],
      ['Transpose', ['b3'], ['b4']],
      ['Reshape', ['b4', 'shape'], ['b5']],
      ['Mul', ['b5', 'half'], ['b']],
      ['Add', ['b', 'x'], ['h']],
      ['Relu', ['h'], ['y']],
    ];
    const constants = { zero: int64(0), shape: int64(1, 3), half: scalar(0.5) };
    const { edits } = await expectPoliced(buildModel({ input: ['N', 3], nodes, constants }), around(3));
    expect(summary(edits)).toEqual(['own-bias Add']);
  });

  test('IR version 3: new initializers are listed among the inputs', async () => {
    const nodes: TestNode[] = [
      ['MatMul', ['x', 'W'], ['h']],
      ['Relu', ['h'], ['y']],
    ];
    const bytes = buildModel({ ir: 3, opset: 8, input: ['N', 3], nodes, constants: { W: small.W } });
    const { bytes: after } = await expectPoliced(bytes, around(3));
    const { input, initializer } = decode(after).graph!;
    expect(input.map(({ name }) => name)).toEqual(['x', 'W', 'n0.bias']);
    expect(initializer.map(({ name }) => name)).toEqual(['W', 'n0.bias']);
  });

  test('names already taken are avoided', async () => {
    const nodes: TestNode[] = [
      ['MatMul', ['x', 'n0.bias'], ['n0.product']],
      ['Relu', ['n0.product'], ['y']],
    ];
    await expectPoliced(buildModel({ input: ['N', 3], nodes, constants: { 'n0.bias': small.W } }), around(3));
  });

  test('fields that this package does not know keep their bytes', async () => {
    const model = decode(buildModel({ input: ['N', 3], nodes: dense, constants: small }));
    const unknown = (no: number) => ({ no, wireType: 2, data: Uint8Array.of(2, 7, 9) });
    model.$unknown = [unknown(1000)];
    model.graph!.$unknown = [unknown(1001)];
    model.graph!.node[1].$unknown = [unknown(1002)];
    model.graph!.initializer[1].$unknown = [unknown(1003)];
    const { bytes } = await expectPoliced(encode(model), around(3));
    const now = decode(bytes);
    for (const part of [now, now.graph!, now.graph!.node[1], now.graph!.initializer[1]]) {
      expect(part.$unknown?.length).toBe(1);
    }
  });
});

describe('formats', () => {
  const like = (dtype: 'float64' | 'float16') =>
    Object.fromEntries(Object.entries(small).map(([name, tensor]) => [name, { ...tensor, dtype }]));

  test('float64 throughout', async () => {
    const bytes = buildModel({ dtype: 'float64', input: ['N', 3], nodes: dense, constants: like('float64') });
    expect(readModel(bytes).precision).toBe('float64');
    await expectPoliced(bytes, around(3));
  });

  test('float16 weights, cast', async () => {
    const half = Object.fromEntries(
      Object.entries(small).map(([name, { dims, data }]) => [
        `${name}16`,
        { dims, data: data.map(v => Math.round(v * 256) / 256), dtype: 'float16' as const },
      ]),
    );
    const casts = Object.keys(small).map((name): TestNode => ['Cast', [`${name}16`], [name], { to: 1 }]);
    const bytes = buildModel({ input: ['N', 3], nodes: [...casts, ...dense], constants: half });
    expect(readModel(bytes).precision).toBe('float32');
    const { edits } = await expectPoliced(bytes, around(3));
    expect(summary(edits)).toEqual(['own-bias Add']);
  });

  test('float16 throughout: a shift of finer grain is refused, one of its own is written', () => {
    const half = Object.fromEntries(
      Object.entries(small).map(([name, { dims, data }]) => [
        name,
        { dims, data: data.map(v => Math.round(v * 256) / 256), dtype: 'float16' as const },
      ]),
    );
    const model = readModel(buildModel({ dtype: 'float16', input: ['N', 3], nodes: dense, constants: half }));
    expect(model.precision).toBe('float16');
    const { network } = freeze(model.network, around(3));
    expect(() => writeBack(model, network)).toThrow(/values of float16/);
    // Frozen to its own format it is written, and certified as read again.
    const regions = around(3);
    const frozen = freeze(enforce(model.network, regions).network, regions, {
      precision: model.precision,
    }).network;
    const written = writeBack(model, frozen);
    expect(summary(written.edits)).toEqual(['bias Add']);
    expect(certify(model.network, regions).certified).toBe(false);
    expect(certify(readModel(written.bytes).network, regions).certified).toBe(true);
  });

  test('a model that stores float32 does not take float64 shifts', () => {
    const model = readModel(buildModel({ input: ['N', 3], nodes: dense, constants: small }));
    const { network } = freeze(model.network, around(3), { precision: 'float64' });
    expect(() => writeBack(model, network)).toThrow(PoliceError);
    expect(() => writeBack(model, network)).toThrow(/'?n0'?: expected values of float32/);
  });
});

describe('laws', () => {
  test('no region: bytes out are bytes in', () => {
    const bytes = buildModel({ input: ['N', 3], nodes: dense, constants: small });
    const model = readModel(bytes);
    const { bytes: after, edits } = writeBack(model, freeze(enforce(model.network, []).network, []).network);
    expect(edits).toEqual([]);
    expect(after).toEqual(bytes);
    expect(after).not.toBe(bytes);
  });

  test('prepared, a file is made once, when asked for, and is the same', () => {
    const model = readModel(buildModel({ input: ['N', 3], nodes: dense, constants: small }));
    const { network } = freeze(enforce(model.network, around(3)).network, around(3));
    const { bytes, edits } = writeBack(model, network);
    const prepared = prepareWriteBack(model, network);
    expect(edits.length).toBeGreaterThan(0);
    expect(prepared.edits).toEqual(edits);
    expect(prepared.assemble()).toEqual(bytes);
    expect(prepared.assemble()).toBe(prepared.assemble());
  });

  test('another network is refused, with what differs', () => {
    const model = readModel(buildModel({ input: ['N', 3], nodes: dense, constants: small }));
    const { nodes } = model.network;
    expect(() => writeBack(model, networkOf(nodes.slice(0, -1)))).toThrow(/4 nodes/);
    const renamed = nodes.map((node, i) => (i === nodes.length - 1 ? { ...node, name: 'other' } : node));
    expect(() => writeBack(model, networkOf(renamed))).toThrow(/'n3', affine/);
    const other = readModel(
      buildModel({
        input: ['N', 3],
        nodes: dense,
        constants: { W: random(9, 3, 9), b: random(2, 9), V: random(3, 9, 2), d: small.d },
      }),
    );
    expect(() => writeBack(model, other.network)).toThrow(/own sizes/);
  });

  test('random networks on random boxes are certified after the round trip', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          widths: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
          seed: fc.integer({ min: 1, max: 2 ** 31 }),
          boxes: fc.integer({ min: 1, max: 2 }),
          ops: fc.array(fc.constantFrom('Relu', 'Abs', 'LeakyRelu', 'Sigma'), { minLength: 3, maxLength: 3 }),
        }),
        async ({ widths, seed, boxes, ops }) => {
          const sizes = [2, ...widths];
          const constants: Record<string, TestTensor> = { lo: scalar(-1), hi: scalar(1) };
          const nodes = widths.flatMap((width, i): TestNode[] => {
            constants[`W${i}`] = random(seed + 2 * i, width, sizes[i]);
            constants[`b${i}`] = random(seed + 2 * i + 1, width);
            const act: TestNode =
              ops[i] === 'Sigma'
                ? ['Clip', [`h${i}`, 'lo', 'hi'], [`r${i}`]]
                : [ops[i], [`h${i}`], [`r${i}`]];
            return [['Gemm', [i ? `r${i - 1}` : 'x', `W${i}`, `b${i}`], [`h${i}`], { transB: 1 }], act];
          });
          const bytes = buildModel({ input: ['N', 2], nodes, constants, outputs: [`r${widths.length - 1}`] });
          const corners = randomRows(seed, boxes, 2).data;
          const regions = Array.from({ length: boxes }, (_, r) =>
            box([corners[2 * r], corners[2 * r + 1]], [corners[2 * r] + 0.5, corners[2 * r + 1] + 0.3]),
          );
          const model = readModel(bytes);
          const { network } = freeze(enforce(model.network, regions).network, regions);
          const written = writeBack(model, network);
          expect(certify(readModel(written.bytes).network, regions).certified).toBe(true);
          expect(written.edits.every(({ kind }) => kind === 'bias')).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
