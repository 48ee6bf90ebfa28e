import { variablesOf } from '@police/common/tfjs';
import type { Matrix } from '@police/core';
import { type ConstrainOptions, constrain, freeze, toNetwork } from '@police/tfjs/all';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { BenchCase } from '../cases/case.js';
import { regionOf, verticesOf } from '../cases/region.js';
import { batchOf } from '../cases/seeded.js';
import { dataWork, type Variant, workBound } from '../work.js';
import { type Backend, type Contender, type Device, type Prepared, Unavailable } from './backend.js';
import { matrixOf, vertexMatrix } from './core-net.js';
import { plainForward } from './plain-tfjs.js';
import { rowsFor, tfjsModel } from './tfjs-model.js';

/** So small that the nets stay what they are. */
const RATE = 1e-9;

const REFRESH = 4;

/** Radii within which shifts fade out. */
const FADE = 0.25;

/** Multiply-adds of a step above which only the main contenders run: the others would take hours. */
const WORK_FOR_VARIANTS = 2e11;

/** Likewise for TensorFlow.js as it ships, which takes up to 20 times as long. */
const WORK_FOR_LIBRARY = 2e10;

/** What sets one backend of TensorFlow.js apart. */
export interface TfjsParts extends Pick<Backend, 'name' | 'host' | 'speed' | 'refusal'> {
  /** Makes it the backend in use. */
  start(): Promise<void>;
  /** What the driver calls the device once started, unless it is the processor. */
  renderer?(): string;
  /** Runs something on TensorFlow.js as it ships, where `start` replaces parts of it. */
  asShipped?(action: () => Promise<void>): Promise<void>;
}

export function tfjsBackend({ start, renderer, asShipped, ...parts }: TfjsParts): Backend {
  return {
    ...parts,
    roundoff: 2 ** -24,
    batchOf: spec => spec.batch,
    async prepare(spec, without) {
      await start();
      const { contenders, absent = {} } = await { train, predict, tools }[spec.task](
        spec,
        without,
        asShipped,
      );
      const dispose = () => tf.disposeVariables();
      return { contenders, absent, profile, dispose, ...(renderer ? { device: deviceOf(renderer()) } : {}) };
    },
  };
}

const deviceOf = (renderer: string): Device => ({
  renderer,
  isSoftware: /swiftshader|llvmpipe|softpipe|lavapipe|basic render/i.test(renderer),
});

export async function use(backend: string): Promise<void> {
  if (!(await tf.setBackend(backend))) throw new Unavailable(`the ${backend} backend does not start here`);
  // Else a profile would keep every output to look for NaN.
  tf.env().set('CHECK_COMPUTATION_FOR_ERRORS', false);
}

type Parts = Pick<Prepared, 'contenders'> & Partial<Prepared>;
type Skipped = ReadonlySet<string>;

function train(spec: BenchCase, without: Skipped, asShipped: TfjsParts['asShipped']): Parts {
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
    const one = () => step(input => policed.apply(input, { training: true }) as tf.Tensor, x, policed);
    const evaluate = evaluator(spec, input => policed.predict(input) as tf.Tensor);
    contenders.push({
      name,
      run: () => repeat(steps, one),
      bound: workBound(spec, variant, { picksRows: spec.model.kind === 'dense' }),
      ...(options.regions.length > 0 ? { evaluate } : {}),
      ...more,
    });
  };
  add('unconstrained', 'unconstrained', { regions: [] });
  add('ours', 'ours', { regions });
  add('fade', 'fade', { regions, fade: FADE });
  add('patch', 'patch', { regions, method: 'patch' });
  add('project', 'project', { regions, mode: 'project' }, { after: biasesKept(model) });
  if (dataWork(spec) > WORK_FOR_VARIANTS) {
    absent.local = absent.refresh = 'left out: a round of all would take minutes';
  } else {
    add('local', 'local', { regions, gradient: 'local' });
    add('refresh', { refresh: REFRESH }, { regions, refresh: REFRESH }, { steps: REFRESH });
  }

  if (asShipped && !without.has('library')) {
    const stock = () => step(input => model.apply(input, { training: true }) as tf.Tensor, x, model);
    if (dataWork(spec) > WORK_FOR_LIBRARY)
      absent.library = 'left out: TensorFlow.js as it ships takes minutes';
    else contenders.push({ name: 'library', run: () => asShipped(stock), bound: 1, rounds: 2 });
  }

  const vertices = verticesOf(spec);
  if (typeof vertices === 'string') return { contenders, absent: { ...absent, plain: vertices } };
  if (without.has('plain')) return { contenders, absent };
  const at = rowsFor(spec, Float32Array.from(vertexMatrix(vertices).data));
  contenders.push({
    name: 'plain',
    run: () => step(input => plainForward(model, input, at), x, model),
    bound: workBound(spec, 'plain'),
    evaluate: evaluator(spec, input => plainForward(model, input, at)),
  });
  return { contenders, absent };
}

