import type { Matrix } from '@police/core';
import { type ConstrainOptions, constrain, freeze, toNetwork } from '@police/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { BenchCase } from '../cases/case.js';
import { regionOf, verticesOf } from '../cases/region.js';
import { batchOf } from '../cases/seeded.js';
import { plainForward } from '../plain-police.js';
import { dataWork, type Variant, workBound } from '../work.js';
import type { Backend, Contender, Prepared } from './backend.js';
import { matrixOf } from './core-net.js';
import { rowsFor, tfjsModel } from './tfjs-model.js';

/** So small that the nets stay what they are. */
const RATE = 1e-9;

const REFRESH = 4;

/** Multiply-adds of a step above which only the main contenders run: the others would take hours. */
const WORK_FOR_VARIANTS = 2e11;

/** What sets one backend of TensorFlow.js apart. */
export interface TfjsParts extends Pick<Backend, 'name' | 'speed' | 'refusal'> {
  /** Makes it the backend in use. */
  start(): Promise<void>;
}

export function tfjsBackend({ start, ...parts }: TfjsParts): Backend {
  return {
    ...parts,
    roundoff: 2 ** -24,
    batchOf: spec => spec.batch,
    async prepare(spec, without) {
      await start();
      const { contenders, absent = {} } = { train, predict, tools }[spec.task](spec, without);
      return { contenders, absent, profile, dispose: () => tf.disposeVariables() };
    },
  };
}

export async function use(backend: string): Promise<void> {
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend did not start`);
  // Else a profile would keep every output to look for NaN.
  tf.env().set('CHECK_COMPUTATION_FOR_ERRORS', false);
}

type Parts = Pick<Prepared, 'contenders'> & Partial<Prepared>;
type Skipped = ReadonlySet<string>;

function train(spec: BenchCase, without: Skipped): Parts {
  const regions = [regionOf(spec)];
  const model = tfjsModel(spec);
  const x = rowsFor(spec, batchOf(spec));
  const contenders: Contender[] = [];
  const absent: Record<string, string> = {};

  const add = (
    name: string,
    variant: Variant,
    options: ConstrainOptions,
    more: Partial<Contender> = {},
  ): void => {
    if (without.has(name)) return;
    const policed = constrain(model, options);
    const { steps = 1 } = more;
    const one = () => step(input => policed.apply(input, { training: true }) as tf.Tensor, x, model);
    const evaluate = evaluator(spec, input => policed.predict(input) as tf.Tensor);
    contenders.push({
      name,
      run: () => repeat(steps, one),
      bound: workBound(spec, variant),
      ...(options.regions.length > 0 ? { evaluate } : {}),
      ...more,
    });
  };
  add('unconstrained', 'unconstrained', { regions: [] });
  add('ours', 'ours', { regions });
  add('project', 'project', { regions, mode: 'project' }, { after: biasesKept(model) });
  if (dataWork(spec) > WORK_FOR_VARIANTS) {
    absent.local = absent.refresh = 'left out: a round of all would take minutes';
  } else {
    add('local', 'local', { regions, gradient: 'local' });
    add('refresh', { refresh: REFRESH }, { regions, refresh: REFRESH }, { steps: REFRESH });
  }

  const vertices = verticesOf(spec);
  if (typeof vertices === 'string') return { contenders, absent: { ...absent, plain: vertices } };
  if (without.has('plain')) return { contenders, absent };
  const at = rowsFor(spec, stacked(vertices));
  contenders.push({
    name: 'plain',
    run: () => step(input => plainForward(model, input, at), x, model),
    bound: workBound(spec, 'plain'),
    evaluate: evaluator(spec, input => plainForward(model, input, at)),
  });
  return { contenders, absent };
}

/** Forward, backward, and a step of gradient descent on the outputs' mean square. */
function step(forward: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, model: tfl.LayersModel): void {
  tf.tidy(() => {
    const variables = model.trainableWeights.map(variableOf);
    const { value, grads } = tf.variableGrads(() => tf.mean(tf.square(forward(x))) as tf.Scalar, variables);
    for (const variable of variables) {
      tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(RATE, grads[variable.name]))));
      grads[variable.name].dispose();
    }
    // Waits for the device, and catches a step that went wrong.
    if (!Number.isFinite(value.dataSync()[0])) throw new Error('the loss is not finite');
  });
}

const variableOf = (weight: tfl.LayerVariable): tf.Variable =>
  (weight as unknown as { val: tf.Variable }).val;

/** Puts the biases back as they are now: projection folds shifts into them, and the contenders share one model. */
function biasesKept(model: tfl.LayersModel): () => void {
  const biases = model.trainableWeights.filter(({ shape }) => shape.length === 1).map(variableOf);
  const kept = biases.map(bias => tf.clone(bias));
  return () => {
    biases.forEach((bias, i) => {
      tf.tidy(() => bias.assign(tf.add(kept[i], 0)));
    });
  };
}

function predict(spec: BenchCase): Parts {
  const model = tfjsModel(spec);
  const policed = constrain(model, { regions: [regionOf(spec)] });
  const frozen = freeze(policed).model;
  const x = rowsFor(spec, batchOf(spec));
  const outputs = (of: tfl.LayersModel) => (input: tf.Tensor) =>
    of.predict(input, { batchSize: input.shape[0] }) as tf.Tensor;
  const run = (of: tfl.LayersModel) => () => {
    tf.tidy(() => outputs(of)(x).dataSync());
  };
  return {
    contenders: [
      { name: 'plain model', run: run(model) },
      { name: 'frozen', run: run(frozen), bound: 1, evaluate: evaluator(spec, outputs(frozen)) },
      { name: 'constrained', run: run(policed), bound: 1, evaluate: evaluator(spec, outputs(policed)) },
    ],
  };
}

function tools(spec: BenchCase): Parts {
  const region = regionOf(spec);
  const model = tfjsModel(spec);
  const policed = constrain(model, { regions: [region] });
  const { frame, size } = region;
  const x = rowsFor(spec, new Float32Array(frame.rows * size).fill(0.5));
  const frozen = freeze(policed).model;
  return {
    contenders: [
      {
        name: 'forward of the frame',
        run: () => void tf.tidy(() => (model.predict(x, { batchSize: frame.rows }) as tf.Tensor).dataSync()),
      },
      { name: 'constrain', run: () => void constrain(model, { regions: [region] }) },
      {
        name: 'freeze',
        run: () => void freeze(policed).model.dispose(),
        evaluate: evaluator(spec, input => frozen.predict(input) as tf.Tensor),
      },
      { name: 'to core', run: () => void toNetwork(policed) },
    ],
  };
}

function evaluator(spec: BenchCase, forward: (x: tf.Tensor) => tf.Tensor): (points: Matrix) => Matrix {
  return points => {
    const y = tf.tidy(() => forward(rowsFor(spec, Float32Array.from(points.data))));
    const values = matrixOf(y.dataSync(), y.size / points.rows);
    y.dispose();
    return values;
  };
}

async function profile(run: () => void | Promise<void>): Promise<{ peakBytes: number; kernels: number }> {
  const { peakBytes, kernels } = await tf.profile(() => {
    run();
    return [];
  });
  return { peakBytes, kernels: kernels.length };
}

function repeat(times: number, run: () => void): void {
  for (let i = 0; i < times; i++) run();
}

function stacked(vertices: readonly Float64Array[]): Float32Array {
  const [{ length: size }] = vertices;
  const data = new Float32Array(vertices.length * size);
  vertices.forEach((vertex, p) => {
    data.set(vertex, p * size);
  });
  return data;
}
