import { jit, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import { type Matrix, matrix } from '@police/core';
import {
  type ConstrainOptions,
  dense,
  type Layer,
  leakyRelu,
  type Model,
  type Params,
  patch,
  police,
  type State,
  sequential,
  start,
  type WithMaps,
} from '@police/jax';
import { type BenchCase, inputSizeOf } from '../cases/case.js';
import { regionOf } from '../cases/region.js';
import { batchOf, LEAK } from '../cases/seeded.js';
import { type Variant, workBound } from '../work.js';
import type { Backend, Contender, Prepared } from './backend.js';
import { denseWeights } from './core-net.js';

/** So small that the nets stay what they are. */
const RATE = 1e-9;

/** jax-js on WebAssembly: one thread in Node, every step compiled by `jit`. */
export const jaxWasm: Backend = {
  name: 'jax-wasm',
  roundoff: 2 ** -24,
  speed: () => 3e9,
  batchOf: spec => spec.batch,
  refusal: ({ model }) =>
    model.kind === 'conv' ? 'has convolutions, but the case is defined as a TensorFlow.js model' : undefined,
  async prepare(spec, without) {
    await start('wasm');
    return { absent: {}, dispose: () => {}, ...{ train, predict, tools }[spec.task](spec, without) };
  },
};

type Parts = Pick<Prepared, 'contenders'> & Partial<Prepared>;
type Skipped = ReadonlySet<string>;

function train(spec: BenchCase, without: Skipped): Parts {
  const regions = [regionOf(spec)];
  const model = modelOf(spec);
  const contenders: Contender[] = [];
  const add = (name: string, make: () => Contender) => {
    if (!without.has(name)) contenders.push(make());
  };
  const constrained = (name: string, variant: Variant, options: ConstrainOptions) => {
    add(name, () => {
      const { init, apply } = police(model, regions, options);
      const params = paramsOf(spec);
      return {
        ...trained(spec, params, init(params), apply),
        name,
        bound: workBound(spec, variant),
      };
    });
  };
  add('unconstrained', () => {
    const plain: Step = (params, state, x) => [model.apply(params, x), state];
    const { evaluate, ...contender } = trained(spec, paramsOf(spec), {}, plain);
    return { ...contender, name: 'unconstrained', bound: 1 };
  });
  constrained('ours', 'ours', {});
  constrained('local', 'local', { gradient: 'local' });
  add('project', () => {
    const { init, project } = police(model, regions);
    const params = paramsOf(spec);
    const plain: Step = (given, state, x) => [model.apply(given, x), state];
    const [start, state] = project(params, init(params));
    const stepped = trained(spec, start, state, plain, project);
    return { ...stepped, name: 'project', bound: workBound(spec, 'project') };
  });
  add('patch', () => {
    const { init, apply } = patch(model, regions);
    // A pytree like any other, of another structure.
    const start = init(paramsOf(spec)) as unknown as Params;
    const step: Step = (params, state, x) => [apply(params as unknown as WithMaps<Params>, x), state];
    const held = trained(spec, start, {}, step);
    return { ...held, name: 'patch', bound: workBound(spec, 'patch') };
  });
  const absent = {
    plain: 'not written for jax-js',
    refresh: 'training steps are the user’s own: there is none to refresh at',
  };
  return { contenders, absent };
}

type Step = (params: Params, state: State, x: np.Array) => [np.Array, State];

/** Forward, backward, a step of gradient descent on the outputs' mean square and what follows it, in one jitted function. */
function trained(
  spec: BenchCase,
  first: Params,
  sides: State,
  apply: Step,
  finish: (params: Params, state: State) => [Params, State] = (params, state) => [params, state],
): Omit<Contender, 'name'> & Required<Pick<Contender, 'evaluate'>> {
  const x = rowsOf(spec, batchOf(spec));
  const lossOf = (params: Params, state: State, rows: np.Array): [np.Array, State] => {
    const [y, next] = apply(params, state, rows);
    return [np.square(y).mean(), next];
  };
  const step = jit((params: Params, state: State, rows: np.Array): [np.Array, Params, State] => {
    const [[value, next], gradient] = valueAndGrad(lossOf, { hasAux: true })(tree.ref(params), state, rows);
    const moved = tree.map((w: np.Array, d: np.Array) => w.sub(d.mul(RATE)), params, gradient);
    return [value, ...finish(moved, next)];
  });
  const outputs = jit(apply);
  let [params, state] = [first, sides];
  return {
    run: async () => {
      const [value, moved, next] = step(params, state, x.ref);
      [params, state] = [moved, next];
      // Waits for the device, and catches a step that went wrong.
      const [loss] = await value.data();
      if (!Number.isFinite(loss)) throw new Error('the loss is not finite');
    },
    evaluate: points => outputsOf(outputs(tree.ref(params), tree.ref(state), rowsOf(spec, points.data))[0]),
  };
}

function predict(spec: BenchCase): Parts {
  const model = modelOf(spec);
  const params = paramsOf(spec);
  const policed = police(model, [regionOf(spec)]);
  const frozen = policed.freeze(params, policed.init(params)).model;
  const x = rowsOf(spec, batchOf(spec));
  const contender = (of: Model, weights: Params) => {
    const apply = jit(of.apply);
    const outputs = (rows: np.Array) => apply(tree.ref(weights), rows);
    return {
      run: async () => void (await outputs(x.ref).data()),
      evaluate: (points: Matrix) => outputsOf(outputs(rowsOf(spec, points.data))),
    };
  };
  const { run } = contender(model, params);
  return {
    contenders: [
      { name: 'plain model', run },
      { name: 'frozen', bound: 1, ...contender(frozen.model, frozen.params) },
    ],
  };
}

function tools(spec: BenchCase): Parts {
  const regions = [regionOf(spec)];
  const model = modelOf(spec);
  const params = paramsOf(spec);
  const policed = police(model, regions);
  const state = policed.init(params);
  const { rows, cols } = regions[0].frame;
  const frame = rowsOf(spec, new Float32Array(rows * cols).fill(0.5));
  const frozen = policed.freeze(params, state).model;
  const forward = jit(model.apply);
  return {
    contenders: [
      {
        name: 'forward of the frame',
        run: async () => void (await forward(tree.ref(params), frame.ref).data()),
      },
      { name: 'constrain', run: () => tree.dispose(police(model, regions).init(params)) },
      {
        name: 'freeze',
        run: () => tree.dispose(policed.freeze(params, state).model.params),
        evaluate: points => outputsOf(frozen.model.apply(tree.ref(frozen.params), rowsOf(spec, points.data))),
      },
      { name: 'to core', run: () => void policed.toNetwork(params, state) },
    ],
  };
}

/** The case's net: leaky ReLU after every layer but the last. */
function modelOf(spec: BenchCase): Model {
  const weights = denseWeights(spec);
  const layers = weights.flatMap(({ outSize }, i): Layer[] => {
    const affine = dense(outSize, { name: `dense_${i}` });
    return i + 1 < weights.length ? [affine, leakyRelu(LEAK)] : [affine];
  });
  return sequential([inputSizeOf(spec.model)], layers);
}

/** Its seeded weights. */
const paramsOf = (spec: BenchCase): Params =>
  Object.fromEntries(
    denseWeights(spec).map(({ inSize, outSize, kernel, bias }, i) => [
      `dense_${i}`,
      {
        w: np.array(Float32Array.from(kernel), { shape: [inSize, outSize] }),
        b: np.array(Float32Array.from(bias), { shape: [outSize] }),
      },
    ]),
  );

function rowsOf({ model }: BenchCase, data: ArrayLike<number>): np.Array {
  const size = inputSizeOf(model);
  return np.array(Float32Array.from(data), { shape: [data.length / size, size] });
}

async function outputsOf(y: np.Array): Promise<Matrix> {
  const [rows, cols] = y.shape;
  return matrix(rows, cols, Float64Array.from(await y.data()));
}
