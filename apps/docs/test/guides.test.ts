import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certify, forward, type Network } from '@police/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { run } from '../../../packages/cli/src/run.js';
import { blocksOf, runPage } from '../program.mjs';

const FLOAT32 = 2 ** -23;

// Pages write their files beside them, and the commands read them there.
const home = process.cwd();
let folder: string;
beforeEach(async () => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  folder = await mkdtemp(join(tmpdir(), 'guides-'));
  process.chdir(folder);
});
afterEach(async () => {
  process.chdir(home);
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** What each command of a page's block says; a command that fails is named. */
async function commandsOf(page: string, block: number): Promise<string[]> {
  const lines = (await blocksOf(page, 'sh'))[block].trim().split('\n');
  const said: string[] = [];
  for (const line of lines) {
    const [npx, name, ...args] = line.split(/\s+/);
    expect([npx, name]).toEqual(['npx', 'police']);
    const written: string[] = [];
    const write = (chunk: string | Uint8Array) => written.push(String(chunk));
    const code = await run(args, { stdin: (async function* () {})(), stdout: { write }, stderr: { write } });
    expect(code, `${line}\n${written.join('')}`).toBe(0);
    said.push(written.join(''));
  }
  return said;
}

describe('getting started', () => {
  test('TensorFlow.js', async () => {
    const { from, to, middle, A, policed } = await runPage('start/tfjs', [
      'from',
      'to',
      'middle',
      'A',
      'policed',
    ]);
    expect(Math.abs((from + to) / 2 - middle)).toBeLessThan(8 * FLOAT32);
    expect(A).toMatchObject({ rows: 1, cols: 2 });
    expect(policed.layers.length).toBeGreaterThan(0);
  });

  test('brain.js', async () => {
    const { model, network, region, lower, upper } = await runPage('start/brainjs', [
      'model',
      'network',
      'region',
      'lower',
      'upper',
    ]);
    expect(certify(network, [region]).certified).toBe(true);
    const inside = model.run([0.3, 0.4])[0];
    expect(inside).toBeGreaterThan(lower[0] - FLOAT32);
    expect(inside).toBeLessThan(upper[0] + FLOAT32);
  });

  test('synaptic', async () => {
    const { off, policed } = await runPage('start/synaptic', ['off', 'policed']);
    expect(off).toBeLessThan(2 ** -48);
    expect(policed.regions).toHaveLength(1);
  });

  test('core', async () => {
    const { proof, report, byMap, byNetwork } = await runPage('start/core', [
      'proof',
      'report',
      'byMap',
      'byNetwork',
    ]);
    expect(proof.certified).toBe(true);
    expect(report.shifted).toBeGreaterThan(0);
    expect(byMap).toBeCloseTo(byNetwork, 12);
  });

  test('an ONNX file', async () => {
    await runPage('start/onnx', ['net']);
    await writeFile('box.json', '{"kind": "box", "lower": [-1, -1], "upper": [1, 1]}');
    await writeFile('samples.csv', '0,0\n2,1\n-1,3\n');
    const [, enforced, verified, bounds] = await commandsOf('start/onnx', 1);
    expect(enforced).toContain('affine.onnx');
    expect(verified).toMatch(/certified|affine/i);
    expect(bounds).toMatch(/\d/);
    const [shifted, advice] = await commandsOf('start/onnx', 2);
    expect(shifted).toContain('shifted.onnx');
    expect(advice).toMatch(/radius/);
  });
});

describe('guides', () => {
  test('a physics prior: the law holds in the box, and something was learnt outside', async () => {
    const names = ['certified', 'off', 'plain', 'measured', 'y', 'tf'];
    const { certified, off, plain, measured, y, tf } = await runPage('guides/physics-prior', names);
    expect(certified).toBe(true);
    // Up to 3 of the law's terms, of size below 4.
    expect(Math.max(...off)).toBeLessThan(12 * FLOAT32);
    const spread = tf.moments(y).variance.dataSync()[0];
    const left = tf.mean(tf.squaredDifference(y, plain.predict(tf.tensor2d(measured)))).dataSync()[0];
    expect(left).toBeLessThan(spread / 10);
  });

  test('robust classification: the margin is below that at any point of the box', async () => {
    const names = ['accuracy', 'worst', 'worstPoint', 'around', 'network'];
    const { accuracy, worst, worstPoint, around, network } = await runPage(
      'guides/robust-classification',
      names,
    );
    expect(accuracy).toBeGreaterThan(0.95);
    expect(worst).toBeGreaterThan(0);
    const marginAt = (x: number[]) => {
      const { data } = forward(network as Network, { rows: 1, cols: 2, data: Float64Array.from(x) });
      return data[0] - data[1];
    };
    for (let i = 0; i < 200; i++) expect(marginAt(around.sample(Math.random))).toBeGreaterThanOrEqual(worst);
    expect(marginAt(worstPoint)).toBeCloseTo(worst, 4);
  });

  test('an implicit shape: the face is flat, and the rest is round', async () => {
    const { certified, left, middle, right, above, model, tf } = await runPage('guides/implicit-shape', [
      ...['certified', 'left', 'middle', 'right', 'above', 'model', 'tf'],
    ]);
    expect(certified).toBe(true);
    for (const value of [left, middle, right, above - 0.1]) expect(Math.abs(value)).toBeLessThan(2 * FLOAT32);
    const rim = Array.from({ length: 12 }, (_, i) => [Math.cos(i / 4 - 3), Math.sin(i / 4 - 3)]);
    for (const value of model.predict(tf.tensor2d(rim)).dataSync()) expect(Math.abs(value)).toBeLessThan(0.1);
  });

  test('repair: the question is answered sat, then unsat', async () => {
    await runPage('guides/repair', ['driver']);
    await writeFile('brake.vnnlib', (await blocksOf('guides/repair', 'lisp'))[0]);
    const [before, repaired, after] = await commandsOf('guides/repair', 0);
    expect(before).toMatch(/^sat\n/);
    expect(repaired).toContain('is true now, and proved');
    expect(after).toBe('unsat\n');
  });
});
