import { PoliceError } from '@police/core';
import { readModel, writeBack } from '@police/onnx-import';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasModels, modelBytes } from './models.js';
import { buildModel, decode, encode, int64, type TestModel, type TestNode, type TestTensor } from './onnx.js';

/** A PoliceError or a network, and nothing else. What never came back would end the test, by its time limit. */
function survives(bytes: Uint8Array): 'read' | PoliceError {
  try {
    const model = readModel(bytes, { memory: MEMORY });
    writeBack(model, model.network);
    return 'read';
  } catch (error) {
    if (!(error instanceof PoliceError)) throw error;
    return error;
  }
}

/** Four million entries. */
const MEMORY = 2 ** 26;

const HUGE = 2 ** 20;
const big: TestTensor = int64(HUGE, HUGE);

describe('huge claims in small files are refused at once, before anything is allocated', () => {
  const relu: TestNode = ['Relu', ['h'], ['y']];
  test.each<[string, TestModel]>([
    ['an input of 2^40', { input: [1, HUGE, HUGE], nodes: [['Relu', ['x'], ['y']]] }],
    [
      'ConstantOfShape',
      {
        input: [1, 3],
        nodes: [
          ['ConstantOfShape', ['s'], ['c']],
          ['Add', ['x', 'c'], ['y']],
        ],
        constants: { s: big },
      },
    ],
    ['Expand', { input: [1, 1], nodes: [['Expand', ['x', 's'], ['y']]], constants: { s: big } }],
    [
      'Pad',
      { input: [1, 3], nodes: [['Pad', ['x', 'p'], ['y']]], constants: { p: int64(0, 2 ** 40, 0, 0) } },
    ],
    [
      'Range',
      {
        input: [1, 3],
        nodes: [
          ['Range', ['a', 'b', 'c'], ['r']],
          ['Add', ['x', 'r'], ['y']],
        ],
        constants: { a: int64(0), b: int64(2 ** 40), c: int64(1) },
      },
    ],
    [
      'Range without end',
      {
        input: [1, 3],
        nodes: [
          ['Range', ['a', 'b', 'c'], ['r']],
          ['Add', ['x', 'r'], ['y']],
        ],
        constants: { a: int64(0), b: int64(1), c: int64(0) },
      },
    ],
    [
      'Resize',
      {
        input: [1, 1, 2, 2],
        nodes: [['Resize', ['x', '', '', 's'], ['y']]],
        constants: { s: int64(1, 1, HUGE, HUGE) },
      },
    ],
    [
      'Conv, padded',
      {
        input: [1, 1, 3],
        nodes: [['Conv', ['x', 'c'], ['y'], { pads: [2 ** 30, 2 ** 30] }]],
        constants: { c: { dims: [1, 1, 1], data: [1] } },
      },
    ],
    [
      'ConvTranspose, strided',
      {
        input: [1, 1, 2, 2],
        nodes: [['ConvTranspose', ['x', 'c'], ['y'], { strides: [HUGE, HUGE] }]],
        constants: { c: { dims: [1, 1, 1, 1], data: [1] } },
      },
    ],
    [
      'MaxPool, kernel',
      {
        input: [1, 1, 3],
        nodes: [['MaxPool', ['x'], ['y'], { kernel_shape: [2 ** 30], pads: [2 ** 30 - 1, 2 ** 30 - 1] }]],
      },
    ],
    [
      'AveragePool, kernel',
      {
        input: [1, 1, 3],
        nodes: [
          [
            'AveragePool',
            ['x'],
            ['y'],
            { kernel_shape: [2 ** 30], pads: [2 ** 30 - 1, 0], count_include_pad: 1 },
          ],
        ],
      },
    ],
    [
      'broadcasting',
      { input: [2048, 1], nodes: [['Transpose', ['x'], ['t']], ['Add', ['x', 't'], ['h']], relu] },
    ],
    [
      'rows',
      {
        input: [2048, 2],
        nodes: [['MatMul', ['x', 'c'], ['h']], relu],
        constants: { c: { dims: [2, 1000], data: new Array(2000).fill(1) } },
      },
    ],
    [
      'many steps',
      {
        input: [1000, 1000],
        nodes: [
          ...Array.from({ length: 30 }, (_, i): TestNode => ['Relu', [i ? `t${i - 1}` : 'x'], [`t${i}`]]),
          ['Neg', ['t29'], ['y']],
        ],
      },
    ],
    [
      'doubling',
      {
        input: [1, 1],
        nodes: [
          ...Array.from(
            { length: 60 },
            (_, i): TestNode => [
              'Concat',
              [i ? `t${i - 1}` : 'x', i ? `t${i - 1}` : 'x'],
              [`t${i}`],
              { axis: 1 },
            ],
          ),
          ['Neg', ['t59'], ['y']],
        ],
      },
    ],
    [
      'Gather',
      {
        input: [1, 3],
        nodes: [
          ['Expand', ['i', 's'], ['j']],
          ['Gather', ['x', 'j'], ['y'], { axis: 1 }],
        ],
        constants: { i: int64(0), s: int64(2 ** 22, 8) },
      },
    ],
  ])('%s', (_, model) => {
    const before = process.memoryUsage();
    const bytes = buildModel(model);
    const error = survives(bytes);
    const after = process.memoryUsage();
    expect(error).toBeInstanceOf(PoliceError);
    expect(['invalid-network', 'too-large']).toContain((error as PoliceError).code);
    const grown = after.rss - before.rss;
    expect(grown).toBeLessThan(200 * 2 ** 20);
  });

  test('a tensor of 2^40 entries without its data', () => {
    const model = decode(
      buildModel({
        input: [1, 3],
        nodes: [['Add', ['x', 'c'], ['y']]],
        constants: { c: { dims: [3], data: [1, 2, 3] } },
      }),
    );
    model.graph!.initializer[0].dims = [BigInt(HUGE), BigInt(HUGE)];
    const bytes = encode(model);
    expect(bytes.length).toBeLessThan(300);
    expect(survives(bytes)).toMatchObject({
      code: 'invalid-network',
      where: expect.stringContaining("initializer 'c'"),
    });
    model.graph!.initializer[0].dims = [-1n, -3n];
    expect(survives(encode(model))).toMatchObject({ code: 'invalid-network' });
    model.graph!.initializer[0].dims = [2n ** 63n - 1n, 0n];
    expect(survives(encode(model))).toMatchObject({ code: 'invalid-network' });
  });
});

