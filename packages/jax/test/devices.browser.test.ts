import { defaultDevice, grad, jit, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax';
import { box, certify, chordProbe, enforce, type Region, simplex } from '@police/core';
import {
  conv,
  dense,
  flatten,
  leakyRelu,
  maxPool,
  type Params,
  patch,
  police,
  relu,
  type State,
  sequential,
  start,
  toNetwork,
} from '@police/jax';
import { expectClose, makeRegion, roundingBoundOn, seededRng } from '@police/testing/helpers';
import { beforeAll, describe, expect, test } from 'vitest';
import { again, numbers, ROUNDOFF, runPlain, runPoliced, toTensor } from './helpers.js';

const regions: Readonly<Record<string, Region>> = {
  box: box([-0.5, -0.4], [0.5, 0.6]),
  simplex: simplex([
    [-0.5, -0.5],
    [0.5, -0.5],
    [0, 0.5],
  ]),
};

const model = sequential([2], [dense(8), leakyRelu(0.1), dense(6), leakyRelu(0.1), dense(2)]);
const inFloat32 = (bound: number) => (bound * ROUNDOFF.float32) / ROUNDOFF.float64;

/** What the conformance asks of every framework, on devices that Chromium emulates. */
describe.each(['webgpu', 'webgl'] as const)('on %s', device => {
  beforeAll(async () => {
    expect(await start(device)).toContain(device);
    defaultDevice(device);
    expect(np.zeros([1]).device).toBe(device);
  });

  describe.each(Object.entries(regions))('on a %s', (_, region) => {
    test.each(['sticky', 'minimal', 'majority'] as const)(
      'policy %s: core’s shifts from the start',
      policy => {
        const params = model.init(random.key(3));
        const { init, adjustments } = police(model, [region], { policy });
        const net = toNetwork(model, params);
        const expected = enforce(net, [region], { policy });
        const [found] = adjustments(again(params), init(params));
        const tolerance = inFloat32(roundingBoundOn(expected.network, region));
        for (const [name, values] of Object.entries(expected.shifts))
          expectClose(numbers(Object.values(found[name])[0]), values, 4 * tolerance, `shifts of ${name}`);
      },
    );

    test('affine after every jitted step, frozen exactly', () => {
      const policed = police(model, [region]);
      const { apply, init, freeze } = policed;
      let params = model.init(random.key(3));
      let state = init(params);
      const step = jit((given: Params, sides: State, x: np.Array, y: np.Array): [np.Array, Params, State] => {
        const loss = (weights: Params): [np.Array, State] => {
          const [outputs, next] = apply(weights, sides, x);
          return [np.square(outputs.sub(y)).mean(), next];
        };
        const [[value, next], gradient] = valueAndGrad(loss, { hasAux: true })(tree.ref(given));
        return [value, tree.map((w: np.Array, d: np.Array) => w.sub(d.mul(0.05)), given, gradient), next];
      });
      const rng = seededRng(4);
      const rows = (scale: number) =>
        toTensor(
          { rows: 16, cols: 2, data: Float64Array.from({ length: 32 }, () => scale * (2 * rng() - 1)) },
          'float32',
        );
      const [x, y] = [rows(2), rows(1)];
      const { points, residual } = chordProbe(region, 12, seededRng(1));
      expect(residual(runPlain(model, params, points))).toBeGreaterThan(2 ** -10);
      const losses: number[] = [];
      for (let i = 0; i < 5; i++) {
        const [value, moved, next] = step(params, state, x.ref, y.ref);
        [params, state] = [moved, next];
        losses.push(numbers(value)[0]);
        const bound = inFloat32(roundingBoundOn(toNetwork(model, params), region));
        expect(residual(runPoliced(policed, params, state, points))).toBeLessThan(4 * bound);
      }
      expect(losses.at(-1)).toBeLessThan(losses[0]);
      const { model: plain, network } = freeze(params, state);
      expect(certify(network, [region])).toMatchObject({ certified: true });
      const bound = inFloat32(roundingBoundOn(network, region));
      const outputs = runPoliced(policed, params, state, points).data;
      expectClose(runPlain(plain.model, plain.params, points).data, outputs, 8 * bound, 'frozen outputs');
    });

    test('a patch is its map on the region', () => {
      const { init, apply, freeze } = patch(model, [region]);
      const all = init(model.init(random.key(3)));
      const { points, residual } = chordProbe(region, 12, seededRng(1));
      const y = numbers(apply(again(all), toTensor(points, 'float32')));
      const { network, maps } = freeze(all);
      expect(certify(network, [region])).toMatchObject({ certified: true });
      const size = maps[0].A.data.reduce(
        (sum, a) => sum + Math.abs(a),
        Math.abs(maps[0].b[0]) + Math.abs(maps[0].b[1]),
      );
      expect(residual({ rows: points.rows, cols: 2, data: y })).toBeLessThan(32 * ROUNDOFF.float32 * size);
    });
  });

  // WebGL, emulated, takes minutes to compile these.
  test.runIf(device === 'webgpu')(
    'images: convolutions, winners of maxima, a ball and a hull of two regions',
    () => {
      const image = sequential([1, 4, 4], [conv(2, { kernel: 3 }), relu(), maxPool(2), flatten(), dense(1)]);
      const around = [
        makeRegion('ball', 16, seededRng(1), 0.3),
        makeRegion('vPolytope', 16, seededRng(2), 0.3),
      ];
      const policed = police(image, around);
      const params = image.init(random.key(2));
      const state = policed.init(params);
      const { network } = policed.freeze(params, state);
      expect(certify(network, around)).toMatchObject({ certified: true });
      const loss = (given: Params) =>
        np.square(policed.apply(given, again(state), np.ones([2, 1, 4, 4]))[0]).mean();
      const gradients = tree
        .leaves<np.Array>(jit(grad(loss))(again(params)))
        .flatMap(each => [...numbers(each)]);
      expect(gradients.every(Number.isFinite)).toBe(true);
      expect(gradients.some(g => g !== 0)).toBe(true);
      for (const region of around) {
        const { points, residual } = chordProbe(region, 12, seededRng(1));
        const bound = inFloat32(roundingBoundOn(toNetwork(image, params), region));
        expect(residual(runPoliced(policed, params, state, points))).toBeLessThan(8 * bound);
      }
    },
  );

  test.runIf(device === 'webgpu')('float64 is not there', () => {
    expect(() => numbers(model.init(random.key(1), { dtype: 'float64' }).dense.w)).toThrow();
  });
});
