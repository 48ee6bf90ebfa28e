import { jit, nn, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax';
import { box, certify, chordProbe, type Matrix } from '@police/core';
import {
  dense,
  type Params,
  type PatchedFunction,
  patch,
  relu,
  sequential,
  start,
  type Trained,
  toNetwork,
  type WithMaps,
} from '@police/jax';
import { patchConformance } from '@police/testing/conformance';
import { applyMap, expectClose, seededRng } from '@police/testing/helpers';
import { roundingBound } from '@police/testing/rounding-bound';
import { beforeAll, expect, test, vi } from 'vitest';
import { again, keepOneThread, numbers, ROUNDOFF, runPlain, toMatrix, toTensor } from './helpers.js';

// Every model's steps are compiled, and every look at one is.
vi.setConfig({ hookTimeout: 120_000 });

beforeAll(async () => {
  keepOneThread();
  await start('wasm');
});

interface Training extends Trained {
  readonly patched: PatchedFunction<Params>;
  all: WithMaps<Params>;
}

const isTraining = (model: Trained | Training): model is Training => 'patched' in model;

patchConformance<Trained, Training>('jax', {
  activations: ['relu'],
  makeModel: ({ widths, seed }) => {
    const layers = widths
      .slice(1)
      .flatMap((units, i) => (i < widths.length - 2 ? [dense(units), relu()] : [dense(units)]));
    const model = sequential([widths[0]], layers);
    return { model, params: model.init(random.key(seed)) };
  },
  constrain: ({ model, params }, { regions, steepness }) => {
    const patched = patch(model, regions, { steepness });
    return { model, params, patched, all: patched.init(params) };
  },
  run: (model, x) =>
    isTraining(model)
      ? toMatrix(model.patched.apply(again(model.all), toTensor(x, 'float32')))
      : runPlain(model.model, model.params, x),
  runInner: ({ model, all }, x) => runPlain(model, all.inner, x),
  read: model =>
    isTraining(model) ? model.patched.toNetwork(model.all) : toNetwork(model.model, model.params),
  maps: ({ patched, all }) => patched.maps(all),
  train: (training, x, targets, afterStep) => {
    const { patched } = training;
    const loss = (all: WithMaps<Params>, rows: np.Array, wanted: np.Array) =>
      np.square(patched.apply(all, rows).sub(wanted)).mean();
    const step = jit((all: WithMaps<Params>, rows: np.Array, wanted: np.Array): WithMaps<Params> => {
      const [value, gradient] = valueAndGrad(loss)(tree.ref(all), rows, wanted);
      value.dispose();
      return tree.map((weight: np.Array, d: np.Array) => weight.sub(d.mul(0.02)), all, gradient);
    });
    for (let i = 0; i < 2 * x.rows; i++) {
      const row = ({ cols, data }: Matrix) => {
        const from = (i % x.rows) * cols;
        return toTensor({ rows: 1, cols, data: data.slice(from, from + cols) }, 'float32');
      };
      training.all = step(training.all, row(x), row(targets));
      afterStep();
    }
  },
  freeze: ({ patched, all }) => {
    const { model, ...rest } = patched.freeze(all);
    return { model: model!, ...rest };
  },
  bound: (net, points) => {
    const largest = new Float64Array(net.inputSize);
    points.data.forEach((x, i) => {
      largest[i % net.inputSize] = Math.max(largest[i % net.inputSize], Math.abs(x));
    });
    return (roundingBound(net, largest) * ROUNDOFF.float32) / ROUNDOFF.float64;
  },
});

test('a function of which nothing is known is held, too, and certified', () => {
  type Weights = { w: np.Array; v: np.Array };
  const regions = [box([-0.5, -0.5], [0.5, 0.5])];
  const weights: Weights = {
    w: random.normal(random.key(1), [2, 8]),
    v: random.normal(random.key(2), [8, 1]),
  };
  const mlp = ({ w, v }: Weights, x: np.Array) => np.dot(nn.silu(np.dot(x, w)), v);
  const patched = patch(mlp, regions, { steepness: 3 });
  const params = patched.init(weights);
  const frozen = patched.freeze(params);
  expect(frozen.model).toBeUndefined();
  expect(certify(frozen.network, regions)).toMatchObject({ certified: true });
  const { points } = chordProbe(regions[0], 20, seededRng(1));
  const y = numbers(patched.apply(again(params), toTensor(points, 'float32')));
  const [map] = frozen.maps;
  const size = map.A.data.reduce((sum, a) => sum + Math.abs(a), Math.abs(map.b[0]));
  expectClose(y, applyMap(map, points), 8 * ROUNDOFF.float32 * size, 'on the region');
});
