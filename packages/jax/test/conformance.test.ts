import { jit, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import { type FrozenModel, rowOf, type Sides } from '@police/core';
import * as layers from '@police/jax';
import {
  assertFinite,
  dense,
  type Format,
  fromNetwork,
  type Layer,
  type Model,
  type Params,
  type Policed,
  police,
  type State,
  sequential,
  start,
  type Trained,
  toNetwork,
} from '@police/jax';
import { type ConformanceOptions, conformance } from '@police/testing/conformance';
import { randomArray, seededRng } from '@police/testing/helpers';
import { beforeAll, describe, vi } from 'vitest';
import { again, keepOneThread, numbers, ROUNDOFF, runPlain, runPoliced, toTensor } from './helpers.js';

// Every model's steps are compiled, and every look at one is.
vi.setConfig({ hookTimeout: 120_000 });

beforeAll(async () => {
  keepOneThread();
  await start('wasm');
});

/** A constrained model in training: what a user's loop carries. */
interface Training {
  readonly policed: Policed;
  params: Params;
  state: State;
  /** A step of gradient descent, compiled. */
  readonly step: (params: Params, state: State, x: np.Array, target: np.Array) => [np.Array, Params, State];
}

const ACTIVATIONS: Readonly<Record<string, () => Layer>> = {
  relu: () => layers.relu(),
  leakyRelu: () => layers.leakyRelu(0.1),
  prelu: () => layers.prelu(),
  hardTanh: () => layers.hardTanh(),
  elu: () => layers.elu(),
};

const isTraining = (model: Trained | Training): model is Training => 'policed' in model;

function jaxConformance(dtype: Format, activations: readonly string[]): void {
  conformance<Trained, Training>(`jax in ${dtype}`, {
    activations,
    refused: [],
    modes: ['shift'],
    options: ['regions', 'policy', 'mode', 'gradient', 'sharing'],
    entry: 'police',
    isOnDevice: true,
    roundoff: ROUNDOFF[dtype],
    makeModel: ({ widths, activation, seed, gain, weight }) => {
      const model = sequential(
        [widths[0]],
        widths.slice(1).flatMap((units, i) => {
          const layer = dense(units);
          return i < widths.length - 2 ? [layer, ACTIVATIONS[activation]()] : [layer];
        }),
      );
      return { model, params: seededParams(model, seed, gain, dtype, weight) };
    },
    spoil: ({ params }) => {
      const [node] = Object.values(params) as Record<string, np.Array>[];
      node.w = node.w.mul(Number.NaN);
    },
    weightsOf: ({ params }) =>
      Object.values(params).flatMap(node => Object.values(node).flatMap(array => [...numbers(array.ref)])),
    run: (model, x) =>
      isTraining(model)
        ? runPoliced(model.policed, model.params, model.state, x)
        : runPlain(model.model, model.params, x),
    read: model =>
      isTraining(model)
        ? model.policed.toNetwork(model.params, model.state)
        : toNetwork(model.model, model.params),
    constrain: (model, options) => {
      const { regions, ...rest } = (options ?? {}) as ConformanceOptions;
      const policed = police(
        (model && isTraining(model) ? model.policed : model?.model) as Model,
        regions,
        rest as layers.ConstrainOptions,
      );
      const { params } = model;
      return { policed, params: again(params), state: policed.init(params), step: stepOf(policed) };
    },
    raw: ({ policed, params }) => toNetwork(policed.model, params),
    shifts: ({ policed, params, state }) => {
      const [adjustments] = policed.adjustments(again(params), again(state));
      return Object.fromEntries(
        Object.entries(adjustments).map(([name, found]) => [name, numbers(Object.values(found)[0])]),
      );
    },
    sides: ({ state }): Sides =>
      Object.fromEntries(Object.entries(state).map(([name, sides]) => [name, numbers(sides.ref)])),
    train: (training, x, targets, afterStep) => {
      for (let i = 0; i < 2 * x.rows; i++) {
        const row = (of: typeof x) =>
          toTensor({ rows: 1, cols: of.cols, data: rowOf(of, i % x.rows) }, dtype);
        const { step, params, state } = training;
        const [loss, moved, next] = step(again(params), again(state), row(x), row(targets));
        assertFinite(loss, 'loss');
        Object.assign(training, { params: moved, state: next });
        afterStep();
      }
    },
    freeze: ({ policed, params, state }): FrozenModel<Trained> => policed.freeze(params, state),
    write: network => fromNetwork(network, { dtype }),
  });
}

/** A step of gradient descent as users write it; all it is given is used up. */
const stepOf = ({ apply }: Policed): Training['step'] =>
  jit((params: Params, state: State, x: np.Array, target: np.Array): [np.Array, Params, State] => {
    const loss = (given: Params): [np.Array, State] => {
      const [y, next] = apply(given, state, x);
      return [np.square(y.sub(target)).mean(), next];
    };
    const [[value, next], gradient] = valueAndGrad(loss, { hasAux: true })(tree.ref(params));
    const descend = (weight: np.Array, d: np.Array) => weight.sub(d.mul(0.02));
    return [value, tree.map(descend, params, gradient), next];
  });

/** Weights of order `gain` over the root of the inputs, and biases: or all weights the same, and no biases. */
function seededParams(model: Model, seed: number, gain: number, dtype: Format, weight?: number): Params {
  const rng = seededRng(seed);
  const drawn = (size: number, scale: number) =>
    weight === undefined ? randomArray(rng, size, scale) : new Array<number>(size).fill(weight);
  return Object.fromEntries(
    model.nodes.flatMap(({ name, parameters }) => {
      if (parameters.length === 0) return [];
      const arrays = parameters.map(parameter => {
        const [rows = 1, cols = 1] = parameter.shape;
        const isBias = parameter.name === 'b';
        const fixed = parameter.fill ?? (isBias && weight !== undefined ? 0 : undefined);
        const values =
          fixed === undefined
            ? drawn(rows * cols, isBias ? 0.5 : gain * Math.sqrt(3 / rows))
            : new Array<number>(rows * cols).fill(fixed);
        return [
          parameter.name,
          toTensor({ rows, cols, data: Float64Array.from(values) }, dtype).reshape([...parameter.shape]),
        ];
      });
      return [[name, Object.fromEntries(arrays)]];
    }),
  );
}

describe('conformance', () => {
  jaxConformance('float32', ['prelu', 'elu']);
  jaxConformance('float64', ['hardTanh']);
});
