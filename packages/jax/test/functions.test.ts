import { grad, jit, numpy as np, random, tree, vmap } from '@jax-js/jax';
import { ball, box, certify, chordProbe, type Region, simplex } from '@police/core';
import {
  dense,
  hardTanh,
  leakyRelu,
  type Params,
  police,
  policed,
  prelu,
  type State,
  sequential,
  start,
  toNetwork,
} from '@police/jax';
import { policeError } from '@police/testing/conformance';
import { expectClose, randomArray, roundingBound, seededRng } from '@police/testing/helpers';
import { beforeAll, describe, expect, test } from 'vitest';
import { again, numbers, toMatrix, toTensor } from './helpers.js';

beforeAll(() => start('wasm'));

/** The same network of layers, and by hand over the same parameters. */
const model = sequential(
  [3],
  [dense(8), leakyRelu(0.1, { name: 'first' }), dense(6), hardTanh({ name: 'second' }), dense(2)],
);
const first = policed(leakyRelu(0.1), 'first');
const second = policed(hardTanh(), 'second');
const byHand = ({ dense_1, dense_3, dense_5 }: Params, x: np.Array): np.Array => {
  const h = first(np.dot(x, dense_1.w).add(dense_1.b));
  return np.dot(second(np.dot(h, dense_3.w).add(dense_3.b)), dense_5.w).add(dense_5.b);
};

const SETS: Readonly<Record<string, Region[]>> = {
  box: [box([-1, -1, 0], [1, 0.5, 0.5])],
  simplex: [
    simplex([
      [0.1, 0, 0.2],
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]),
  ],
  'ball and box': [ball([2, 2, 2], 0.7), box([-1, -1, -1], [-0.2, -0.1, -0.3])],
};

const rows = { rows: 7, cols: 3, data: Float64Array.from(randomArray(seededRng(4), 21, 2)) };

describe.each(Object.entries(SETS))('a function by hand, on a %s', (_, regions) => {
  const params = () => model.init(random.key(5), { dtype: 'float64' });
  const bound = (p: Params) => 2 ** 4 * roundingBound(toNetwork(model, p), [2, 2, 2]);

  test.each(['exact', 'local'] as const)(
    'has the outputs and the gradient %s of the same layers',
    gradient => {
      const weights = params();
      const pair = [police(model, regions, { gradient }), police(byHand, regions, { gradient })];
      const [expected, found] = pair.map(({ init, apply }) => {
        const state = init(weights);
        const loss = (p: Params, s: State): [np.Array, State] => {
          const [y, next] = apply(p, s, toTensor(rows, 'float64'));
          return [np.square(y).sum(), next];
        };
        const [d, next] = grad(loss, { hasAux: true })(again(weights), again(state));
        const [y] = apply(again(weights), state, toTensor(rows, 'float64'));
        return { y: numbers(y), d: tree.leaves<np.Array>(d).map(numbers), next };
      });
      const tolerance = bound(weights);
      expectClose(found.y, expected.y, tolerance, 'outputs');
      found.d.forEach((values, i) => {
        const size = Math.max(1, ...expected.d[i].map(Math.abs));
        expectClose(values, expected.d[i], 2 ** 6 * tolerance * size, `gradient ${i}`);
      });
      expect(Object.keys(found.next)).toEqual(['first', 'second']);
      for (const name of ['first', 'second'])
        expect(numbers(found.next[name])).toEqual(numbers(expected.next[name]));
    },
  );

  test('is affine under jit and vmap, and freezes by its network', () => {
    const weights = params();
    const held = police(byHand, regions, { network: p => toNetwork(model, p) });
    const state = held.init(weights);
    const { points, residual } = chordProbe(regions[0], 20, seededRng(2));
    const [y] = jit(held.apply)(again(weights), again(state), toTensor(points, 'float64'));
    const bent = toMatrix(y);
    expect(residual(bent)).toBeLessThan(bound(weights));
    const one = (x: np.Array) => held.apply(again(weights), again(state), x)[0];
    expectClose(numbers(vmap(one)(toTensor(points, 'float64'))), bent.data, bound(weights), 'vmap');
    const { model: frozen, network } = held.freeze(weights, state);
    expect(certify(network, regions)).toMatchObject({ certified: true });
    const plain = frozen.model.apply(again(frozen.params), toTensor(points, 'float64'));
    expectClose(numbers(plain), bent.data, bound(weights), 'frozen');
  });
});

describe('refuses', () => {
  const regions = SETS.box;
  const params = () => model.init(random.key(5));

  test('to read a function that tells nothing of itself', async () => {
    const held = police(byHand, regions);
    const weights = params();
    const error = await policeError(() => held.freeze(weights, held.init(weights)));
    expect(error).toMatchObject({ code: 'unsupported-layer', where: 'police' });
  });

  test('a network of other names', async () => {
    const other = sequential([3], [dense(8), leakyRelu(0.1), dense(6), hardTanh(), dense(2)]);
    const held = police(byHand, regions, { network: p => toNetwork(other, p) });
    const weights = params();
    const error = await policeError(() => held.toNetwork(weights, held.init(weights)));
    expect(error).toMatchObject({ code: 'invalid-network', where: 'network' });
  });

  test('a name used twice', async () => {
    const twice = ({ dense_1 }: Params, x: np.Array) => first(first(np.dot(x, dense_1.w).add(dense_1.b)));
    const error = await policeError(() => police(twice, regions).init(params()));
    expect(error).toMatchObject({ code: 'invalid-network', where: 'first' });
  });

  test('a nonlinearity that is met on the data alone', async () => {
    const odd = ({ dense_1 }: Params, x: np.Array) => {
      const h = np.dot(x.ref, dense_1.w).add(dense_1.b);
      const isData = x.shape[0] === rows.rows;
      x.dispose();
      return isData ? second(h) : h;
    };
    const held = police(odd, regions);
    const error = await policeError(() => held.apply(params(), {}, toTensor(rows, 'float32')));
    expect(error).toMatchObject({ code: 'invalid-network', where: 'second' });
  });

  test('slopes that are trained', async () => {
    const error = await policeError(() => policed(prelu(), 'bend'));
    expect(error).toMatchObject({ code: 'unsupported-activation', where: 'bend' });
  });
});

test('outside of police a policed nonlinearity is the plain one', () => {
  const weights = model.init(random.key(5));
  const x = toTensor(rows, 'float32');
  expect(numbers(byHand(again(weights), x.ref))).toEqual(numbers(model.apply(again(weights), x)));
});
