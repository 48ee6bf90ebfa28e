import { abs, leakyRelu, type PoliceErrorCode, prelu, relu } from '@police/core';
import { type ConstrainOptions, constrain, freeze, toNetwork } from '@police/synaptic';
import synaptic from 'synaptic';
import { describe, expect, test } from 'vitest';
import {
  errorOf,
  perceptron,
  randomSamples,
  runRows,
  square,
  squashes,
  trainOn,
  weightsOf,
} from './helpers.js';

const { Architect, Layer, Network, Neuron, Trainer } = synaptic;
const regions = [square];
const plain = () => perceptron({ widths: [2, 4, 3, 1] });

interface Refusal {
  readonly what: string;
  readonly make: () => synaptic.Network;
  readonly options?: Partial<ConstrainOptions>;
  readonly code: PoliceErrorCode;
  readonly where: string;
  readonly says: string;
}

/** Layers as `connect` wires them, all RELU. */
function wired(connect: (input: synaptic.Layer, hidden: synaptic.Layer, output: synaptic.Layer) => void) {
  const [input, hidden, output] = [2, 3, 1].map(size => new Layer(size).set({ squash: Neuron.squash.RELU }));
  connect(input, hidden, output);
  return new Network({ input, hidden: [hidden], output });
}

const ownSquash: synaptic.Squash = (x, derivate) => (derivate ? 2 : 2 * x);