describe('shapes of files', () => {
  const model = buildModel({
    input: [1, 3],
    nodes: [
      ['Relu', ['x'], ['h']],
      ['Abs', ['h'], ['y']],
    ],
  });

  test('no bytes, text, zeros', () => {
    for (const bytes of [
      new Uint8Array(0),
      Buffer.from('{"a": 1}'),
      new Uint8Array(1000),
      new Uint8Array(300).fill(255),
    ]) {
      expect(survives(Uint8Array.from(bytes))).toMatchObject({ code: 'invalid-network', where: 'model' });
    }
  });

  test('cut anywhere', () => {
    for (let length = 0; length < model.length; length++) survives(model.subarray(0, length));
  });

  test('deeply nested: graphs in attributes in graphs', () => {
    let inner = new Uint8Array(0);
    const wrap = (field: number, content: Uint8Array) => {
      const head = [(field << 3) | 2];
      for (let n = content.length; ; n = Math.floor(n / 128)) {
        head.push(n > 127 ? (n % 128) | 128 : n);
        if (n < 128) break;
      }
      const whole = new Uint8Array(head.length + content.length);
      whole.set(head);
      whole.set(content, head.length);
      return whole;
    };
    for (let depth = 0; depth < 3000; depth++) inner = wrap(1, wrap(5, wrap(6, inner)));
    expect(survives(wrap(7, inner))).toMatchObject({ code: 'invalid-network' });
  });

  test('a million empty nodes', () => {
    const nodes = new Uint8Array(2_000_000);
    for (let i = 0; i < nodes.length; i += 2) nodes[i] = 0x0a;
    const head = Uint8Array.of(0x3a, 0x80, 0x89, 0x7a);
    const whole = new Uint8Array(head.length + nodes.length);
    whole.set(head);
    whole.set(nodes, head.length);
    expect(survives(whole)).toMatchObject({
      code: 'invalid-network',
      expected: expect.stringContaining('parts'),
    });
  });

  test('a chain of ten thousand nodes is read; so is what reads itself in a circle refused', () => {
    const chain = (last: string): TestNode[] =>
      Array.from({ length: 10_000 }, (_, i): TestNode => ['Identity', [i ? `t${i - 1}` : last], [`t${i}`]]);
    const nodes = (last: string): TestNode[] => [...chain(last), ['Relu', ['t9999'], ['y']]];
    expect(survives(buildModel({ input: [1, 3], nodes: nodes('x') }))).toBe('read');
    expect(survives(buildModel({ input: [1, 3], nodes: nodes('t9999') }))).toMatchObject({
      code: 'invalid-network',
    });
    const tail = Array.from({ length: 3 }, (_, i): TestNode => ['Softmax', [`s${(i + 2) % 3}`], [`s${i}`]]);
    expect(survives(buildModel({ input: [1, 3], nodes: tail, outputs: ['s2'] }))).toMatchObject({
      code: 'invalid-network',
    });
  });

  test('names of Object’s are names like others; no prototype is touched', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const before = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
    const nodes = names.map((name, i): TestNode => ['Relu', [i ? names[i - 1] : 'x'], [name]]);
    const file = decode(buildModel({ input: [1, 3], nodes, outputs: ['hasOwnProperty'] }));
    file.graph!.node.forEach((node, i) => {
      node.name = names[i];
    });
    expect(survives(encode(file))).toBe('read');
    for (const opType of names) {
      expect(survives(buildModel({ input: [1, 3], nodes: [[opType, ['x'], ['y']]] }))).toMatchObject({
        code: 'unsupported-layer',
      });
      const attribute: TestNode = ['Relu', ['x'], ['y'], Object.fromEntries([[opType, 1]])];
      expect(survives(buildModel({ input: [1, 3], nodes: [attribute] }))).toMatchObject({
        code: 'unsupported-layer',
      });
    }
    expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(before);
  });
});

