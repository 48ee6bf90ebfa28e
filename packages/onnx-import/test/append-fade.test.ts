// Shifts that fade out around regions, written into a file: read again, proved, run, and what was there before outside.
import {
  box,
  certify,
  chain,
  dense,
  faded,
  float32,
  forward,
  leakyRelu,
  matrix,
  type Network,
  operators,
  type Region,
  relu,
} from '@police/core';
import { roundNetwork, sumErrorBound } from '@police/core/adapter';
import { exportOnnx } from '@police/onnx-export';
import { appendFade, type ImportedModel, readModel } from '@police/onnx-import';
import { randomNetwork, seededRng } from '@police/testing/helpers';
import { describe, expect, test } from 'vitest';
import { randomRows, runRows } from './checks.js';
import { hasModels, modelBytes } from './models.js';
import { decode, encode } from './onnx.js';

const PIXELS = 16;

/** Two convolutions, of which the second shares its biases. */
function convolutional(seed: number): Network {
  const random = (count: number, scale: number) => Array.from(randomRows(seed + count, 1, count, scale).data);
  return chain(PIXELS, [
    operators.conv({
      inShape: [1, 4, 4],
      weight: random(18, 0.8),
      weightShape: [2, 1, 3, 3],
      bias: random(2, 0.5),
      padding: [1, 1, 1, 1],
    }),
    relu(),
    operators.conv({
      inShape: [2, 4, 4],
      weight: random(24, 0.8),
      weightShape: [3, 2, 2, 2],
      bias: random(3, 0.5),
    }),
    leakyRelu(0.125),
    dense(
      Array.from({ length: 3 }, (_, i) => Array.from(randomRows(seed + i, 1, 27, 0.5).data)),
      [0, 1, 2],
    ),
  ]);
}

const around = (centre: readonly number[], radius: number): Region =>
  box(
    centre.map(x => x - radius),
    centre.map(x => x + radius),
  );

async function expectFaded(bytes: Uint8Array, regions: readonly Region[], width: number, outside: number[]) {
  const model = readModel(bytes);
  const fade = faded(model.network, regions, { width });
  expect(fade.shifts.size).toBeGreaterThan(0);
  const { bytes: written, nodes, entries } = appendFade(model, fade);
  const read = readModel(written);
  expect(nodes.filter(op => op === 'Add').length).toBe(fade.shifts.size);
  expect(entries).toBeGreaterThan(0);
  const proof = certify(read.network, regions);
  if (!proof.certified) throw new Error(`${proof.layer}, ${proof.margin}`);
  for (const [r, region] of regions.entries()) {
    const rng = seededRng(7);
    const points = matrix(
      12,
      region.size,
      Float64Array.from(Array.from({ length: 12 }, () => Array.from(region.sample(rng), Math.fround)).flat()),
    );
    const { map, inferenceError, mapError } = proof.regions[r];
    const run = await runRows(written, read, points);
    run.forEach((y, i) => {
      const [n, j] = [Math.floor(i / map.b.length), i % map.b.length];
      let expected = map.b[j];
      let size = Math.abs(expected);
      for (let k = 0; k < region.size; k++) {
        const term = map.A.data[j * region.size + k] * points.data[n * region.size + k];
        expected += term;
        size += Math.abs(term);
      }
      const bound = inferenceError[j] + mapError[j] + sumErrorBound(region.size + 1, size);
      expect(Math.abs(y - expected)).toBeLessThanOrEqual(bound);
    });
  }
  await expectSameOutside(bytes, written, model, read, outside, fade.gates);
  expectRestKept(bytes, written);
  return { written, read };
}

/** Law: to the bit what it was where no gate is open. */
async function expectSameOutside(
  bytes: Uint8Array,
  written: Uint8Array,
  model: ImportedModel,
  read: ImportedModel,
  outside: number[],
  gates: Network,
) {
  const size = model.network.inputSize;
  const points = matrix(outside.length / size, size, Float64Array.from(outside, Math.fround));
  const on = forward(gates, points);
  const isOut = Array.from({ length: points.rows }, (_, i) =>
    on.data.subarray(i * on.cols, (i + 1) * on.cols).every(t => t === 0),
  );
  expect(isOut.filter(Boolean).length).toBeGreaterThan(points.rows / 2);
  const [before, after] = [await runRows(bytes, model, points), await runRows(written, read, points)];
  const outputs = before.length / points.rows;
  before.forEach((y, i) => {
    if (isOut[Math.floor(i / outputs)]) expect(after[i]).toBe(y);
  });
}

