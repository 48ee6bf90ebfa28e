// Nothing here may import '@police/tfjs/all', or the helpers that do.
import '@tensorflow/tfjs-backend-cpu';
import { box, demands, PoliceError } from '@police/core';
import {
  type ConstrainOptions,
  constrain,
  useDemands,
  useFading,
  useMaxima,
  usePatches,
  useSavedModels,
  useSmoothActivations,
} from '@police/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { takeForDevice } from '../src/ops/peek.js';

beforeAll(() => tf.setBackend('cpu'));

const regions = [box([-0.5, -0.5], [0.5, 0.5])];

const model = (): tfl.Sequential =>
  tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 5, activation: 'relu', inputShape: [2] }),
      tfl.layers.dense({ units: 2 }),
    ],
  });

const inputs = () => tf.tensor2d([0.1, -0.2, 0.4, 0.3, 2, -1], [3, 2]);

const valuesOf = (of: tfl.LayersModel): Float32Array =>
  tf.tidy(() => (of.predict(inputs()) as tf.Tensor).dataSync() as Float32Array);

async function savedAndLoaded(from: tfl.LayersModel): Promise<tfl.LayersModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  await from.save(
    tf.io.withSaveHandler(async artifacts => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return tfl.loadLayersModel(tf.io.fromMemory(saved!));
}

const thrownBy = async (action: () => unknown): Promise<unknown> => {
  try {
    await action();
  } catch (error) {
    return error;
  }
  return undefined;
};

const options: readonly (readonly [string, string, Partial<ConstrainOptions>, () => void])[] = [
  ['usePatches', "method 'patch'", { method: 'patch' }, usePatches],
  ['useFading', "option 'fade'", { fade: 0.25 }, useFading],
  ['useSmoothActivations', "option 'epsilon'", { epsilon: 1e-3 }, useSmoothActivations],
  ['useDemands', 'a demand as target', { target: demands.lipschitz(1) }, useDemands],
];

describe.each(options)('%s', (name, where, option, use) => {
  test('is asked for by name, brings its part, and may be called twice', async () => {
    const error = await thrownBy(() => constrain(model(), { regions, ...option }));
    expect(error).toBeInstanceOf(PoliceError);
    expect(error).toMatchObject({ code: 'invalid-option', where, expected: `${name}() before` });
    expect((error as PoliceError).message).toContain(`import { ${name} } from '@police/tfjs'`);
    use();
    use();
    expect(valuesOf(constrain(model(), { regions, ...option })).every(Number.isFinite)).toBe(true);
  });
});

describe('useMaxima', () => {
  test('is named where maxima keep a model from the device, and brings them there', async () => {
    const pooled = () =>
      tfl.sequential({
        layers: [
          tfl.layers.dense({ units: 4, inputShape: [2] }),
          tfl.layers.reshape({ targetShape: [4, 1] }),
          tfl.layers.maxPooling1d({ poolSize: 2, strides: 2 }),
          tfl.layers.flatten(),
          tfl.layers.dense({ units: 1 }),
        ],
      });
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const warned = async () => {
      warn.mockClear();
      const policed = constrain(pooled(), { regions });
      policed.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      await policed.trainOnBatch(inputs(), tf.zeros([3, 1]));
      return warn.mock.calls.map(([text]) => String(text)).filter(text => text.includes('maxima'));
    };
    takeForDevice(true);
    try {
      expect(await warned()).toEqual([expect.stringContaining('useMaxima()')]);
      useMaxima();
      expect(await warned()).toEqual([]);
    } finally {
      takeForDevice(false);
      warn.mockRestore();
    }
  });
});

describe('useSavedModels', () => {
  test('is asked for by name, and brings models of every method to the bit', async () => {
    const error = await thrownBy(() => savedAndLoaded(constrain(model(), { regions })));
    expect(error).toMatchObject({
      code: 'invalid-option',
      where: 'loading a constrained model',
      expected: 'useSavedModels() before',
    });
    useSavedModels();
    for (const option of [{}, ...options.map(([, , each]) => each)]) {
      const policed = constrain(model(), { regions, ...option });
      const values = valuesOf(policed);
      expect(valuesOf(await savedAndLoaded(policed))).toEqual(values);
    }
  });
});