const seeds = [
  buildModel({
    input: ['N', 2, 4, 4],
    nodes: [
      ['Conv', ['x', 'c'], ['k'], { pads: [1, 1, 1, 1], strides: [2, 1] }],
      ['Relu', ['k'], ['r']],
      ['MaxPool', ['r'], ['p'], { kernel_shape: [2, 2] }],
      ['Pad', ['p', 'pads'], ['q']],
      ['Resize', ['q', '', '', 'sizes'], ['s'], { mode: 'linear' }],
      ['Slice', ['s', 'from', 'to'], ['t']],
      ['Reshape', ['t', 'shape'], ['f']],
      ['Split', ['f'], ['a', 'b'], { axis: 1 }],
      ['Max', ['a', 'b'], ['m']],
      ['Softmax', ['m'], ['y']],
    ],
    constants: {
      c: { dims: [3, 2, 3, 3], data: Array.from({ length: 54 }, (_, i) => Math.sin(i)) },
      pads: int64(0, 0, 1, 0, 0, 0, 0, 1),
      sizes: int64(1, 3, 4, 4),
      from: int64(0),
      to: int64(9),
      shape: int64(1, -1),
    },
  }),
  ...(hasModels
    ? ['nano', 'small', 'fc1', 'tinytaxinet', 'conv_mp1', 'zoo_batchnorm', 'zoo_gemm', 'zoo_maxpool'].map(
        modelBytes,
      )
    : []),
];

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Every outcome must occur: a fuzz test that only ever sees one of them tests nothing. */
function expectBoth(outcomes: ReadonlyMap<string, number>): void {
  expect(outcomes.get('read') ?? 0).toBeGreaterThan(0);
  expect([...outcomes.keys()].length).toBeGreaterThan(2);
}

