import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { box, certify, chain, dense, forward, matrixFromRows, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import { runOnnx } from '@police/testing/onnx-runtime';
import { expect, test } from 'vitest';
import { police, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const file = (name: string) => join(folder, name);

/** y = (|x₀| + x₁, x₁): on the square y₀ reaches 2. */
const bent = chain(2, [
  dense(
    [
      [1, 0],
      [-1, 0],
      [0, 1],
    ],
    [0, 0, 5],
  ),
  relu(),
  dense(
    [
      [1, 1, 1],
      [0, 0, 1],
    ],
    [-5, -5],
  ),
]);
await writeFile(file('bent.onnx'), exportOnnx(bent));

async function property(name: string, ...assertions: string[]): Promise<string> {
  const declared = ['X_0', 'X_1', 'Y_0', 'Y_1'].map(each => `(declare-const ${each} Real)`);
  const square = '(assert (and (>= X_0 -1) (<= X_0 1) (>= X_1 -1) (<= X_1 1)))';
  await writeFile(file(name), [...declared, square, ...assertions].join('\n'));
  return file(name);
}

const unsafe = await property('unsafe.vnnlib', '(assert (>= Y_0 1.25))');

test.each(['patch', 'shift'] as const)(
  '%s: the file written is proved, runs as it says, and costs what it says',
  async method => {
    const [fixed, report, certificate] = ['fixed.onnx', 'report.json', 'proof.json'].map(name =>
      file(`${method}-${name}`),
    );
    const done = await police([
      ...['repair', file('bent.onnx'), '--property', unsafe, '-o', fixed, '--method', method],
      ...['--report', report, '--certificate', certificate],
    ]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.text).toContain('is true now, and proved');
    expect(await police(['verify', fixed, '--property', unsafe])).toMatchObject({ text: 'unsat\n' });
    const said = JSON.parse(await readFile(report, 'utf8'));
    expect(said).toMatchObject({ before: 'sat', after: 'unsat', changed: 1, regions: 1, method });
    expect(said.inside.decisionsKept).toBeGreaterThan(0);
    // The certificate is of this file and region.
    await writeFile(file('square.json'), JSON.stringify({ kind: 'box', lower: [-1, -1], upper: [1, 1] }));
    const verified = await police(['verify', fixed, '-r', file('square.json'), '--certificate', certificate]);
    expect(verified).toMatchObject({ code: 0 });
    const bytes = await readFile(fixed);
    const { network } = readModel(bytes);
    expect(certify(network, [box([-1, -1], [1, 1])]).certified).toBe(true);
    const grid = matrixFromRows(
      Array.from({ length: 81 }, (_, i) => [((i % 9) - 4) / 4, (Math.floor(i / 9) - 4) / 4]),
    );
    const computed = await runOnnx(bytes, grid);
    for (let i = 0; i < 81; i++) expect(computed.data[2 * i]).toBeLessThan(1.25);
    if (method === 'shift') return;
    // A patch leaves what lies beyond its shell as it is.
    const away = matrixFromRows([
      [3, 3],
      [-4, 2],
      [0, -5],
    ]);
    expect(forward(network, away).data).toEqual(forward(bent, away).data);
    expect(said.outside.outputsKept).toBeGreaterThan(0.5);
  },
);

test('a property that is proved already is left alone, one that no map meets is said to be', async () => {
  const safe = await property('safe.vnnlib', '(assert (>= Y_0 100))');
  const out = file('none.onnx');
  const already = await police(['repair', file('bent.onnx'), '--property', safe, '-o', out]);
  expect(already).toMatchObject({ code: 0 });
  expect(already.text).toContain('true already');
  const inputs = await property('inputs.vnnlib', '(assert (or (>= Y_0 1.25) (<= Y_0 1.5)))');
  const impossible = await police(['repair', file('bent.onnx'), '--property', inputs, '-o', out]);
  expect(impossible).toMatchObject({ code: 1 });
  expect(impossible.errors).toContain('none');
  expect(existsSync(out)).toBe(false);
});

test('samples that are kept are reported on', async () => {
  await writeFile(file('keep.csv'), '2,2\n-2,2\n3,-1\n');
  const { text, code } = await police([
    ...['repair', file('bent.onnx'), '--property', unsafe, '--keep', file('keep.csv')],
    ...['-o', file('kept.onnx'), '--json'],
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(text)).toMatchObject({ outside: { points: 3, decisionsKept: 1, outputsKept: 1 } });
});

test('many at once, each apart', async () => {
  await writeFile(file('list.csv'), 'bent.onnx,unsafe.vnnlib\nbent.onnx,safe.vnnlib\n');
  const out = file('many/');
  const run = () =>
    police([
      'repair',
      '--instances',
      file('list.csv'),
      '-o',
      out,
      '--summary',
      file('summary.csv'),
      '--json',
    ]);
  const done = await run();
  expect(done).toMatchObject({ code: 0 });
  expect(JSON.parse(done.text.trim().split('\n').at(-1)!)).toMatchObject({ done: 2, failed: 0 });
  expect(existsSync(join(out, 'bent.unsafe.onnx'))).toBe(true);
  expect(existsSync(join(out, 'bent.safe.onnx'))).toBe(false);
  // What was written is there; what was true already is asked again.
  const again = await run();
  expect(JSON.parse(again.text.trim().split('\n').at(-1)!)).toMatchObject({ skipped: 1, failed: 0 });
  expect(await readFile(file('summary.csv'), 'utf8')).toContain('insideDecisionsKept');
});
