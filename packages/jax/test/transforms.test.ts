import { grad, jit, numpy as np, random, tree, vmap } from '@jax-js/jax';
import { ball, box, certify, chordProbe, type Network, type Region } from '@police/core';
import {
  conv,
  dense,
  type Format,
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
import { expectClose, randomArray, roundingBound, seededRng } from '@police/testing/helpers';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { again, numbers, ROUNDOFF, runPlain, runPoliced, toTensor } from './helpers.js';

beforeAll(() => start('wasm'));

const plane = () =>
  sequential([2], [dense(12), leakyRelu(0.1), residual([dense(12), relu(), dense(12)]), relu(), dense(2)]);
const image = () =>
  sequential(
    [1, 6, 6],
    [conv(3, { kernel: 3, padding: 1 }), relu(), maxPool(2), conv(2, { kernel: 2 }), relu(), dense(2)],
  );

const around = (size: number): Region[] => [box(new Array(size).fill(-0.2), new Array(size).fill(0.3))];
const rowsOf = (size: number, count: number) => ({
  rows: count,
  cols: size,
  data: Float64Array.from(randomArray(seededRng(5), count * size)),
});

/** How far arithmetic of a format puts outputs wrong, on rows of entries up to 1. */
const rounding = (net: Network, dtype: Format) =>
  (roundingBound(net, new Float64Array(net.inputSize).fill(1)) * ROUNDOFF[dtype]) / ROUNDOFF.float64;

const MODELS = [
  { name: 'dense and residual', make: plane, size: 2 },
  { name: 'convolution and max-pool', make: image, size: 36 },
];

describe.each(MODELS)('a model of $name', ({ make, size }) => {
  test.each(['float32', 'float64'] as const)(
    'in %s gives under jit and vmap what it gives without',
    dtype => {
      const model = make();
      const params = model.init(random.key(2), { dtype });
      const policed = police(model, around(size));
      const state = policed.init(params);
      const x = rowsOf(size, 5);
      const inputs = () => toTensor(x, dtype).reshape([5, ...model.inputShape]);
      const [eager] = policed.apply(again(params), again(state), inputs());
      const expected = numbers(eager);
      const bound = rounding(policed.toNetwork(params, state), dtype);
      expectClose(runPoliced(policed, params, state, x).data, expected, bound, 'jit');
      const one = (row: np.Array) => policed.apply(again(params), again(state), row)[0];
      expectClose(numbers(vmap(one)(inputs())), expected, bound, 'vmap');
      expectClose(
        numbers(one(inputs().slice(0))),
        expected.subarray(0, expected.length / 5),
        bound,
        'one row',
      );
    },
  );

  test('freezes to a certified model of the same outputs', () => {
    const model = make();
    const params = model.init(random.key(2));
    const regions = around(size);
    const policed = police(model, regions);
    const state = policed.init(params);
    const { model: frozen, network } = policed.freeze(params, state);
    expect(certify(network, regions)).toMatchObject({ certified: true });
    expect(certify(toNetwork(frozen.model, frozen.params), regions)).toMatchObject({ certified: true });
    const x = rowsOf(size, 7);
    expect(frozen.model.inputShape).toEqual(model.inputShape);
    const bound = rounding(network, 'float32');
    expectClose(
      runPlain(frozen.model, frozen.params, x).data,
      runPoliced(policed, params, state, x).data,
      bound,
      'frozen outputs',
    );
  });

  test('is affine after every step of Adam', () => {
    const model = make();
    const regions = around(size);
    const policed = police(model, regions);
    let params = model.init(random.key(3));
    let state = policed.init(params);
    const adam = adamOf(params);
    const { points, residual: bend } = chordProbe(regions[0], 10, seededRng(1));
    const x = rowsOf(size, 16);
    const loss = (given: Params, sides: State, rows: np.Array): [np.Array, State] => {
      const [y, next] = policed.apply(given, sides, rows);
      return [np.square(y.sub(1)).mean(), next];
    };
    const step = jit(grad(loss, { hasAux: true }));
    for (let i = 0; i < 8; i++) {
      const rows = toTensor(x, 'float32').reshape([16, ...model.inputShape]);
      const [gradient, next] = step(again(params), state, rows);
      params = adam(params, gradient);
      state = next;
      const outputs = runPoliced(policed, params, state, points);
      expect(bend(outputs), `step ${i}`).toBeLessThan(rounding(policed.toNetwork(params, state), 'float32'));
    }
  });
});

/** Adam as users write it where `@jax-js/optax` is not to be had. */
function adamOf(start: Params): (params: Params, gradient: Params) => Params {
  const zeros = () => tree.map((w: np.Array) => np.zerosLike(w.ref), start);
  let [m, v, t] = [zeros(), zeros(), 0];
  return (params, gradient) => {
    t++;
    m = tree.map((a: np.Array, g: np.Array) => a.mul(0.9).add(g.ref.mul(0.1)), m, gradient);
    v = tree.map((a: np.Array, g: np.Array) => a.mul(0.999).add(np.square(g).mul(0.001)), v, gradient);
    const [mScale, vScale] = [1 / (1 - 0.9 ** t), 1 / (1 - 0.999 ** t)];
    return tree.map(
      (w: np.Array, a: np.Array, b: np.Array) =>
        w.sub(a.ref.mul(mScale * 1e-2).div(np.sqrt(b.ref.mul(vScale)).add(1e-8))),
      params,
      m,
      v,
    );
  };
}

interface Memory {
  grow(pages: number): number;
}

describe('ownership', () => {
  const model = plane();
  const regions = [...around(2), ball([2, 2], 0.5)];
  const policed = police(model, regions);

  test('apply uses up what it is given, and nothing else', () => {
    const params = model.init(random.key(1));
    const state = policed.init(params);
    const x = toTensor(rowsOf(2, 3), 'float32');
    const given = [...tree.leaves(params), ...tree.leaves(state), x] as np.Array[];
    expect(given.map(({ refCount }) => refCount)).toEqual(given.map(() => 1));
    const [y, next] = policed.apply(again(params), again(state), x.ref);
    expect(given.map(({ refCount }) => refCount)).toEqual(given.map(() => 1));
    expect([y, ...(Object.values(next) as np.Array[])].map(({ refCount }) => refCount)).toEqual(
      new Array(1 + Object.keys(next).length).fill(1),
    );
  });

  test('init, toNetwork and freeze leave what they are given', () => {
    const params = model.init(random.key(1));
    const state = policed.init(params);
    policed.toNetwork(params, state);
    policed.freeze(params, state);
    const given = [...tree.leaves(params), ...tree.leaves(state)] as np.Array[];
    expect(given.map(({ refCount }) => refCount)).toEqual(given.map(() => 1));
  });

  test('steps leave no memory behind', () => {
    const wide = sequential([2], [dense(400), relu(), dense(400), leakyRelu(0.1), dense(1)]);
    const constrained = police(wide, regions);
    const params = wide.init(random.key(1));
    let state = constrained.init(params);
    const step = () => {
      const [y, next] = constrained.apply(again(params), state, toTensor(rowsOf(2, 300), 'float32'));
      state = next;
      y.dispose();
      for (const array of Object.values(state)) void array.ref.dataSync();
    };
    for (let i = 0; i < 5; i++) step();
    // jax-js does not tell what it holds; its memory grows when that is more than ever.
    const { prototype } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: Memory } } })
      .WebAssembly.Memory;
    const grow = vi.spyOn(prototype, 'grow');
    for (let i = 0; i < 10; i++) step();
    expect(grow).not.toHaveBeenCalled();
    grow.mockRestore();
  });
});
