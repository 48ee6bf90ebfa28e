import { type ConstrainOptions, constrain, freeze, toNetwork } from '@police/brainjs';
import { NeuralNetwork } from 'brain.js';
import { type BenchCase, inputSizeOf } from '../cases/case.js';
import { regionOf, verticesOf } from '../cases/region.js';
import { batchOf, LEAK } from '../cases/seeded.js';
import { workBound } from '../work.js';
import type { Backend, Contender, Prepared } from './backend.js';
import { descend, frameForward, meanSquareGradient } from './core.js';
import { coreLayers, denseWeights, matrixOf, vertexMatrix } from './core-net.js';
import { plainBackward, plainForward } from './plain.js';
import { rowByRow } from './rows.js';

type Net = NeuralNetwork<number[], number[]>;

/** Samples in one timed run: brain.js takes one after the other. */
const SAMPLES = 16;
const REFRESH = 4;
const RATE = 1e-9;

/** brain.js 2: float32 weights, plain JavaScript, an update after each sample, leaky ReLU also at the output. */
export const brainjs: Backend = {
  name: 'brainjs',
  roundoff: 2 ** -24,
  speed: () => 1e9,
  batchOf: () => 1,
  refusal: ({ name, model }) => {
    if (model.kind === 'conv') return 'has no convolutions';
    return name.startsWith('batch/') ? 'trains sample by sample: there is no batch' : undefined;
  },
  async prepare(spec) {
    return { absent: {}, dispose: () => {}, ...{ train, predict, tools }[spec.task](spec) };
  },
};

function train(spec: BenchCase): Pick<Prepared, 'contenders'> & Partial<Prepared> {
  const regions = [regionOf(spec)];
  const data = samples(spec).map(input => ({ input, output: [0.5] }));
  const learn = (net: Net) => () =>
    void net.train(data, { iterations: 1, learningRate: RATE, errorThresh: Number.MIN_VALUE });
  const bound = (variant: Parameters<typeof workBound>[1]) =>
    workBound(spec, variant, { batch: 1, policesOutput: true });
  const ours = (name: string, options: Partial<ConstrainOptions>, work: number): Contender => {
    const net = constrain(network(spec), { regions, ...options });
    return { name, run: learn(net), steps: SAMPLES, bound: work, evaluate: x => rowByRow(x, runOf(net)) };
  };
  const contenders: Contender[] = [
    {
      name: 'unconstrained',
      run: learn(constrain(network(spec), { regions: [] })),
      steps: SAMPLES,
      bound: 1,
    },
    ours('ours', {}, bound('ours')),
    ours('local', { gradient: 'local' }, bound('local')),
    ours('project', { mode: 'project' }, bound('project')),
    ours('refresh', { refresh: REFRESH }, bound({ refresh: REFRESH })),
    { name: 'library', run: learn(network(spec)), steps: SAMPLES, bound: 1 },
  ];
  const vertices = verticesOf(spec);
  if (typeof vertices === 'string') return { contenders, absent: { plain: vertices } };
  return { contenders: [...contenders, plainOneByOne(spec, vertices, LEAK, true)] };
}

/** Algorithm 1 with an update after each sample, on arrays: the library has no operation on a block of rows. */
export function plainOneByOne(
  spec: BenchCase,
  vertices: readonly Float64Array[],
  slope: number,
  policesOutput: boolean,
): Contender {
  const operators = coreLayers(spec);
  const layers = operators.map((operator, i) =>
    policesOutput || i + 1 < operators.length ? { operator, slope } : { operator },
  );
  const rows = samples(spec).map(input => matrixOf(input, input.length));
  const at = vertexMatrix(vertices);
  return {
    name: 'plain',
    steps: rows.length,
    bound: workBound(spec, 'plain', { batch: 1, policesOutput }),
    run: () => {
      for (const x of rows) {
        const pass = plainForward(layers, x, at);
        descend(operators, plainBackward(layers, pass, meanSquareGradient(pass.output)));
      }
    },
    evaluate: points => plainForward(layers, points, at).output,
  };
}

function predict(spec: BenchCase): Pick<Prepared, 'contenders'> {
  const plain = network(spec);
  const frozen = freeze(constrain(plain, { regions: [regionOf(spec)] })).model as Net;
  const inputs = samples(spec);
  const run = (net: Net) => () => {
    for (const input of inputs) net.run(input);
  };
  return {
    contenders: [
      { name: 'plain model', run: run(plain), steps: SAMPLES },
      {
        name: 'frozen',
        run: run(frozen),
        steps: SAMPLES,
        bound: 1,
        evaluate: x => rowByRow(x, runOf(frozen)),
      },
    ],
  };
}

function tools(spec: BenchCase): Pick<Prepared, 'contenders'> {
  const regions = [regionOf(spec)];
  const plain = network(spec);
  const policed = constrain(plain, { regions });
  const frozen = freeze(policed).model as Net;
  return {
    contenders: [
      frameForward(spec),
      { name: 'constrain', run: () => void constrain(plain, { regions }) },
      { name: 'freeze', run: () => void freeze(policed), evaluate: x => rowByRow(x, runOf(frozen)) },
      { name: 'to core', run: () => void toNetwork(policed) },
    ],
  };
}

/** The case's net with its seeded weights. */
function network(spec: BenchCase): Net {
  const layers = denseWeights(spec);
  const net: Net = new NeuralNetwork<number[], number[]>({
    inputSize: inputSizeOf(spec.model),
    hiddenLayers: layers.slice(0, -1).map(({ outSize }) => outSize),
    outputSize: 1,
    activation: 'leaky-relu',
    leakyReluAlpha: LEAK,
  });
  net.initialize();
  layers.forEach(({ inSize, outSize, kernel, bias }, i) => {
    net.biases[i + 1].set(bias);
    for (let j = 0; j < outSize; j++)
      for (let k = 0; k < inSize; k++) net.weights[i + 1][j][k] = kernel[k * outSize + j];
  });
  return net;
}

const runOf = (net: Net) => (x: Float64Array) => net.run(Array.from(x)) as ArrayLike<number>;

/** The first rows of the case's data. */
export function samples(spec: BenchCase): number[][] {
  const size = inputSizeOf(spec.model);
  const data = batchOf({ ...spec, batch: SAMPLES });
  return Array.from({ length: SAMPLES }, (_, i) => Array.from(data.subarray(i * size, (i + 1) * size)));
}