const refusals: Refusal[] = [
  {
    what: 'an LSTM',
    make: () => new Architect.LSTM(2, 3, 1),
    code: 'unsupported-layer',
    where: 'hidden0',
    says: 'gate',
  },
  {
    what: 'a Hopfield network',
    make: () => new Architect.Hopfield(3),
    code: 'unsupported-layer',
    where: 'constrain',
    says: 'thresholds',
  },
  {
    what: 'a Liquid network',
    make: () => new Architect.Liquid(2, 6, 1, 12, 0),
    code: 'unsupported-layer',
    where: 'hidden0',
    says: 'use a Perceptron', // self-connected or recurrent: its wiring is random
  },
  {
    what: 'gates of one’s own',
    make: () => {
      const network = plain();
      const [first, second] = network.layers.hidden;
      first.list[0].gate(Object.values(second.list[0].connections.inputs)[0]);
      return network;
    },
    code: 'unsupported-layer',
    where: 'hidden0',
    says: 'gates a connection',
  },
  {
    what: 'a self-connected neuron',
    make: () => {
      const network = plain();
      network.layers.hidden[1].list[2].project(network.layers.hidden[1].list[2]);
      return network;
    },
    code: 'unsupported-layer',
    where: 'hidden1',
    says: 'earlier inputs',
  },
  {
    what: 'a connection back',
    make: () => {
      const network = plain();
      network.layers.hidden[1].project(network.layers.hidden[0]);
      return network;
    },
    code: 'unsupported-layer',
    where: 'hidden0',
    says: 'hidden1',
  },
  {
    what: 'connections one to one',
    make: () =>
      wired((input, hidden, output) => {
        input.project(hidden);
        hidden.list[0].project(output.list[0]);
      }),
    code: 'unsupported-layer',
    where: 'output',
    says: '1 of 3',
  },
  {
    what: 'a layer without inputs',
    make: () => wired((input, _hidden, output) => void input.project(output)),
    code: 'unsupported-layer',
    where: 'hidden0',
    says: 'none',
  },
  {
    what: 'a network that is part of another',
    make: () => {
      const network = plain();
      network.project(new Layer(2));
      return network;
    },
    code: 'unsupported-layer',
    where: 'output',
    says: 'out of it',
  },
  {
    what: 'a network that another leads into',
    make: () => {
      const network = plain();
      new Layer(2).project(network.layers.hidden[0]);
      return network;
    },
    code: 'unsupported-layer',
    where: 'hidden0',
    says: 'outside',
  },
  {
    what: 'no layers',
    make: () => new Network({}),
    code: 'unsupported-layer',
    where: 'constrain',
    says: 'input layer',
  },
  {
    what: 'an empty layer',
    make: () => new Network({ input: new Layer(2), hidden: [new Layer(0)], output: new Layer(1) }),
    code: 'unsupported-layer',
    where: 'hidden0',
    says: 'empty',
  },
  {
    what: 'two squashes in a layer',
    make: () => {
      const network = plain();
      network.layers.hidden[0].list[1].squash = Neuron.squash.IDENTITY;
      return network;
    },
    code: 'unsupported-layer',
    where: 'hidden0',
    says: 'several',
  },
  {
    what: 'the library’s default squash at the output',
    make: () => perceptron({ widths: [2, 3, 1], output: squashes.LOGISTIC }),
    code: 'unsupported-activation',
    where: 'output',
    says: 'IDENTITY',
  },
  ...(['LOGISTIC', 'TANH'] as const).map(name => ({
    what: `${name} without epsilon`,
    make: () => perceptron({ widths: [2, 3, 1], hidden: squashes[name] }),
    code: 'unsupported-activation' as const,
    where: 'hidden0',
    says: 'pass epsilon',
  })),
  {
    what: 'a step, with or without epsilon',
    make: () => perceptron({ widths: [2, 3, 1], hidden: squashes.HLIM }),
    options: { epsilon: 0.1 },
    code: 'unsupported-activation',
    where: 'hidden0',
    says: 'A step is not continuous',
  },
  {
    what: 'a function of unknown meaning',
    make: () => perceptron({ widths: [2, 3, 1], hidden: ownSquash }),
    code: 'unsupported-activation',
    where: 'hidden0',
    says: 'activations: new Map',
  },
  ...[leakyRelu(0.1), relu(), abs()].map(meaning => {
    const squash: synaptic.Squash = (x, derivate) => (derivate ? (x > 0 ? 1 : 0.2) : x > 0 ? x : 0.2 * x);
    return {
      what: `a function that is not ${meaning.name}`,
      make: () => perceptron({ widths: [2, 3, 1], hidden: squash }),
      options: { activations: new Map([[squash, meaning]]) },
      code: 'invalid-option' as const,
      where: 'activations (hidden0)',
      says: 'Name the activation',
    };
  }),
  {
    what: 'a wrong derivative',
    ...(() => {
      const squash: synaptic.Squash = (x, derivate) => (derivate ? 1 : Math.abs(x));
      return {
        make: () => perceptron({ widths: [2, 3, 1], hidden: squash }),
        options: { activations: new Map([[squash, abs()]]) },
      };
    })(),
    code: 'invalid-option',
    where: 'activations (hidden0)',
    says: 'derivative',
  },
  {
    what: 'a slope for each unit',
    make: () => perceptron({ widths: [2, 3, 1], hidden: ownSquash }),
    options: { activations: new Map([[ownSquash, prelu([0.1, 0.2, 0.3])]]) },
    code: 'unsupported-activation',
    where: 'hidden0',
    says: 'leakyRelu',
  },
  {
    what: 'activations that are no Map',
    make: plain,
    options: { activations: {} as never },
    code: 'invalid-option',
    where: 'activations',
    says: 'Map',
  },
  ...[Infinity, Number.NaN, null, undefined, '1'].flatMap(value => [
    {
      what: `a weight of ${value}`,
      make: () => {
        const network = plain();
        Object.values(network.layers.output.list[0].connections.inputs)[1].weight = value as number;
        return network;
      },
      code: 'not-finite' as const,
      where: 'output weights',
      says: `${value}`,
    },
    {
      what: `a bias of ${value}`,
      make: () => {
        const network = plain();
        network.layers.hidden[1].list[1].bias = value as number;
        return network;
      },
      code: 'not-finite' as const,
      where: 'hidden1 bias',
      says: `${value}`,
    },
  ]),
];

test.each(refusals)('constrain refuses $what', ({ make, options, code, where, says }) => {
  const error = errorOf(() => constrain(make(), { regions, ...options }));
  expect(error).toMatchObject({ code, where });
  expect(error.message).toContain(says);
});

test('squashes that are piecewise affine in other words are accepted', () => {
  const others: [synaptic.Squash, ReturnType<typeof abs>][] = [
    [(x, derivate) => (derivate ? Math.sign(x) : Math.sqrt(x * x)), abs()],
    [(x, derivate) => (derivate ? (x >= 0 ? 1 : 0.3) : Math.max(x, x * 0.3)), leakyRelu(0.3)],
  ];
  for (const [squash, meaning] of others) {
    const network = perceptron({ widths: [2, 3, 1], hidden: squash });
    expect(toNetwork(network, { activations: new Map([[squash, meaning]]) }).nodes.length).toBe(4);
  }
});

