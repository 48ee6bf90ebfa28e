import { constrain } from '@police/synaptic';
import { largestDifference, seededRng } from '@police/testing/helpers';
import synaptic from 'synaptic';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  leaky,
  perceptron,
  randomSamples,
  runRows,
  square,
  squashes,
  trainOn,
  triangle,
  weightsOf,
  withDirectConnections,
} from './helpers.js';

const { Trainer } = synaptic;
const WIDTHS = [2, 7, 6, 2];

afterEach(() => void vi.restoreAllMocks());

/** What the neurons hold, by neuron and by pair of neurons: the order of connections is no part of a network. */
const neuronsOf = (network: synaptic.Network) => {
  const { neurons, connections } = network.toJSON();
  const sorted = [...connections].sort((a, b) => a.from - b.from || a.to - b.to);
  return [...neurons.map(({ bias }) => bias), ...sorted.map(({ weight }) => weight)];
};

describe('without regions it is the library, bit for bit', () => {
  test.each([
    { name: 'RELU, optimised', make: () => perceptron({ widths: WIDTHS }) },
    { name: 'leaky, unoptimised', make: () => perceptron({ widths: WIDTHS, hidden: leaky }) },
    {
      name: 'RELU output',
      make: () => perceptron({ widths: WIDTHS, output: synaptic.Neuron.squash.RELU }),
    },
    { name: 'no hidden layer', make: () => noHidden() },
    { name: 'LOGISTIC, optimised', make: () => perceptron({ widths: WIDTHS, hidden: squashes.LOGISTIC }) },
    {
      name: 'TANH, unoptimised',
      make: () => unoptimised(perceptron({ widths: WIDTHS, hidden: squashes.TANH })),
    },
  ])('$name', ({ make }) => {
    const plain = make();
    const policed = constrain(plain, { regions: [], epsilon: 0.1 });
    for (const { input, output } of randomSamples(200, 2, WIDTHS.at(-1)!, 3)) {
      expect(policed.activate(input)).toEqual(plain.activate(input));
      policed.propagate(0.02, output);
      plain.propagate(0.02, output);
    }
    expect(neuronsOf(policed)).toEqual(neuronsOf(plain));
  });

  test('direct connections: to rounding, for the library sums a neuron’s errors in another order', () => {
    const plain = withDirectConnections();
    const policed = constrain(plain, { regions: [] });
    const samples = randomSamples(50, 2, 2, 3);
    trainOn(plain, samples, 0.02);
    trainOn(policed, samples, 0.02);
    const [found, expected] = [neuronsOf(policed), neuronsOf(plain)];
    // 50 updates of sums of at most 7 terms, on weights of order 1.
    expect(largestDifference(found, expected)).toBeLessThan(50 * 7 * 8 * Number.EPSILON);
    expect(found).not.toEqual(neuronsOf(withDirectConnections()));
  });

  test('a network that the library has optimised and trained is read as trained', () => {
    const plain = perceptron({ widths: WIDTHS });
    trainOn(plain, randomSamples(20, 2, 2, 3), 0.02);
    const policed = constrain(plain, { regions: [] });
    expect(neuronsOf(policed)).toEqual(neuronsOf(plain));
    expect(policed.activate([1, 2])).toEqual(plain.activate([1, 2]));
  });

  test('the default rate is the library’s', () => {
    const [plain, policed] = [0, 1].map(() => constrain(perceptron({ widths: WIDTHS }), { regions: [] }));
    for (const network of [plain, policed]) network.activate([0.1, 0.2]);
    plain.propagate(0.1, [1, 1]);
    policed.propagate(undefined, [1, 1]);
    expect(weightsOf(policed)).toEqual(weightsOf(plain));
  });
});

/** The library's optimised TANH is another formula. */
function unoptimised(network: synaptic.Network): synaptic.Network {
  network.setOptimize(false);
  return network;
}

function noHidden(): synaptic.Network {
  const [input, output] = [new synaptic.Layer(2), new synaptic.Layer(2)];
  input.project(output);
  output.set({ squash: synaptic.Neuron.squash.IDENTITY });
  return new synaptic.Network({ input, hidden: [], output });
}

