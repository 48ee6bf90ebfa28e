import { grad, jit, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax';
import {
  chain,
  dense as coreDense,
  leakyRelu as coreLeakyRelu,
  demands,
  matrixFromRows,
  type Region,
  simplex,
  type Target,
} from '@police/core';
import {
  dense,
  leakyRelu,
  type Params,
  patch,
  police,
  policed,
  type RegionMap,
  reshape,
  type State,
  sequential,
  start,
  type WithMaps,
} from '@police/jax';
import { planeDemands, policeError, type TargetMethod, targetConformance } from '@police/testing/conformance';
import { asProved, excessOf } from '@police/testing/demands';
import { seededRng } from '@police/testing/helpers';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { again, keepOneThread, numbers, runPlain, toMatrix, toTensor } from './helpers.js';

// Every model's steps are compiled.
vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  keepOneThread();
  await start('wasm');
});

type All = WithMaps<Params>;
type Apply = (all: All, state: State, x: np.Array) => [np.Array, State];

/** A model held to a target by either method, with the same functions. */
function heldBy(
  method: TargetMethod,
  regions: readonly Region[],
  target: Target | readonly (Target | undefined)[],
) {
  const model = sequential([2], [dense(8), leakyRelu(0.1), dense(8), leakyRelu(0.1), dense(2)]);
  const params = (dtype: 'float32' | 'float64') => model.init(random.key(5), { dtype });
  if (method === 'patch') {
    const { init, hold, freeze, apply } = patch(model, regions, { target });
    const run: Apply = (all, state, x) => [apply(all, x), state];
    return {
      apply: run,
      start: (dtype: 'float32' | 'float64') => [init(params(dtype)), {}] as const,
      hold,
      freeze,
    };
  }
  const { withMaps, init, hold, freeze, apply } = police(model, regions, { target: target as Target });
  const begin = (dtype: 'float32' | 'float64') => {
    const all = withMaps(params(dtype));
    return [all, init(all)] as const;
  };
  return { apply, start: begin, hold, freeze };
}

/** Plain gradient descent, jitted; all it is given is used up. */
const stepOf = (apply: Apply) =>
  jit((all: All, state: State, x: np.Array, y: np.Array): [np.Array, All, State] => {
    const loss = (given: All): [np.Array, State] => {
      const [found, next] = apply(given, state, x);
      return [np.square(found.sub(y)).mean(), next];
    };
    const [[value, next], gradient] = valueAndGrad(loss, { hasAux: true })(tree.ref(all));
    return [value, tree.map((w: np.Array, d: np.Array) => w.sub(d.mul(0.05)), all, gradient), next];
  });

targetConformance('jax', {
  constrain: ({ regions, method, target }) => {
    const { apply, start: begin, hold, freeze } = heldBy(method, regions, target);
    const [all, state] = begin('float32');
    return { apply, hold, freeze, step: stepOf(apply), all: all as All, state: state as State };
  },
  run: ({ apply, all, state }, x) => toMatrix(apply(again(all), again(state), toTensor(x, 'float32'))[0]),
  step: (held, x, y) => {
    const [loss, moved, state] = held.step(
      held.all,
      held.state,
      toTensor(x, 'float32'),
      toTensor(y, 'float32'),
    );
    Object.assign(held, { all: held.hold(moved), state });
    return numbers(loss)[0];
  },
  freeze: ({ freeze, all, state }) => {
    const { model, ...frozen } = freeze(all, state);
    return { ...frozen, run: x => runPlain(model!.model, model!.params, x) };
  },
});

const triangle = simplex([
  [-1, -1],
  [1, -0.5],
  [0, 1],
]);
const A = matrixFromRows([
  [0.5, -0.25],
  [1, 0],
]);

