import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chain, type Demand, demands, dense, gelu, provenDemand, regionFromJSON } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import { describe, expect, test } from 'vitest';
import { police, smallFiles, square, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const { model, region } = await smallFiles(folder);
const file = (name: string) => join(folder, name);

async function demandFile(name: string, demand: unknown): Promise<string> {
  await writeFile(file(name), JSON.stringify(demand));
  return file(name);
}

const asked = demands.all(demands.symmetric(), demands.lipschitz(0.5), demands.safe([[1, 1]], [2]));

describe.each(['shift', 'patch'] as const)('by %s', method => {
  const enforce = async (demand: unknown, ...more: string[]) => {
    const path = await demandFile(`${method}.json`, demand);
    const args = ['enforce', model, '-r', region, '-o', file(`${method}.onnx`), '-f', '--method', method];
    return police([...args, '--demand', path, '--certificate', file('proof.json'), ...more]);
  };

  test('the model written meets the demand, and its certificate says so', async () => {
    const { code, text, errors } = await enforce(asked, '--json');
    expect(code, errors).toBe(0);
    const [{ demand, residual, region: at }] = JSON.parse(text).demands;
    expect([demand, at]).toEqual([asked, 0]);
    expect(residual).toBeLessThan(2 ** -20);
    if (method === 'patch') expect(residual).toBe(0);
    const written = readModel(await readFile(file(`${method}.onnx`)));
    expect(provenDemand(written.network, regionFromJSON(square as never), asked)).toEqual({
      holds: true,
      residual,
    });

    const verify = (...args: string[]) => police(['verify', file(`${method}.onnx`), '-r', region, ...args]);
    const verified = await verify('--certificate', file('proof.json'));
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.text).toContain('Region 0: proved symmetric and lipschitz and safe');
    const certificate = JSON.parse(await readFile(file('proof.json'), 'utf8'));
    certificate.regions[0].demand.demand = demands.lipschitz(0.01);
    await writeFile(file('forged.json'), JSON.stringify(certificate));
    const forged = await verify('--certificate', file('forged.json'));
    expect(forged.code).not.toBe(0);
    expect(forged.text + forged.errors).toContain('lipschitz');
  });

  test('an array has one demand for each region', async () => {
    expect(await enforce([null])).toMatchObject({ code: 0 });
    const { code, errors } = await enforce([asked, asked]);
    expect(code).not.toBe(0);
    expect(errors).toContain('an array of one for each of 1 regions');
  });

  test.each<[string, unknown, string]>([
    ['contradictory', demands.all(demands.rowSums([1, 1]), demands.lipschitz(0.1)), 'misses one of them by'],
    ['malformed', { kind: 'lipschitz', bound: 'much' }, 'demand.bound'],
    ['ill-fitting', demands.rowSums([1]), 'sums of size 2'],
  ])('a %s demand is refused before anything is written', async (_, demand, words) => {
    const { code, errors } = await enforce(demand as Demand);
    expect(code).not.toBe(0);
    expect(errors).toContain(words);
  });
});

test('a model of which nothing is read is held by a patch', async () => {
  const smooth = chain(2, [
    dense([
      [1, 2],
      [-1, 1],
    ]),
    gelu(1e-6),
    dense([
      [1, 1],
      [0, 1],
    ]),
  ]);
  await writeFile(file('smooth.onnx'), exportOnnx(smooth));
  const path = await demandFile('antisymmetric.json', demands.antisymmetric());
  const args = ['enforce', file('smooth.onnx'), '-r', region, '-o', file('held.onnx'), '--method', 'patch'];
  const { code, text, errors } = await police([...args, '--demand', path, '--json']);
  expect(code, errors).toBe(0);
  expect(JSON.parse(text).demands).toEqual([{ region: 0, demand: { kind: 'antisymmetric' }, residual: 0 }]);
});
