import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  ball,
  box,
  chain,
  dense,
  freeze,
  hardTanh,
  leakyRelu,
  type Network,
  network,
  type RegionJSON,
  regionFromJSON,
  relu,
  relu6,
} from '@police/core';
import { regionsHash } from '@police/core/adapter';
import { exportOnnx } from '@police/onnx-export';
import { randomNetwork, seededRng } from '@police/testing/helpers';
import { AttributeProto_AttributeType, TensorProto_DataType } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { decode, expectSameOutputs, nodesOf, randomRows } from './helpers.js';

const layers = [
  dense([
    [1, 2, 3],
    [4, 5, 6],
  ]),
  relu6(),
];

function metadataOf(bytes: Uint8Array): Record<string, string> {
  return Object.fromEntries(decode(bytes).metadataProps.map(({ key, value }) => [key, value]));
}

describe('the file', () => {
  test('says which format it has and who wrote it', async () => {
    const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
    const model = decode(exportOnnx(chain(3, layers), { docString: 'A test.', graphName: 'tiny' }));
    expect(model).toMatchObject({
      irVersion: 8n,
      opsetImport: [{ domain: '', version: 17n }],
      producerName: 'police',
      producerVersion: JSON.parse(manifest).version,
      docString: 'A test.',
      graph: { name: 'tiny' },
      metadataProps: [],
    });
  });

  test('has one input and one output of any batch size', () => {
    const { graph } = decode(exportOnnx(chain(3, layers)));
    const shape = (size: bigint) => ({
      case: 'tensorType',
      value: {
        elemType: TensorProto_DataType.FLOAT,
        shape: {
          dim: [
            { value: { case: 'dimParam', value: 'batch' } },
            { value: { case: 'dimValue', value: size } },
          ],
        },
      },
    });
    expect(graph!.input).toMatchObject([{ name: 'input', type: { value: shape(3n) } }]);
    expect(graph!.output).toMatchObject([{ name: 'output', type: { value: shape(2n) } }]);
  });

  test('stores weights row-major and little-endian, [out, in], for Gemm with transB = 1', () => {
    const { graph } = decode(exportOnnx(chain(3, layers)));
    const [weight] = graph!.initializer;
    expect(weight).toMatchObject({
      name: 'affine_1.weight',
      dims: [2n, 3n],
      dataType: TensorProto_DataType.FLOAT,
    });
    const bytes = new DataView(weight.rawData.buffer, weight.rawData.byteOffset, weight.rawData.byteLength);
    expect([0, 1, 2, 3, 4, 5].map(k => bytes.getFloat32(4 * k, true))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(graph!.node[0].attribute).toMatchObject([
      { name: 'transB', type: AttributeProto_AttributeType.INT, i: 1n },
    ]);
  });

  test('records the regions with their hash, and other metadata', () => {
    const regions = [box([-1, -1], [1, 1]), ball([3, 4], 0.1)];
    const net = freeze(randomNetwork(seededRng(1), [2, 8, 1], 'relu'), regions).network;
    const metadata = metadataOf(exportOnnx(net, { regions, metadata: { author: 'Äda', 'police.note': '' } }));
    expect(metadata).toEqual({
      'police.regions': JSON.stringify(regions.map(region => region.toJSON())),
      'police.regions.sha256': regionsHash(regions),
      author: 'Äda',
      'police.note': '',
    });
    // Anyone can check the hash, and get the regions back.
    const json = metadata['police.regions'];
    expect(createHash('sha256').update(json).digest('hex')).toBe(metadata['police.regions.sha256']);
    const read = (JSON.parse(json) as RegionJSON[]).map(region => regionFromJSON(region));
    expect(regionsHash(read)).toBe(metadata['police.regions.sha256']);
  });

  test('is the same for the same network', () => {
    expect(exportOnnx(chain(3, layers))).toEqual(exportOnnx(chain(3, layers)));
  });
});

describe('names', () => {
  test('are the core nodes’, the last tensor the output’s', () => {
    const net = chain(3, [...layers, dense([[1, 1]]), leakyRelu(0.5)], ['first', 'cut', 'second', 'bend']);
    expect(nodesOf(exportOnnx(net, { inputName: 'x', outputName: 'y' }))).toEqual([
      'Gemm first(x, first.weight, first.bias) → first',
      'Clip cut(first, cut.min, cut.max) → cut',
      'Gemm second(cut, second.weight, second.bias) → second',
      'LeakyRelu bend(second) → y',
    ]);
  });

  test('of a shift that is not folded', () => {
    const shift = Float64Array.of(1, 2);
    const net = network([
      { kind: 'input', name: 'input', size: 2 },
      { kind: 'activation', name: 'bend', input: 'input', activation: relu(), shift },
    ]);
    expect(nodesOf(exportOnnx(net))).toEqual([
      'Add bend.Add(input, bend.shift) → bend.Add',
      'Relu bend(bend.Add) → output',
    ]);
  });

  test('a shift of zeros adds no operator', () => {
    const net = network([
      { kind: 'input', name: 'input', size: 2 },
      { kind: 'activation', name: 'bend', input: 'input', activation: relu(), shift: new Float64Array(2) },
    ]);
    expect(nodesOf(exportOnnx(net))).toEqual(['Relu bend(input) → output']);
  });

  test('of an input node alone', () => {
    expect(nodesOf(exportOnnx(chain(2, [])))).toEqual(['Identity input(input) → output']);
  });

  test('never collide', async () => {
    const shift = Float64Array.of(0.5, -0.25, 1);
    const square = dense([
      [1, 2, 3],
      [-1, 0.5, 1],
      [0, 0, -1],
    ]);
    const net = network([
      { kind: 'input', name: 'output', size: 3 },
      { kind: 'affine', name: 'input', input: 'output', operator: square },
      { kind: 'activation', name: 'input_2', input: 'input', activation: relu(), shift },
      { kind: 'activation', name: 'input_2.Add', input: 'input_2', activation: relu(), shift },
      { kind: 'affine', name: 'input.weight', input: 'input_2.Add', operator: square },
      { kind: 'activation', name: '', input: 'input.weight', activation: hardTanh() },
      { kind: 'activation', name: 'unnamed', input: '', activation: leakyRelu(0.5) },
    ]);
    const bytes = exportOnnx(net);
    const { node, initializer } = decode(bytes).graph!;
    const tensors = [
      'input',
      ...initializer.map(({ name }) => name),
      ...node.flatMap(({ output }) => output),
    ];
    expect(new Set(tensors).size).toBe(tensors.length);
    expect(new Set(node.map(({ name }) => name)).size).toBe(node.length);
    expect(tensors).not.toContain('');
    await expectSameOutputs(bytes, net, randomRows(seededRng(5), 7, 3));
  });
});

/** An affine node that two activations share; the second one leads to the output. */
function forked(): Network {
  const rng = seededRng(6);
  const [first, , last] = randomNetwork(rng, [2, 6, 1], 'relu').nodes.slice(1);
  if (first.kind !== 'affine' || last.kind !== 'affine') throw new Error('expected affine, relu, affine');
  return network([
    { kind: 'input', name: 'input', size: 2 },
    { ...first, name: 'shared', input: 'input' },
    { kind: 'activation', name: 'unused', input: 'shared', activation: hardTanh() },
    { kind: 'activation', name: 'used', input: 'shared', activation: relu() },
    { ...last, name: 'head', input: 'used' },
  ]);
}

test('branches that do not reach the output are left out; what a shared bias cannot hold is an Add', async () => {
  const regions = [box([-1, -1], [1, 1])];
  const net = freeze(forked(), regions).network;
  const bytes = exportOnnx(net, { regions });
  expect(nodesOf(bytes)).toEqual([
    'Gemm shared(input, shared.weight, shared.bias) → shared',
    'Add used.Add(shared, used.shift) → used.Add',
    'Relu used(used.Add) → used',
    'Gemm head(used, head.weight, head.bias) → output',
  ]);
  await expectSameOutputs(bytes, net, randomRows(seededRng(7), 7, 2));
});
