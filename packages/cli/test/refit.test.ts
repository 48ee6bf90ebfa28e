import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certify, drift, freeze, matrix, type Network, regionFromJSON } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import { randomNetwork, seededRng } from '@police/testing/helpers';
import { expect, test } from 'vitest';
import { police, square, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const path = (name: string) => join(folder, name);

/** A network that a shift on the square harms. */
const { network } = freeze(randomNetwork(seededRng(1), [2, 16, 16, 3], 'relu', 2), []);
await writeFile(path('model.onnx'), exportOnnx(network));
await writeFile(path('square.json'), JSON.stringify(square));
await writeFile(path('domain.json'), JSON.stringify({ kind: 'box', lower: [-4, -4], upper: [4, 4] }));
const rng = seededRng(2);
const samples = Array.from({ length: 400 }, () => [8 * rng() - 4, 8 * rng() - 4]);
await writeFile(path('samples.csv'), samples.map(row => row.join()).join('\n'));

const enforce = (...args: string[]) =>
  police(['enforce', path('model.onnx'), '-r', path('square.json'), '-o', path('out.onnx'), '-f', ...args]);

const shapeOf = ({ nodes }: Network) => nodes.map(({ kind, name }) => `${kind} ${name}`);

test('weights go into the file’s own constants, it is certified, and the report tells of every stage', async () => {
  const plain = await enforce('--data', path('samples.csv'), '--json');
  const before = JSON.parse(plain.text);
  const { code, text } = await enforce('--refit', '--distil', '0.5', '--data', path('samples.csv'), '--json');
  expect(code).toBe(0);
  const report = JSON.parse(text);
  expect(report.refit.stages.map(({ stage }: { stage: string }) => stage)).toEqual([
    'shift',
    'refit',
    'refit, bias',
    'sides',
    'sides, bias',
    'narrow',
    'narrow, bias',
    'distil',
  ]);
  expect(report.refit).toMatchObject({ interrupted: false });
  expect(report.edits.some(({ kind }: { kind: string }) => kind === 'weights')).toBe(true);
  expect(report.edits.every(({ kind }: { kind: string }) => ['weights', 'bias'].includes(kind))).toBe(true);
  // What is told of samples is told of those that nothing was fitted on.
  expect(report.drift.samples).toBe(report.refit.heldOut);
  expect(report.harm.of).toMatch(/held out/);
  expect(report.drift.meanDrift).toBeLessThan(before.drift.meanDrift / 2);

  const [old, now] = [
    readModel(await readFile(path('model.onnx'))),
    readModel(await readFile(path('out.onnx'))),
  ];
  expect(shapeOf(now.network)).toEqual(shapeOf(old.network));
  expect(certify(now.network, [regionFromJSON(square)]).certified).toBe(true);
  const all = matrix(samples.length, 2, Float64Array.from(samples.flat()));
  expect(drift(old.network, now.network, all).meanDrift).toBeLessThan(before.drift.meanDrift / 2);
});

test('points of a domain do where there are no samples', async () => {
  const { code, text } = await enforce('--refit', '--domain', path('domain.json'));
  expect(code).toBe(0);
  expect(text).toMatch(/Weights fitted on \d+ points; of 4096 others/);
  expect(text).toMatch(/^sides, bias +(yes|no) +[\d.]+%/m);
  expect(text).toMatch(/weights changed at/);
  const verified = await police(['verify', path('out.onnx'), '-r', path('square.json')]);
  expect(verified.code).toBe(0);
});

test.each([
  [['--refit'], /--data samples\.npy, or --domain/],
  [['--distil', '5', '--data', 'samples.csv'], /--refit/],
  [['--refit', '--method', 'patch', '--domain', path('domain.json')], /--method shift/],
  [['--refit', '--distil', '0', '--domain', path('domain.json')], /seconds above 0/],
])('%j is refused, and nothing is written', async (args, says) => {
  const target = path('refused.onnx');
  const { code, errors } = await police([
    ...['enforce', path('model.onnx'), '-r', path('square.json'), '-o', target],
    ...args,
  ]);
  expect(code).toBe(2);
  expect(errors).toMatch(says);
  await expect(stat(target)).rejects.toThrow(/ENOENT/);
});

test('an interrupt ends the training, and the best so far is proved and written', async () => {
  const before = process.listeners('SIGINT');
  const running = enforce('--refit', '--distil', '3600', '--domain', path('domain.json'), '--json');
  let added: NodeJS.SignalsListener | undefined;
  while (!added) {
    await new Promise(resolve => setTimeout(resolve, 10));
    added = process.listeners('SIGINT').find(listener => !before.includes(listener));
  }
  added('SIGINT');
  const { code, text, errors } = await running;
  expect(code).toBe(0);
  expect(errors).toMatch(/interrupted: training ends here/);
  const report = JSON.parse(text);
  expect(report.refit.interrupted).toBe(true);
  expect(report.refit.stages.at(-1).stage).toBe('distil');
  expect(process.listeners('SIGINT')).toEqual(before);
  const { network: now } = readModel(await readFile(path('out.onnx')));
  expect(certify(now, [regionFromJSON(square)]).certified).toBe(true);
});