describe('Trainer', () => {
  const samples = randomSamples(30, 2, 2, 5);

  const optionSets: Record<string, synaptic.TrainOptions> = {
    'rate, iterations': { rate: 0.02, iterations: 5 },
    shuffle: { rate: 0.02, iterations: 5, shuffle: true },
    'rates in turn': { rate: [0.02, 0.01, 0.005], iterations: 6 },
    'a rate function': { rate: iteration => 0.02 / iteration, iterations: 4 },
    'another cost': {
      rate: 0.02,
      iterations: 5,
      cost: (target, output) => Math.abs(target[0] - output[0]),
    },
    'an error to stop at': { rate: 0.02, iterations: 50, error: 0.4 },
    crossValidate: { rate: 0.02, iterations: 6, crossValidate: { testSize: 0.3, testError: 0.01 } },
  };

  test.each(Object.keys(optionSets))('%s: as the library, without regions', name => {
    const results = [
      perceptron({ widths: WIDTHS }),
      constrain(perceptron({ widths: WIDTHS }), { regions: [] }),
    ].map(network => {
      vi.spyOn(Math, 'random').mockImplementation(seededRng(9));
      const { error, iterations } = new Trainer(network).train([...samples], optionSets[name]);
      return { error, iterations, weights: neuronsOf(network) };
    });
    expect(results[1]).toEqual(results[0]);
  });

  test.each(Object.keys(optionSets))('%s: under the constraint', name => {
    const policed = constrain(perceptron({ widths: WIDTHS }), { regions: [square] });
    const before = weightsOf(policed);
    const { iterations } = new Trainer(policed).train([...samples], optionSets[name]);
    expect(iterations).toBeGreaterThan(0);
    expect(weightsOf(policed)).not.toEqual(before);
  });

  test('schedule sees every pass and can stop training', () => {
    const policed = constrain(perceptron({ widths: WIDTHS }), { regions: [triangle] });
    const seen: number[] = [];
    const { iterations } = new Trainer(policed).train([...samples], {
      rate: 0.02,
      iterations: 50,
      schedule: {
        every: 2,
        do: ({ iterations: at }) => {
          seen.push(at);
          return at >= 6;
        },
      },
    });
    expect(iterations).toBe(6);
    expect(seen).toEqual([2, 4, 6]);
  });

  test('crossValidate and test do not disturb training: looking at outputs changes nothing', () => {
    const [looked, plain] = [1, 4]
      .map(refresh => ({ refresh }))
      .flatMap(({ refresh }) =>
        [true, false].map(look => {
          const policed = constrain(perceptron({ widths: WIDTHS }), { regions: [triangle], refresh });
          for (const sample of samples) {
            if (look) new Trainer(policed).test(samples);
            trainOn(policed, [sample], 0.02);
          }
          return weightsOf(policed);
        }),
      );
    expect(looked).toEqual(plain);
  });
});

describe('the constrained network as a synaptic Network', () => {
  const policed = constrain(perceptron({ widths: WIDTHS }), { regions: [square] });
  trainOn(policed, randomSamples(20, 2, 2, 5), 0.02);
  const points = { rows: 3, cols: 2, data: Float64Array.of(0.1, 0.2, -3, 2, 4, 1) };

  test('is one', () => {
    expect(policed).toBeInstanceOf(synaptic.Network);
    expect([policed.inputs(), policed.outputs(), policed.neurons().length]).toEqual([2, 2, 17]);
  });

  test.each(['toJSON', 'clone'])('%s is of the network that activate computes, shifts included', how => {
    const plain = how === 'clone' ? policed.clone() : synaptic.Network.fromJSON(policed.toJSON());
    // The shift is added to the bias first, not to the sum.
    const difference = largestDifference(runRows(plain, points).data, runRows(policed, points).data);
    expect(difference).toBeLessThan(100 * Number.EPSILON);
    expect(plain.optimized).toBeTruthy();
  });

  test('the network given is left as it was', () => {
    const given = perceptron({ widths: WIDTHS });
    const before = JSON.stringify(given.toJSON());
    const trained = constrain(given, { regions: [square], mode: 'project' });
    trainOn(trained, randomSamples(20, 2, 2, 5), 0.02);
    expect(JSON.stringify(given.toJSON())).toBe(before);
  });

  test('clear keeps the weights, reset draws new ones and forgets the sides', () => {
    const other = constrain(perceptron({ widths: WIDTHS }), { regions: [square] });
    trainOn(other, randomSamples(20, 2, 2, 5), 0.02);
    const before = weightsOf(other);
    other.clear();
    expect(weightsOf(other)).toEqual(before);
    other.reset();
    expect(weightsOf(other)).not.toEqual(before);
    const again = constrain(other.clone(), { regions: [square] });
    expect(largestDifference(runRows(again, points).data, runRows(other, points).data)).toBeLessThan(1e-13);
  });
});
