import {
  certify,
  type EnforceOptions,
  enforce,
  forward,
  freeze,
  type Matrix,
  matrix,
  type Network,
  type Region,
} from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { type Edit, type ImportedModel, type ReadOptions, readModel, writeBack } from '@police/onnx-import';
import { float32ErrorBound } from '@police/testing/float32-error';
import { seededRng } from '@police/testing/helpers';
import { expect } from 'vitest';
import { decode } from './onnx.js';
import { runBatch } from './runtime.js';

export function entries(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Rows of float32 values, uniform in [−scale, scale]. */
export function randomRows(seed: number, rows: number, cols: number, scale = 2): Matrix {
  const rng = seededRng(seed);
  return matrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => Math.fround(scale * (2 * rng() - 1))),
  );
}

export function rowsOf({ rows, cols, data }: Matrix): Float64Array[] {
  return Array.from({ length: rows }, (_, i) => data.slice(i * cols, (i + 1) * cols));
}

/** ONNX Runtime's outputs for each row, one sample at a time. */
export async function runRows(bytes: Uint8Array, model: ImportedModel, x: Matrix): Promise<Float64Array> {
  const dtype = decodeInputType(bytes, model.inputName);
  const feeds = rowsOf(x).map(data => ({ data, dims: model.inputShape }));
  const outputs = await runBatch(bytes, feeds, { output: model.outputName, dtype });
  return Float64Array.from(outputs.flatMap(row => [...row]));
}

function decodeInputType(bytes: Uint8Array, name: string): 'float32' | 'float64' | 'float16' {
  const input = decode(bytes).graph!.input.find(one => one.name === name)!;
  const code = input.type?.value.case === 'tensorType' ? input.type.value.value.elemType : 1;
  return code === 11 ? 'float64' : code === 10 ? 'float16' : 'float32';
}

/** Law: core's forward pass on the network read is ONNX Runtime's on the model, to float32 rounding. */
export async function expectSameForward(
  bytes: Uint8Array,
  {
    seed = 1,
    rows = 5,
    scale = 2,
    ...options
  }: ReadOptions & { seed?: number; rows?: number; scale?: number } = {},
): Promise<ImportedModel> {
  const model = readModel(bytes, options);
  const x = randomRows(seed, rows, entries(model.inputShape), scale);
  const actual = await runRows(bytes, model, x);
  expectWithin(actual, model.network, x);
  await expectExported(model.network, x);
  return model;
}

/** How far two orders of float64 sums of one real function may be apart. */
const REORDERED = 2 ** -40;
/** Core's outputs on rows x of float32 values, up to what any runtime's float32 arithmetic may be off. */
function expectWithin(actual: Float64Array, net: Network, x: Matrix): void {
  const expected = forward(net, x).data;
  const bound = float32ErrorBound(net, x).data;
  expect(actual.length).toBe(expected.length);
  const excess = expected.map((y, i) => Math.abs(actual[i] - y) - bound[i]);
  const worst = excess.reduce((at, by, i) => (by <= excess[at] ? at : i), 0);
  const values = `output ${worst}: ${actual[worst]} for ${expected[worst]}, bound ${bound[worst]}`;
  expect(excess[worst] <= 0, values).toBe(true);
}

/** Law: what was read can be written anew, and ONNX Runtime computes of it what core does. */
async function expectExported(net: Network, x: Matrix): Promise<void> {
  const { network } = freeze(net, []);
  const outputs = await runBatch(
    exportOnnx(network),
    rowsOf(x).map(data => ({ data, dims: [1, x.cols] })),
  );
  expectWithin(Float64Array.from(outputs.flatMap(row => [...row])), network, x);
}

export interface Policed {
  readonly model: ImportedModel;
  readonly bytes: Uint8Array;
  readonly edits: readonly Edit[];
}

/**
 * Law of writing back: the policed file is certified when read anew, has the same operators but for the inserted ones
 * that the report lists, and in ONNX Runtime is affine on each region to the certificate's bound.
 */
export async function expectPoliced(
  bytes: Uint8Array,
  regions: readonly Region[],
  {
    read = {},
    seed = 1,
    points = 6,
    ...options
  }: EnforceOptions & { read?: ReadOptions; seed?: number; points?: number } = {},
): Promise<Policed> {
  const model = readModel(bytes, read);
  const frozenTo = (net: Network) =>
    freeze(net, regions, { precision: model.precision === 'float64' ? 'float64' : 'float32' }).network;
  const written = writeBack(model, frozenTo(enforce(model.network, regions, options).network), frozenTo);
  const { network } = written;
  expect(model.source.bytes, 'the model read stays as it is').toEqual(Uint8Array.from(bytes));
  expectSameOperators(bytes, written.bytes, written.edits);

  const again = readModel(written.bytes, read);
  const probes = randomRows(seed + 100, 4, model.network.inputSize);
  const [frozen, read2] = [forward(network, probes).data, forward(again.network, probes).data];
  frozen.forEach((y, j) => {
    // The same real function in another order of float64 operations.
    expect(Math.abs(read2[j] - y), `written ${read2[j]}, frozen ${y}`).toBeLessThanOrEqual(
      REORDERED * (1 + Math.abs(y)),
    );
  });
  const proof = certify(again.network, regions);
  if (!proof.certified) expect.fail(`${proof.layer} unit ${proof.unit}: margin ${proof.margin}`);
  await expectExported(network, probes);
  if (again.tail.length > 0) return { model, ...written };

  const rng = seededRng(seed);
  for (const [r, region] of regions.entries()) {
    const x = matrix(points, model.network.inputSize);
    for (let i = 0; i < points; i++) {
      // The certificate counts the runtime's rounding of the point itself.
      x.data.set(region.sample(rng), i * x.cols);
    }
    const actual = await runRows(written.bytes, again, x);
    const { map, inferenceError, mapError } = proof.regions[r];
    const out = again.network.outputSize;
    for (let i = 0; i < actual.length; i++) {
      const row = x.data.subarray(Math.floor(i / out) * x.cols, (Math.floor(i / out) + 1) * x.cols);
      const j = i % out;
      let expected = map.b[j];
      for (let k = 0; k < x.cols; k++) expected += map.A.data[j * x.cols + k] * row[k];
      expect(Math.abs(actual[i] - expected), `output ${j} at ${row}`).toBeLessThanOrEqual(
        inferenceError[j] + mapError[j],
      );
    }
  }
  return { model, ...written };
}

function operatorsOf(bytes: Uint8Array): string[] {
  return decode(bytes).graph!.node.map(({ opType, name }) => `${opType} ${name}`);
}

/** The old operators in their order, with the inserted ones between. */
function expectSameOperators(before: Uint8Array, after: Uint8Array, edits: readonly Edit[]): void {
  const old = operatorsOf(before);
  const now = operatorsOf(after);
  const inserting = edits.filter(({ kind }) => kind === 'add' || kind === 'max');
  if (inserting.length === 0) expect(now).toEqual(old);
  let at = 0;
  for (const operator of now) if (operator === old[at]) at++;
  expect(at, 'old operators found in order').toBe(old.length);
  if (edits.length === 0) expect(after).toEqual(before);
}