/** All operators that were there, in order, their attributes and constants too. */
function expectRestKept(bytes: Uint8Array, written: Uint8Array) {
  const [before, after] = [decode(bytes).graph!, decode(written).graph!];
  const names = new Set(before.node.map(({ name }) => name));
  const kept = after.node.filter(({ name }) => names.has(name));
  expect(kept.map(({ opType, output, attribute }) => ({ opType, output, attribute }))).toEqual(
    before.node.map(({ opType, output, attribute }) => ({ opType, output, attribute })),
  );
  expect(after.initializer.slice(0, before.initializer.length)).toEqual(before.initializer);
  // Files of old list constants among the inputs.
  expect(after.input.slice(0, before.input.length)).toEqual(before.input);
  expect(after.output).toEqual(before.output);
}

describe('appendFade', () => {
  test.each([1, 2, 3])('dense layers, two regions, seed %i', async seed => {
    const net = randomNetwork(seededRng(seed), [3, 9, 7, 2], seed === 2 ? 'hardTanh' : 'relu');
    const bytes = exportOnnx(rounded(net));
    const regions = [around([0, 0, 0], 0.5), around([3, 1, 0], 0.75)];
    await expectFaded(bytes, regions, 0.3, Array.from(randomRows(seed, 60, 3, 4).data));
  });

  test('convolutions: whole tensors are shifted', async () => {
    const bytes = exportOnnx(rounded(convolutional(5)));
    const regions = [around(new Array(PIXELS).fill(0.25), 0.25)];
    await expectFaded(bytes, regions, 0.2, Array.from(randomRows(3, 40, PIXELS, 2).data));
  });

  test('twice, on different regions', async () => {
    const bytes = exportOnnx(rounded(randomNetwork(seededRng(9), [2, 8, 6, 2], 'relu')));
    const [first, second] = [around([0, 0], 0.5), around([4, 0], 0.5)];
    const points = Array.from(randomRows(3, 60, 2, 5).data);
    const { written } = await expectFaded(bytes, [first], 0.2, points);
    const { read } = await expectFaded(written, [second], 0.2, points);
    expect(certify(read.network, [first, second]).certified).toBe(true);
  });

  test('a constant that is moved loses the proof', async () => {
    const bytes = exportOnnx(rounded(randomNetwork(seededRng(1), [3, 9, 7, 2], 'relu')));
    const regions = [around([0, 0, 0], 0.5)];
    const model = readModel(bytes);
    const fade = faded(model.network, regions, { width: 0.3 });
    const spoiled = decode(appendFade(model, fade).bytes);
    const added = spoiled.graph!.initializer.filter(({ name }) => name.endsWith('.shifts'));
    expect(added.length).toBe(fade.shifts.size);
    for (const tensor of added) {
      const values = new Float32Array(tensor.rawData.slice().buffer).map(c => c / 2);
      tensor.rawData = new Uint8Array(values.buffer);
    }
    expect(certify(readModel(encode(spoiled)).network, regions).certified).toBe(false);
  });

  test('other formats are refused', () => {
    const net = randomNetwork(seededRng(1), [3, 4, 2], 'relu');
    const model = readModel(exportOnnx(rounded(net)));
    const fade = faded(model.network, [around([0, 0, 0], 1)]);
    expect(() => appendFade({ ...model, arithmetic: 'float16' }, fade)).toThrow(/computes in float32/);
  });

  test.runIf(hasModels)('an ACAS Xu network, of rank-4 input', { timeout: 60_000 }, async () => {
    const region = box([-0.3035, -0.0095, 0.4934, 0.3, 0.3], [-0.2986, 0.0095, 0.5, 0.5, 0.5]);
    const outside = Array.from(randomRows(4, 100, 5, 0.5).data);
    await expectFaded(modelBytes('acasxu_1_1'), [region], 0.1, outside);
  });
});

/** With parameters of float32, as files store them. */
const rounded = (net: Network): Network => roundNetwork(net, float32);