describe('gradients', () => {
  const targets: [string, Target][] = [
    ['a demand', planeDemands.several],
    ['a map', { A, b: [0.5, -1] }],
    ['a Jacobian', { A }],
  ];
  const cases = (['shift', 'patch'] as const).flatMap(method =>
    targets.map(([name, target]) => ({ method, name, target })),
  );
  test.each(cases)('with $name by $method: finite differences, jitted or not', ({ method, target }) => {
    const { apply, start: begin } = heldBy(method, [triangle], target);
    const [all, state] = begin('float64');
    const rng = seededRng(3);
    const rows = Array.from({ length: 6 }, (_, i) =>
      i < 3 ? Array.from(triangle.sample(rng)) : [4 * rng() - 2, 4 * rng() - 2],
    );
    const x = toTensor(matrixFromRows(rows), 'float64');
    const loss = (given: All) => np.square(apply(given, again(state as State), x.ref)[0]).mean();
    const eager = tree.leaves<np.Array>(grad(loss)(again(all as All)));
    const jitted = tree.leaves<np.Array>(jit(grad(loss))(again(all as All))).map(numbers);
    const leaves = tree.leaves<np.Array>(all).map(leaf => numbers(leaf.ref));
    const shapes = eager.map(({ shape }) => [...shape]);
    const structure = tree.flatten<np.Array>(all as All)[1];
    const at = (leaf: number, index: number, step: number): number => {
      const moved = leaves.map((values, l) => {
        const copy = values.slice();
        if (l === leaf) copy[index] += step;
        return np.array(copy, { shape: shapes[l] });
      });
      return numbers(loss(tree.unflatten(structure, moved) as All))[0];
    };
    eager.map(numbers).forEach((gradient, leaf) => {
      for (const index of new Set([0, gradient.length - 1])) {
        const difference = (at(leaf, index, STEP) - at(leaf, index, -STEP)) / (2 * STEP);
        expect(Math.abs(gradient[index] - difference)).toBeLessThan(DIFFERENCES);
        expect(Math.abs(jitted[leaf][index] - gradient[index])).toBeLessThan(DIFFERENCES);
      }
    });
  });
});

/** Central differences of float64 lose STEP² and 2⁻⁵³ / STEP, times third derivatives and losses of up to about 100. */
const STEP = 2 ** -18;
const DIFFERENCES = 2 ** -24;

test('a function written by hand is held, frozen and proved in float64', () => {
  const bend = policed(leakyRelu(0.1), 'hidden');
  type Weights = { w: np.Array; b: np.Array; v: np.Array };
  const mlp = ({ w, b, v }: Weights, x: np.Array) => np.dot(bend(np.dot(x, w).add(b)), v);
  const weights: Weights = {
    w: random.normal(random.key(2), [2, 16]).astype(np.float64),
    b: np.zeros([16], { dtype: np.float64 }),
    v: random.normal(random.key(3), [16, 2]).astype(np.float64),
  };
  const columns = (array: np.Array) => {
    const [rows, cols] = array.shape;
    const values = numbers(array.ref);
    return matrixFromRows(
      Array.from({ length: cols }, (_, j) => Array.from({ length: rows }, (__, i) => values[i * cols + j])),
    );
  };
  const target = planeDemands.several;
  const held = police(mlp, [triangle], {
    target,
    network: ({ w, b, v }: Weights) =>
      chain(
        2,
        [coreDense(columns(w), numbers(b.ref)), coreLeakyRelu(0.1), coreDense(columns(v), [0, 0])],
        ['in', 'hidden', 'out'],
      ),
  });
  const all = held.withMaps(weights);
  const state = held.init(all);
  const { model, maps, demands: proved } = held.freeze(all, state);
  expect(excessOf(asProved(target), maps[0], triangle)).toBeLessThanOrEqual(proved![0]!.residual + 2 ** -40);
  const rng = seededRng(3);
  const x = matrixFromRows(Array.from({ length: 8 }, () => Array.from(triangle.sample(rng))));
  const outputs = numbers(held.apply(again(all), again(state), toTensor(x, 'float64'))[0]);
  runPlain(model.model, model.params, x).data.forEach((value, i) => {
    expect(Math.abs(value - outputs[i])).toBeLessThan(SLACK);
  });
});

/** By how much more than asked inequalities are met first, 2⁻³² of the map's largest number, for what is rounded. */
const SLACK = 2 ** -32;

describe('refusals', () => {
  const model = sequential([2], [dense(2)]);
  test('hold under jit says where it belongs', async () => {
    const { withMaps, hold } = police(model, [triangle], { target: demands.symmetric() });
    const all = withMaps(model.init(random.key(1)));
    const error = await policeError(() => jit(hold)(all));
    expect([error.code, error.where]).toEqual(['invalid-option', 'hold']);
  });
  test('outputs that are no vector, and `pull`', async () => {
    const image = sequential([2], [dense(4), reshape([2, 2])]);
    const target = demands.symmetric();
    const shaped = await policeError(() => police(image, [triangle], { target }));
    expect([shaped.code, shaped.where]).toEqual(['invalid-option', 'target']);
    const pulled = await policeError(() => police(model, [triangle], { target, pull: 1 } as never));
    expect(pulled.code).toBe('invalid-option');
  });
  test('maps that are not finite', async () => {
    const { withMaps, hold } = patchOf();
    const all = withMaps(model.init(random.key(1)));
    const maps: RegionMap[] = all.maps.map(({ A: a, b }) => ({ A: a.mul(Number.NaN), b }));
    const error = await policeError(() => hold({ ...all, maps }));
    expect(error.code).toBe('not-finite');
  });
  const patchOf = () => police(model, [triangle], { target: demands.symmetric() });
});