function count(outcomes: Map<string, number>, outcome: 'read' | PoliceError): void {
  const key = outcome === 'read' ? outcome : outcome.code;
  outcomes.set(key, (outcomes.get(key) ?? 0) + 1);
}

test('files with changed bytes are read or refused with a PoliceError', () => {
  const mutation = fc.record({
    model: fc.nat({ max: seeds.length - 1 }),
    changes: fc.array(
      fc.record({
        at: share,
        byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 1, 127, 128, 255)),
        kind: fc.constantFrom('set', 'set', 'set', 'insert', 'delete'),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    cut: fc.option(share, { freq: 8 }),
  });
  const outcomes = new Map<string, number>();
  fc.assert(
    fc.property(mutation, ({ model, changes, cut }) => {
      const bytes = Array.from(seeds[model]);
      for (const { at, byte, kind } of changes) {
        const spot = Math.floor(at * bytes.length);
        if (kind === 'insert') bytes.splice(spot, 0, byte);
        else if (kind === 'delete') bytes.splice(spot, 1);
        else bytes[spot] = byte;
      }
      const kept = cut === null ? bytes : bytes.slice(0, Math.floor(cut * bytes.length));
      count(outcomes, survives(Uint8Array.from(kept)));
    }),
    { numRuns: 4000 },
  );
  expectBoth(outcomes);
});

test('graphs with changed wires, numbers and types are read or refused with a PoliceError', () => {
  const number = fc.oneof(
    fc.integer({ min: -3, max: 9 }),
    fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 2 ** 40, Number.MIN_SAFE_INTEGER),
  );
  const change = fc.record({ what: fc.nat({ max: 9 }), i: share, j: share, number });
  const outcomes = new Map<string, number>();
  const pick = <T>(list: readonly T[], at: number): T | undefined => list[Math.floor(at * list.length)];
  const mutate = (file: ReturnType<typeof decode>, { what, i, j, number: n }: Change) => {
    const graph = file.graph!;
    const node = pick(graph.node, i);
    const tensor = pick(graph.initializer, i);
    const attribute = node && pick(node.attribute, j);
    const tensors = [
      'x',
      '',
      ...graph.node.flatMap(({ output }) => output),
      ...graph.initializer.map(t => t.name),
    ];
    const at = Math.floor(j * 3);
    if (what === 0 && node) node.input[at] = pick(tensors, j) ?? '';
    else if (what === 1 && node) node.opType = pick(graph.node, j)!.opType;
    else if (what === 2 && attribute?.ints.length) attribute.ints[at % attribute.ints.length] = BigInt(n);
    else if (what === 3 && attribute) attribute.i = BigInt(n);
    else if (what === 4 && attribute) attribute.type = ((n % 9) + 9) % 9;
    else if (what === 5 && tensor?.int64Data.length)
      tensor.int64Data[at % tensor.int64Data.length] = BigInt(n);
    else if (what === 6 && tensor?.dims.length) tensor.dims[at % tensor.dims.length] = BigInt(n);
    else if (what === 7 && tensor) tensor.dataType = ((n % 17) + 17) % 17;
    else if (what === 8 && node) graph.node.splice(Math.floor(i * graph.node.length), 1);
    else if (what === 9 && file.opsetImport[0])
      file.opsetImport[0].version = BigInt(8 + (((n % 14) + 14) % 14));
  };
  fc.assert(
    fc.property(
      fc.nat({ max: seeds.length - 1 }),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      (model, changes) => {
        const file = decode(seeds[model]);
        for (const one of changes) mutate(file, one);
        count(outcomes, survives(encode(file)));
      },
    ),
    { numRuns: 4000 },
  );
  expectBoth(outcomes);
});

interface Change {
  readonly what: number;
  readonly i: number;
  readonly j: number;
  readonly number: number;
}