describe('a constrained network', () => {
  const policed = constrain(plain(), { regions });

  test.each<[string, () => unknown]>([
    ['optimize', () => policed.optimize()],
    ['setOptimize(true)', () => policed.setOptimize(true)],
    ['standalone', () => policed.standalone()],
  ])('refuses %s, which would bypass the shift', (_name, use) => {
    expect(errorOf(use)).toMatchObject({ code: 'not-frozen', where: 'optimize' });
    policed.setOptimize(false);
  });

  test('refuses trainAsync', async () => {
    const training = new Trainer(policed).trainAsync(randomSamples(2, 2, 1, 1));
    await expect(training).rejects.toMatchObject({ code: 'not-frozen' });
  });

  test.each<[string, () => unknown]>([
    ['project', () => policed.project()],
    ['gate', () => policed.gate()],
    ['set', () => policed.set()],
  ])('refuses %s', (where, use) => {
    expect(errorOf(use)).toMatchObject({ code: 'unsupported-layer', where });
  });

  test('refuses inputs and targets of the wrong size', () => {
    expect(errorOf(() => policed.activate([1]))).toMatchObject({ code: 'shape', where: 'activate' });
    policed.activate([1, 1]);
    expect(errorOf(() => policed.propagate(0.1, [1, 2]))).toMatchObject({
      code: 'shape',
      where: 'propagate',
    });
  });

  test.each([
    { what: 'input', input: [Number.NaN, 0], target: [0], rate: 0.1, where: 'input' },
    { what: 'target', input: [0, 0], target: [Infinity], rate: 0.1, where: 'output' },
    { what: 'rate', input: [0, 0], target: [0], rate: Number.NaN, where: 'rate' },
  ])('a $what that is not finite changes nothing, and training goes on', ({ input, target, rate, where }) => {
    for (const refresh of [1, 2]) {
      const other = constrain(plain(), { regions, refresh });
      trainOn(other, randomSamples(3, 2, 1, 1), 0.02);
      const before = weightsOf(other);
      other.activate(input);
      expect(errorOf(() => other.propagate(rate, target))).toMatchObject({ code: 'not-finite', where });
      expect(weightsOf(other)).toEqual(before);
      trainOn(other, randomSamples(3, 2, 1, 2), 0.02);
      expect(weightsOf(other).every(Number.isFinite)).toBe(true);
    }
  });

  test.each(['shift', 'project'] as const)('weights that overflow on the region, mode %s', mode => {
    const huge = plain();
    for (const { neuron } of huge.neurons()) {
      for (const connection of Object.values(neuron.connections.inputs)) connection.weight *= 1e200;
    }
    expect(errorOf(() => constrain(huge, { regions, mode }))).toMatchObject({
      code: 'not-finite',
      where: 'hidden1',
    });
    const other = constrain(plain(), { regions, mode });
    for (const { blocks } of other.flat.layers) {
      for (const { weights } of blocks) weights.set(weights.map(w => w * 1e200));
    }
    other.resumeAt(undefined);
    const before = weightsOf(other);
    for (const use of [() => other.activate([0, 0]), () => toNetwork(other), () => freeze(other)]) {
      expect(errorOf(use)).toMatchObject({ code: 'not-finite', where: 'hidden1' });
    }
    expect(weightsOf(other)).toEqual(before);
    other.reset();
    expect(
      runRows(other, { rows: 1, cols: 2, data: Float64Array.of(1, 1) }).data.every(Number.isFinite),
    ).toBe(true);
  });
});

test('a network of the library’s JSON, which writes null for NaN, is refused', () => {
  const json = plain().toJSON();
  json.connections[0].weight = Number.NaN;
  const read = synaptic.Network.fromJSON(JSON.parse(JSON.stringify(json)));
  for (const use of [() => constrain(read, { regions }), () => toNetwork(read)]) {
    expect(errorOf(use)).toMatchObject({ code: 'not-finite', where: 'hidden0 weights' });
  }
});

test('epsilon is checked for toNetwork too', () => {
  expect(errorOf(() => toNetwork(plain(), { epsilon: -1 }))).toMatchObject({
    code: 'invalid-option',
    where: 'epsilon',
  });
});

test('freeze refuses a plain network', () => {
  expect(errorOf(() => freeze(plain()))).toMatchObject({ code: 'unsupported-layer', where: 'freeze' });
});

test('toNetwork refuses what is no network', () => {
  expect(errorOf(() => toNetwork({} as synaptic.Network))).toMatchObject({
    code: 'unsupported-layer',
    where: 'toNetwork',
  });
});
