import { jit, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax';
import { box, chordProbe, enforce, foldShifts, forward } from '@police/core';
import {
  conv,
  dense,
  flatten,
  type Layer,
  leakyRelu,
  maxPool,
  type Params,
  police,
  relu,
  residual,
  type State,
  sequential,
  start,
  toNetwork,
} from '@police/jax';
import { policeError } from '@police/testing/conformance';
import { expectClose, makeRegion, roundingBoundOn, runs, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { beforeAll, expect, test, vi } from 'vitest';
import { again, keepOneThread, ROUNDOFF, runPlain, toTensor } from './helpers.js';

vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  keepOneThread();
  await start('wasm');
});

const square = box([-0.5, -0.5], [0.5, 0.5]);
const layers = (): Layer[] => [dense(6), leakyRelu(0.1), dense(5), relu(), dense(2)];

test.each(['box', 'simplex', 'ball'] as const)(
  'on a %s the biases are those that core folds shifts into',
  kind => {
    fc.assert(
      fc.property(seeds, seed => {
        const region = makeRegion(kind, 2, seededRng(seed));
        const model = sequential([2], layers());
        const params = model.init(random.key(seed % 1000), { dtype: 'float64' });
        const expected = foldShifts(enforce(toNetwork(model, params), [region]).network);
        const { init, project } = police(model, [region]);
        const state = init(params);
        const [folded] = project(params, state);
        const { points } = chordProbe(region, 8, seededRng(1));
        const tolerance = 4 * roundingBoundOn(expected, region);
        const found = forward(toNetwork(model, folded), points).data;
        expectClose(found, forward(expected, points).data, tolerance, 'outputs');
      }),
      { numRuns: runs(4) },
    );
  },
);

test('of a convolution the channel’s bias takes the shift of its positions', () => {
  const image = sequential([1, 3, 3], [conv(2, { kernel: 2 }), relu(), flatten(), dense(1)]);
  const region = makeRegion('box', 9, seededRng(2), 0.5);
  const params = image.init(random.key(1), { dtype: 'float64' });
  const { init, project } = police(image, [region]);
  const [folded] = project(params, init(params));
  const { points, residual: off } = chordProbe(region, 20, seededRng(1));
  expect(off(runPlain(image, folded, points))).toBeLessThan(
    4 * roundingBoundOn(toNetwork(image, folded), region),
  );
});

test('the model itself is affine after every jitted step that ends with project', () => {
  const model = sequential([2], layers());
  const { init, project } = police(model, [square]);
  let params = model.init(random.key(7));
  let state = init(params);
  const step = jit((now: Params, sides: State, x: np.Array, y: np.Array): [np.Array, Params, State] => {
    const loss = (given: Params) => np.square(model.apply(given, x).sub(y)).mean();
    const [value, gradient] = valueAndGrad(loss)(tree.ref(now));
    const moved = tree.map((w: np.Array, d: np.Array) => w.sub(d.mul(0.05)), now, gradient) as Params;
    return [value, ...project(moved, sides)];
  });
  const rng = seededRng(4);
  const rows = (scale: number) => ({
    rows: 16,
    cols: 2,
    data: Float64Array.from({ length: 32 }, () => scale * (2 * rng() - 1)),
  });
  const [x, y] = [toTensor(rows(2), 'float32'), toTensor(rows(1), 'float32')];
  const { points, residual: off } = chordProbe(square, 20, seededRng(1));
  expect(off(runPlain(model, params, points))).toBeGreaterThan(2 ** -10);
  const losses: number[] = [];
  for (let i = 0; i < 20; i++) {
    const [value, moved, next] = step(params, state, x.ref, y.ref);
    [params, state] = [moved, next];
    losses.push(value.dataSync()[0]);
    const bound = (roundingBoundOn(toNetwork(model, params), square) * ROUNDOFF.float32) / ROUNDOFF.float64;
    expect(off(runPlain(model, params, points))).toBeLessThan(4 * bound);
  }
  expect(losses.at(-1)).toBeLessThan(losses[0]);
});

test.each<[string, number[], Layer[], 'per-unit' | 'per-channel']>([
  ['maximum', [1, 2, 2], [conv(2, { kernel: 1 }), maxPool(2), flatten(), dense(1)], 'per-channel'],
  ['no layer with a bias', [2], [residual([dense(2)]), relu(), dense(1)], 'per-channel'],
  ['without one', [2], [dense(3, { bias: false }), relu(), dense(1)], 'per-channel'],
  ['shifts per unit', [1, 3, 3], [conv(2, { kernel: 2 }), relu(), flatten(), dense(1)], 'per-unit'],
])('refuses %s by name', async (actual, inputShape, refused, sharing) => {
  const model = sequential(inputShape, refused);
  const size = inputShape.reduce((product, n) => product * n, 1);
  const region = box(new Array<number>(size).fill(-0.5), new Array<number>(size).fill(0.5));
  const { init, project } = police(model, [region], { sharing });
  const params = model.init(random.key(1));
  const state = init(params);
  const error = await policeError(() => project(again(params), again(state)));
  expect(error.code).toBe('invalid-option');
  expect(error.actual).toContain(actual);
});
