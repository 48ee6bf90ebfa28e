import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ball, box, hPolytope } from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { constrain, freeze, type PolicedModel, policedLayerOf } from '@police/tfjs/all';
import { nodeFiles } from '@police/tfjs/node';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { backends, errorOf, makeModel, predict, randomRows, useBackend, weightsOf } from './helpers.js';

const { layers } = tfl;
let folder: string;
beforeAll(() => useBackend(backends[0]));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'police-'));
});
afterEach(() => rm(folder, { recursive: true }));

const net = (units: number, name: string) =>
  tfl.sequential({ name, layers: [layers.dense({ units, inputShape: [200] })] });
const load = () => tfl.loadLayersModel(nodeFiles(folder));

describe('several at once', () => {
  test('every save succeeds, and the last one stays', async () => {
    const models = [200, 3, 40, 1].map((units, i) => net(units, 'named_'.repeat(20 * (i + 1))));
    for (let i = 0; i < 6; i++) {
      const saves = models.map((_, k) => models[(k + i) % models.length].save(nodeFiles(folder)));
      expect((await Promise.allSettled(saves)).map(({ status }) => status)).toEqual(
        saves.map(() => 'fulfilled'),
      );
      const loaded = await load();
      const same = models.find(({ name }) => name === loaded.name)!;
      expect(weightsOf(loaded)).toEqual(weightsOf(same));
      expect((await readdir(folder)).length, 'no file is left over').toBe(2);
    }
  });

  test('who reads meanwhile sees one model whole', async () => {
    const [a, b] = [net(150, 'a'), net(2, 'b')];
    await a.save(nodeFiles(folder));
    let isSaving = true;
    const reading = async () => {
      let reads = 0;
      for (; isSaving || reads < 3; reads++) {
        const loaded = await load();
        expect(weightsOf(loaded)).toEqual(weightsOf(loaded.name === 'a' ? a : b));
        loaded.dispose();
      }
      return reads;
    };
    const readers = [reading(), reading()];
    for (let i = 0; i < 10; i++) await (i % 2 ? a : b).save(nodeFiles(folder));
    isSaving = false;
    for (const reads of await Promise.all(readers)) expect(reads).toBeGreaterThanOrEqual(3);
  });

  test('a save that fails leaves the model that was there, and nothing else', async () => {
    const model = net(3, 'kept');
    await model.save(nodeFiles(folder));
    const before = (await readdir(folder)).sort();
    const spoilt = net(4, 'spoilt');
    spoilt.setWeights(spoilt.getWeights().map(weight => tf.mul(weight, Number.NaN)));
    expect(await errorOf(() => spoilt.save(nodeFiles(folder)))).toMatchObject({ code: 'not-finite' });
    const circular = { ...(await artifactsOf(model)), userDefinedMetadata: {} as Record<string, unknown> };
    circular.userDefinedMetadata.self = circular.userDefinedMetadata;
    await expect(nodeFiles(folder).save!(circular as never)).rejects.toThrow(/circular/i);
    expect((await readdir(folder)).sort()).toEqual(before);
    expect(weightsOf(await load())).toEqual(weightsOf(model));
  });
});

async function artifactsOf(model: tfl.LayersModel): Promise<tf.io.ModelArtifacts> {
  let found: tf.io.ModelArtifacts = {};
  const handler = tf.io.withSaveHandler(async artifacts => {
    found = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  });
  await model.save(handler);
  return found;
}

describe('null, NaN and missing', () => {
  test('weights', async () => {
    const model = net(3, 'm');
    await model.save(nodeFiles(folder));
    const file = (await readdir(folder)).find(name => name.endsWith('.bin'))!;
    const bytes = await readFile(join(folder, file));
    bytes.writeFloatLE(Number.NaN, 40);
    await writeFile(join(folder, file), bytes);
    expect(await errorOf(load)).toMatchObject({
      code: 'not-finite',
      where: expect.stringContaining('kernel'),
    });
    await writeFile(join(folder, file), bytes.subarray(0, 100));
    expect(await errorOf(load)).toMatchObject({ code: 'shape', where: expect.stringContaining('kernel') });
  });

  test.each([
    ['alpha', layers.leakyReLU({ alpha: 0.1, name: 'bad' })],
    ['momentum', layers.batchNormalization({ name: 'bad' })],
    ['epsilon', layers.batchNormalization({ name: 'bad' })],
  ])('option %s', async (option, layer) => {
    const model = tfl.sequential({ layers: [layers.dense({ units: 3, inputShape: [2] }), layer] });
    await model.save(nodeFiles(folder));
    const topology = await readFile(join(folder, 'model.json'), 'utf8');
    const spoilt = topology.replace(new RegExp(`"${option}":[^,}]*`), `"${option}":null`);
    expect(spoilt).not.toBe(topology);
    await writeFile(join(folder, 'model.json'), spoilt);
    expect(await errorOf(load)).toMatchObject({ code: 'not-finite', where: `bad (${option})` });
  });

  test.each(['margin', 'refresh', 'epsilon', 'regions'])('option %s of a constrained model', async option => {
    const policed = constrain(makeModel([2, 3, 1], 'relu'), {
      regions: [box([-1, -1], [1, 1])],
      margin: 0.5,
      epsilon: 0.125,
    });
    await policed.save(nodeFiles(folder));
    const topology = await readFile(join(folder, 'model.json'), 'utf8');
    const spoilt =
      option === 'regions'
        ? topology.replace(/"regions":"(.*?)-1/, '"regions":"$1null')
        : topology.replace(new RegExp(`"${option}":[\\d.]*`), `"${option}":null`);
    expect(spoilt).not.toBe(topology);
    await writeFile(join(folder, 'model.json'), spoilt);
    expect((await errorOf(load)).code).toMatch(/invalid-option|not-finite/);
  });
});

test.each([{}, { programs: true }])(
  'a polytope of too many vertices to list is loaded, %o',
  async ({ programs }: { programs?: boolean }) => {
    const size = 13;
    const rows = Array.from({ length: 2 * size }, (_, i) =>
      Array.from({ length: size }, (__, k) => (k === i >> 1 ? (i % 2 ? -1 : 1) : 0)),
    );
    const A = [...rows, Array.from({ length: size }, () => 1)];
    const b = [...rows.map(() => 1), 9];
    const solver = await loadLinearPrograms();
    const policed = constrain(makeModel([size, 3, 1], 'relu'), {
      regions: [hPolytope(A, b, { programs: solver }), ball(Array(size).fill(5), 0.5)],
    });
    await policed.save(nodeFiles(folder));
    const loaded = await tfl.loadLayersModel(nodeFiles(folder, programs ? { programs: solver } : {}));
    const x = randomRows(5, size, 1, 2);
    expect(predict(loaded, x)).toEqual(predict(policed, x));
    expect(policedLayerOf(loaded).settings.regions.map(r => r.toJSON())).toEqual(
      policedLayerOf(policed).settings.regions.map(r => r.toJSON()),
    );
    expect(freeze(loaded as PolicedModel).report.units).toBe(3);
  },
);
