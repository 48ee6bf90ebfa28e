import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readModel, withDataOutside } from '@police/onnx-import';
import { describe, expect, test } from 'vitest';
import { buildModel, decode, encode, scalar, type TestNode } from '../../onnx-import/test/onnx.js';
import { police, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const file = (name: string) => join(folder, name);

const nodes: TestNode[] = [
  ['Gemm', ['x', 'w', 'b'], ['h']],
  ['Relu', ['h'], ['r']],
  ['MatMul', ['r', 'v'], ['logits']],
  ['Softmax', ['logits'], ['p'], { axis: 1 }],
  ['ReduceSum', ['r'], ['value'], { keepdims: 0 }],
];
const numbers = (length: number, seed: number) =>
  Array.from({ length }, (_, i) => Math.fround(Math.sin(3 * i + seed)));
const constants = {
  w: { dims: [2, 300], data: numbers(600, 1) },
  b: { dims: [300], data: numbers(300, 2) },
  v: { dims: [300, 3], data: numbers(900, 3) },
};
const model = { input: ['N', 2], nodes, constants };
await writeFile(file('two.onnx'), buildModel({ ...model, outputs: ['p', 'value'] }));
const region = ['--box', '-0.1..0.1'];

/** A little-endian NumPy array of 64-bit whole numbers. */
function int64Npy(shape: string, values: readonly number[]): Uint8Array {
  const header = `{'descr': '<i8', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117).concat('\n');
  const bytes = Buffer.alloc(10 + header.length + 8 * values.length);
  bytes.write('\x93NUMPY\x01\0', 'latin1');
  bytes.writeUInt16LE(header.length, 8);
  bytes.write(header, 10, 'latin1');
  values.forEach((value, i) => {
    bytes.writeBigInt64LE(BigInt(value), 10 + header.length + 8 * i);
  });
  return bytes;
}

describe('more than 2 GiB', () => {
  /** A file of that many bytes that takes no room. */
  async function sparse(name: string, bytes: number): Promise<void> {
    const handle = await open(file(name), 'w');
    await handle.truncate(bytes);
    await handle.close();
  }
  const remedy = /at most 2 GiB, got 3\.0 GiB\. Weights are read in one piece: store them in float16/;

  test('a model is refused before it is read', async () => {
    await sparse('huge.onnx', 3 * 2 ** 30);
    const { code, errors } = await police(['inspect', file('huge.onnx')]);
    expect(code).toBe(3);
    expect(errors).toMatch(remedy);
  });

  test('data beside a model, too', async () => {
    const outside = withDataOutside(await readFile(file('two.onnx')), 'huge.data');
    await writeFile(file('outside-huge.onnx'), outside.bytes);
    await sparse('huge.data', 3 * 2 ** 30);
    const { code, errors } = await police(['inspect', file('outside-huge.onnx')]);
    expect(code).toBe(3);
    expect(errors).toMatch(remedy);
  });
});

describe('outputs', () => {
  test('several are joined, policed together, and run together', async () => {
    const { text } = await police(['inspect', file('two.onnx')]);
    expect(text).toContain(
      "guaranteed are 'logits' [1, 3] and 'value' [], 4 numbers in all, before the final",
    );
    const done = await police(['enforce', file('two.onnx'), ...region, '-o', file('two-out.onnx')]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.text).toContain('Run in ONNX Runtime at 16 points of each region: within the bound.');
    const bounds = await police(['bounds', file('two-out.onnx'), ...region, '--json']);
    expect(JSON.parse(bounds.text).regions[0].lower).toHaveLength(4);
    expect(await police(['verify', file('two-out.onnx'), ...region, '--run'])).toMatchObject({ code: 0 });
  });

  test('some by name, a tensor inside by name, and what names there are', async () => {
    const shapeOf = async (...args: string[]) =>
      JSON.parse((await police(['inspect', file('two.onnx'), ...args, '--json'])).text).guaranteedShape;
    expect(await shapeOf('--output-name', 'value')).toEqual([]);
    expect(await shapeOf('--output-name', 'value', '--output-name', 'p')).toEqual([4]);
    expect(await shapeOf('--at', 'r')).toEqual([1, 300]);
    const { code, errors } = await police(['inspect', file('two.onnx'), '--output-name', 'q']);
    expect([code, errors]).toEqual([2, "police: output: expected one of 'p', 'value', got 'q'.\n"]);
    expect(
      await police(['enforce', file('two.onnx'), '--at', 'r', ...region, '-o', file('at.onnx')]),
    ).toMatchObject({ code: 0 });
    expect(await police(['verify', file('at.onnx'), '--at', 'r', ...region, '--run'])).toMatchObject({
      code: 0,
    });
  });
});

test('inputs are held by --fix, at numbers or at arrays', async () => {
  const proto = decode(
    buildModel({
      input: [1, 2],
      nodes: [
        ['Gather', ['c', 'which'], ['s']],
        ['Mul', ['x', 's'], ['m']],
        ['Relu', ['m'], ['y']],
      ],
      constants: { c: { dims: [2], data: [0.5, -3] } },
    }),
  );
  const other = decode(buildModel({ input: [1], nodes: [] })).graph!.input[0];
  other.name = 'which';
  if (other.type?.value.case === 'tensorType') other.type.value.value.elemType = 7;
  proto.graph!.input.push(other);
  await writeFile(file('inputs.onnx'), encode(proto));
  await writeFile(file('which.npy'), int64Npy('1,', [1]));

  const refused = await police(['inspect', file('inputs.onnx')]);
  expect(refused.code).toBe(3);
  expect(refused.errors).toContain(
    "got 2: 'x' [1, 2], 'which' [1]. Hold the others at constants: --fix name=value.npy",
  );
  for (const fix of ['which=0', `which=${file('which.npy')}`]) {
    const words = ['--fix', fix, ...region];
    const out = file('held.onnx');
    const done = await police(['enforce', file('inputs.onnx'), ...words, '-o', out, '-f']);
    expect(done).toMatchObject({ code: 0 });
    expect(done.text).toContain('within the bound');
    expect(await police(['verify', out, ...words, '--run'])).toMatchObject({ code: 0 });
  }
  for (const [fix, message] of [
    ['which', 'name=value.npy, or name=number'],
    ['nobody=1', "inputs of the model, of 'x', 'which'"],
    ['which=0.5', 'numbers of int64'],
    [`which=${file('two.onnx')}`, 'a NumPy file (.npy), or a number'],
  ] as const) {
    expect((await police(['inspect', file('inputs.onnx'), '--fix', fix])).errors).toContain(message);
  }
});

test('smooth functions ask for --epsilon, and are policed up to it', async () => {
  const smooth = buildModel({
    input: [1, 2],
    nodes: [
      ['Mul', ['x', 'k'], ['h']],
      ['Sigmoid', ['h'], ['s']],
      ['Mul', ['h', 's'], ['y']],
    ],
    constants: { k: scalar(4) },
  });
  await writeFile(file('silu.onnx'), smooth);
  const refused = await police(['enforce', file('silu.onnx'), ...region, '-o', file('silu-out.onnx')]);
  expect(refused.code).toBe(3);
  expect(refused.errors).toContain('a SiLU, x · Sigmoid(x): smooth');
  expect(refused.errors).toContain('Accept an error: --epsilon 1e-3.');
  const words = ['--epsilon', '1e-4', ...region];
  const done = await police(['enforce', file('silu.onnx'), ...words, '-o', file('silu-out.onnx')]);
  expect(done).toMatchObject({ code: 0 });
  expect(done.text).toContain('Smooth activations: affine only up to 1.00e-4.');
  expect(await police(['verify', file('silu-out.onnx'), ...words, '--run'])).toMatchObject({ code: 0 });
  expect((await police(['inspect', file('silu.onnx'), '--epsilon', '0'])).errors).toContain(
    'a number above 0',
  );
});

test('sizes left open are asked for in the words of the command', async () => {
  await writeFile(file('open.onnx'), buildModel({ input: ['N', 'H'], nodes: [['Relu', ['x'], ['y']]] }));
  const { errors } = await police(['inspect', file('open.onnx')]);
  expect(errors).toContain(
    "input 'x': expected sizes that are known but for the first axis, got [?, ?]. Give them: --input-shape",
  );
  expect(await police(['inspect', file('open.onnx'), '--input-shape', '1,3'])).toMatchObject({ code: 0 });
});

test('--memory bounds what a model may take', async () => {
  await writeFile(
    file('wide.onnx'),
    buildModel({ input: [1, 3, 240, 320], nodes: [['Relu', ['x'], ['y']]] }),
  );
  expect(await police(['inspect', file('wide.onnx')])).toMatchObject({ code: 0 });
  const { code, errors } = await police(['inspect', file('wide.onnx'), '--memory', '4']);
  expect(code).toBe(3);
  expect(errors).toContain('Raise --memory');
});

test('a folder is no file, and a SavedModel is told', async () => {
  await mkdir(file('saved'));
  expect((await police(['inspect', file('saved')])).errors).toContain('expected an ONNX file, got a folder');
  await writeFile(join(file('saved'), 'saved_model.pb'), '');
  expect((await police(['inspect', file('saved')])).errors).toContain(
    'got a TensorFlow SavedModel. Convert it',
  );
});

describe('data beside the model', () => {
  test('is written beside it again, or inside with --inline; both are certified alike', async () => {
    const inside = buildModel({ ...model, outputs: ['p'] });
    const { bytes, data } = withDataOutside(inside, 'weights.bin');
    await mkdir(file('outside'));
    const [path, out] = [join(file('outside'), 'm.onnx'), join(file('outside'), 'out.onnx')];
    await writeFile(path, bytes);
    await writeFile(join(file('outside'), 'weights.bin'), data);
    const certificate = join(file('outside'), 'proof.json');
    const enforced = ['enforce', path, ...region, '--certificate', certificate];
    expect(await police([...enforced, '-o', out])).toMatchObject({ code: 0 });
    expect((await readdir(file('outside'))).sort()).toEqual([
      'm.onnx',
      'out.onnx',
      'out.onnx.data',
      'proof.json',
      'weights.bin',
    ]);
    expect(decode(await readFile(out)).graph!.initializer.map(({ rawData }) => rawData.length)).toEqual([
      0, 0, 0,
    ]);
    const verify = ['verify', out, ...region, '--certificate', certificate, '--run'];
    expect(await police(verify)).toMatchObject({ code: 0 });
    // It would be overwritten otherwise.
    expect((await police([...enforced, '-o', out])).errors).toContain('one that is');
    const whole = await police([...enforced, '-o', '-', '--inline', '-f', '-q']);
    expect(whole.code).toBe(0);
    expect(readModel(whole.stdout).network.outputSize).toBe(3);
    expect((await police([...enforced, '-o', '-', '-f', '-q'])).errors).toContain('Pass --inline');
  });
});
