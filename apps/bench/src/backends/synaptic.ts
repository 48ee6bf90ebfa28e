import { type ConstrainOptions, constrain, freeze, toNetwork } from '@police/synaptic';
import synaptic from 'synaptic';
import type { BenchCase } from '../cases/case.js';
import { regionOf, verticesOf } from '../cases/region.js';
import { widthsOf } from '../cases/seeded.js';
import { layerWork, type Variant, workBound } from '../work.js';
import type { Backend, Contender, Prepared } from './backend.js';
import { plainOneByOne, samples } from './brainjs.js';
import { frameForward } from './core.js';
import { denseWeights } from './core-net.js';
import { rowByRow } from './rows.js';

const REFRESH = 4;
const RATE = 1e-9;

/** Every connection is an object, and each neuron becomes statements of generated code. */
const MOST_CONNECTIONS = 30_000;

/** synaptic: float64, an update after each sample; ReLU, as leaky ones are not among its own functions. */
export const synapticLibrary: Backend = {
  name: 'synaptic',
  roundoff: 2 ** -53,
  speed: () => 1e8,
  batchOf: () => 1,
  refusal: ({ name, model }) => {
    if (model.kind === 'conv') return 'has no convolutions';
    if (name.startsWith('batch/')) return 'trains sample by sample: there is no batch';
    const connections = layerWork(model).reduce((sum, weights) => sum + weights, 0);
    return connections > MOST_CONNECTIONS
      ? 'makes an object of every connection: too many of them'
      : undefined;
  },
  async prepare(spec) {
    return { absent: {}, dispose: () => {}, ...{ train, predict, tools }[spec.task](spec) };
  },
};

function train(spec: BenchCase): Pick<Prepared, 'contenders'> & Partial<Prepared> {
  const regions = [regionOf(spec)];
  const inputs = samples(spec);
  const steps = inputs.length;
  const bound = (variant: Variant) => workBound(spec, variant, { batch: 1 });
  const learn = (net: synaptic.Network) => () => {
    for (const input of inputs) {
      net.activate(input);
      net.propagate(RATE, [0.5]);
    }
  };
  const ours = (name: string, options: Partial<ConstrainOptions>, work: number): Contender => {
    const net = constrain(network(spec), { regions, ...options });
    return { name, run: learn(net), steps, bound: work, evaluate: x => rowByRow(x, runOf(net)) };
  };
  const contenders: Contender[] = [
    { name: 'unconstrained', run: learn(constrain(network(spec), { regions: [] })), steps, bound: 1 },
    ours('ours', {}, bound('ours')),
    ours('local', { gradient: 'local' }, bound('local')),
    ours('project', { mode: 'project' }, bound('project')),
    ours('refresh', { refresh: REFRESH }, bound({ refresh: REFRESH })),
    { name: 'library', run: learn(network(spec)), steps, bound: 1 },
  ];
  const vertices = verticesOf(spec);
  if (typeof vertices === 'string') return { contenders, absent: { plain: vertices } };
  return { contenders: [...contenders, plainOneByOne(spec, vertices, 0, false)] };
}

function predict(spec: BenchCase): Pick<Prepared, 'contenders'> {
  const plain = network(spec);
  const frozen = freeze(constrain(plain, { regions: [regionOf(spec)] })).model;
  const inputs = samples(spec);
  const run = (net: synaptic.Network) => () => {
    for (const input of inputs) net.activate(input);
  };
  const steps = inputs.length;
  return {
    contenders: [
      { name: 'plain model', run: run(plain), steps },
      { name: 'frozen', run: run(frozen), steps, bound: 1, evaluate: x => rowByRow(x, runOf(frozen)) },
    ],
  };
}

function tools(spec: BenchCase): Pick<Prepared, 'contenders'> {
  const regions = [regionOf(spec)];
  const plain = network(spec);
  const policed = constrain(plain, { regions });
  const frozen = freeze(policed).model;
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
function network(spec: BenchCase): synaptic.Network {
  const { model } = spec;
  if (model.kind !== 'dense') throw new Error('only dense nets');
  const net = new synaptic.Architect.Perceptron(...widthsOf(model));
  const { hidden, output } = net.layers;
  for (const layer of hidden) layer.set({ squash: synaptic.Neuron.squash.RELU });
  output.set({ squash: synaptic.Neuron.squash.IDENTITY });
  const weights = denseWeights(spec);
  [...hidden, output].forEach((layer, i) => {
    const { kernel, bias, outSize } = weights[i];
    layer.list.forEach((neuron, j) => {
      neuron.bias = bias[j];
      Object.values(neuron.connections.inputs).forEach((connection, k) => {
        connection.weight = kernel[k * outSize + j];
      });
    });
  });
  return net;
}

const runOf = (net: synaptic.Network) => (x: Float64Array) => net.activate(Array.from(x));
