// police enforce --fade and lookahead, from the command line to the file and back.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { box, chain, dense, faded, forward, matrix, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import { describe, expect, test } from 'vitest';
import { runRows } from '../../onnx-import/test/checks.js';
import { police, smallFiles, smallNetwork, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const { model, region } = await smallFiles(folder);
const file = (name: string) => join(folder, name);
const other = file('other.json');
await writeFile(other, JSON.stringify({ kind: 'box', lower: [3, -0.5], upper: [5, 1.5] }));

describe('enforce --fade', () => {
  test('two regions: proved, verified with its certificate, and to the bit what it was outside', async () => {
    const [out, proof, report] = [file('faded.onnx'), file('proof.json'), file('report.json')];
    const done = await police([
      ...['enforce', model, '-r', region, '-r', other, '--fade', '0.5', '-o', out, '-f'],
      ...['--certificate', proof, '--report', report],
    ]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.text).toContain('is exactly affine on each of 2 regions: certified');
    expect(done.text).toMatch(
      /Faded out within 0\.5 radii of each region.*operators and \d+ numbers were added/,
    );
    expect(done.text).toMatch(/On 2000 points of .*another decision on/);
    const written = JSON.parse(await readFile(report, 'utf8'));
    expect(written).toMatchObject({
      certified: true,
      run: { samples: 16 },
      fade: { width: 0.5, bodies: [{ kind: 'region' }, { kind: 'region' }] },
      harm: { points: 2000 },
    });
    expect(written.shifts.units).toBe(3);
    expect(written.shifts.shifted).toBeGreaterThan(0);
    const verified = await police([
      ...['verify', out, '-r', region, '-r', other, '--certificate', proof, '--run'],
    ]);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.text).toContain('as the certificate says');
    expect(verified.text).toMatch(/Region 0: .* may bend; every path from them ends in a flat unit/);

    const points = matrix(200, 2);
    points.data.forEach((_, i) => {
      points.data[i] = Math.fround(((i * 0.618034) % 1) * 14 - 6);
    });
    const [before, after] = await Promise.all([readFile(model), readFile(out)]);
    const [old, now] = [
      await runRows(before, readModel(before), points),
      await runRows(after, readModel(after), points),
    ];
    const { gates } = faded(smallNetwork, [box([-1, -1], [1, 1]), box([3, -0.5], [5, 1.5])], { width: 0.5 });
    const on = forward(gates, points).data;
    const outside = Array.from({ length: 200 }, (_, i) => on[2 * i] === 0 && on[2 * i + 1] === 0);
    expect(outside.filter(Boolean).length).toBeGreaterThan(100);
    expect(outside.filter(isOut => !isOut).length).toBeGreaterThan(5);
    old.forEach((y, i) => {
      if (outside[Math.floor(i / 2)]) expect(now[i]).toBe(y);
    });
  });

  test('what it cannot do is said, with the way on', async () => {
    const near = file('near.json');
    await writeFile(near, JSON.stringify({ kind: 'box', lower: [1.25, -1], upper: [3.25, 1] }));
    const fade = (...more: string[]) =>
      police(['enforce', model, '-r', region, '--fade', '0.5', '-o', file('no.onnx'), ...more]);
    const close = await fade('-r', near);
    expect(close.code).not.toBe(0);
    expect(close.errors).toMatch(/outside the shell of region 0.*Fade within less: --fade 0\.2\d* at most/);
    expect((await fade('--target', 'd.json')).errors).toContain('Leave --target out, or --fade');
    expect((await fade('--precision', 'float64')).errors).toContain('--precision');
    expect((await fade('--method', 'patch')).errors).toContain('Leave --fade out');
    expect((await fade('--fade', '0')).errors).toMatch(/fade width: expected a gap above 0/);
  });

  test('as one job of many', async () => {
    const done = await police([
      ...['enforce', model, '-r', region, '-r', other, '--fade', '0.5', '-o', `${file('out')}/`],
      ...['--summary', file('out.csv')],
    ]);
    expect(done).toMatchObject({ code: 0 });
    expect(await readFile(file('out.csv'), 'utf8')).toMatch(/shifted/);
  });
});

describe('lookahead', () => {
  // The second layer's units are below 0 on the square whatever the first does, but for one that reads a third of it.
  const gated = chain(2, [
    dense(
      [
        [1, 0.5],
        [1, -1],
        [0.25, 1],
        [1, 1],
      ],
      [0.25, 0, 0.5, 3],
    ),
    relu(),
    dense(
      [
        [1, 1, 1, 0],
        [0, 0, 0, 1],
      ],
      [-20, 1],
    ),
    relu(),
    dense(
      [
        [1, 1],
        [2, -1],
      ],
      [0, 1],
    ),
  ]);

  test('units whose bends reach nothing stay as they are; the certificate and verify say so', async () => {
    const [from, out, proof] = [file('gated.onnx'), file('spared.onnx'), file('spared.json')];
    await writeFile(from, exportOnnx(gated));
    const enforce = (to: string, ...more: string[]) =>
      police(['enforce', from, '-r', region, '-o', to, '-f', '--json', ...more]);
    const done = await enforce(out, '--lookahead', '--certificate', proof);
    expect(done).toMatchObject({ code: 0 });
    expect(JSON.parse(done.text)).toMatchObject({ shifts: { shifted: 0, freed: 3 }, edits: [] });
    expect(JSON.parse(await readFile(proof, 'utf8'))).toMatchObject({
      version: 2,
      regions: [{ unread: [{ units: 3 }] }],
    });
    const verified = await police(['verify', out, '-r', region, '--certificate', proof, '--run']);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.text).toMatch(/Region 0: 3 of '.*' may bend/);
    const all = await enforce(file('all.onnx'));
    expect(JSON.parse(all.text).shifts).toMatchObject({ shifted: 3 });
    expect(JSON.parse(all.text).shifts.freed).toBeUndefined();
    const smt = await police(['verify', out, '-r', region, '--proof', file('proof.smt2')]);
    expect(smt.code).not.toBe(0);
    expect(smt.errors).toContain('without lookahead');
  });
});