/** Forward, backward, and a step of gradient descent on the outputs' mean square. */
async function step(
  forward: (x: tf.Tensor) => tf.Tensor,
  x: tf.Tensor,
  model: tfl.LayersModel,
): Promise<void> {
  const loss = tf.tidy(() => {
    const variables = variablesOf(model);
    const { value, grads } = tf.variableGrads(() => tf.mean(tf.square(forward(x))) as tf.Scalar, variables);
    for (const variable of variables) {
      tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(RATE, grads[variable.name]))));
      grads[variable.name].dispose();
    }
    return value;
  });
  // Waits for the device, and catches a step that went wrong.
  const [value] = await downloaded(loss);
  if (!Number.isFinite(value)) throw new Error('the loss is not finite');
}

/** The values of a tensor, which is disposed of. */
async function downloaded(tensor: tf.Tensor): Promise<Float32Array> {
  const values = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return values;
}

/** Puts the biases back as they are now: projection folds shifts into them, and the contenders share one model. */
function biasesKept(model: tfl.LayersModel): () => void {
  const biases = variablesOf(model).filter(({ shape }) => shape.length === 1);
  const kept = biases.map(bias => tf.clone(bias));
  return () => {
    biases.forEach((bias, i) => {
      tf.tidy(() => bias.assign(tf.add(kept[i], 0)));
    });
  };
}

async function predict(spec: BenchCase): Promise<Parts> {
  // Where every backend can read weights synchronously; they follow the models to the backend they run on.
  const backend = tf.getBackend();
  await use('cpu');
  const model = tfjsModel(spec);
  const policed = constrain(model, { regions: [regionOf(spec)] });
  const frozen = freeze(policed).model;
  await use(backend);
  const x = rowsFor(spec, batchOf(spec));
  const outputs = (of: tfl.LayersModel) => (input: tf.Tensor) =>
    of.predict(input, { batchSize: input.shape[0] }) as tf.Tensor;
  const run = (of: tfl.LayersModel) => async () => void (await downloaded(outputs(of)(x)));
  const contenders = [
    { name: 'plain model', run: run(model) },
    { name: 'frozen', run: run(frozen), bound: 1, evaluate: evaluator(spec, outputs(frozen)) },
  ];
  const constrained = { run: run(policed), bound: 1, evaluate: evaluator(spec, outputs(policed)) };
  return { contenders: [...contenders, { name: 'constrained', ...constrained }] };
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
        run: async () => void (await downloaded(model.predict(x, { batchSize: frame.rows }) as tf.Tensor)),
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

function evaluator(spec: BenchCase, forward: (x: tf.Tensor) => tf.Tensor) {
  return async (points: Matrix): Promise<Matrix> => {
    const y = tf.tidy(() => forward(rowsFor(spec, Float32Array.from(points.data))));
    return matrixOf(await downloaded(y), y.size / points.rows);
  };
}

async function profile(run: () => void | Promise<void>): Promise<{ peakBytes: number; kernels: number }> {
  const { peakBytes, kernels } = await tf.profile(async () => {
    await run();
    return [];
  });
  return { peakBytes, kernels: kernels.length };
}

async function repeat(times: number, run: () => Promise<void>): Promise<void> {
  for (let i = 0; i < times; i++) await run();
}
