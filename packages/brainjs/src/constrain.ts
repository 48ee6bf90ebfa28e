import { PoliceError } from '@police/core';
import { alreadyConstrained, assertRegionsFit } from '@police/core/adapter';
import { NeuralNetwork, NeuralNetworkGPU, Recurrent, recurrent } from 'brain.js';
import { type AnyNetwork, copyWeights, type NetData } from './flat-layer.js';
import { PolicedNeuralNetwork } from './policed-network.js';
import { activationOf, plainNetwork } from './read.js';
import { type ConstrainOptions, settingsOf } from './settings.js';
import { positional } from './state.js';

/**
 * A copy of the network that trains under the constraint that it is affine on every region. It is a NeuralNetwork:
 * `train`, `trainAsync`, `run`, `test`, `toJSON`, `fromJSON`, CrossValidate work as ever. A network without weights gets
 * them, as ever, from the first training data.
 *
 * brain.js applies its activation to the output layer too, so that layer is constrained like the others.
 *
 * Throws a `PoliceError`: `unsupported-layer` (not a NeuralNetwork), `unsupported-activation`, `shape`, `not-finite`,
 * `invalid-option`. The network given is left as it was.
 *
 * @example
 * const net = constrain(new NeuralNetwork({ activation: 'leaky-relu' }), { regions: [box([0, 0], [1, 1])] });
 * net.train(data);
 * const { model } = freeze(net);
 */
export function constrain<InputType extends NetData = NetData, OutputType extends NetData = NetData>(
  net: NeuralNetwork<InputType, OutputType>,
  options: ConstrainOptions,
): PolicedNeuralNetwork<InputType, OutputType> {
  assertConstrainable(net);
  const settings = settingsOf(options);
  activationOf(net, settings.epsilon); // known, or it throws
  if (net.sizes.length > 0) assertRegionsFit(positional(settings), net.sizes[0]);
  const hasWeights = net.outputLayer > 0;
  if (hasWeights) plainNetwork(net, settings.epsilon); // finite, or it throws

  const policed = new PolicedNeuralNetwork<InputType, OutputType>(net.trainOpts, settings);
  policed.options = { ...net.options };
  policed.sizes = [...net.sizes];
  policed.errorCheckInterval = net.errorCheckInterval;
  policed.inputLookup = net.inputLookup && { ...net.inputLookup };
  policed.inputLookupLength = net.inputLookupLength;
  policed.outputLookup = net.outputLookup && { ...net.outputLookup };
  policed.outputLookupLength = net.outputLookupLength;
  policed._formatInput = net._formatInput;
  policed._formatOutput = net._formatOutput;
  if (hasWeights) {
    policed.initialize();
    copyWeights(net, policed);
    if (policed.regionsAreKnown) policed.shifts; // finite on the regions, or it throws
  }
  return policed;
}

function assertConstrainable(net: unknown): asserts net is AnyNetwork {
  if (net instanceof NeuralNetwork && net.constructor === NeuralNetwork) return;
  if (net instanceof PolicedNeuralNetwork) throw alreadyConstrained();
  const { actual, remedy } = refusal(net);
  throw new PoliceError({
    code: 'unsupported-layer',
    where: 'constrain',
    expected: 'a brain.js NeuralNetwork',
    actual,
    remedy,
  });
}

function refusal(net: unknown): { actual: string; remedy: string } {
  const name = (net as { constructor?: { name?: string } } | null | undefined)?.constructor?.name ?? `${net}`;
  if (net instanceof NeuralNetworkGPU) {
    return {
      actual: 'a NeuralNetworkGPU',
      remedy:
        'Its kernels compute whole layers with no place for a shift. Use NeuralNetwork; new NeuralNetwork().fromJSON(gpu.toJSON()) has the same weights.',
    };
  }
  const recurrentKinds = [Recurrent, ...Object.values(recurrent)] as (abstract new (
    ...args: never[]
  ) => unknown)[];
  if (recurrentKinds.some(kind => net instanceof kind)) {
    return {
      actual: `the recurrent network ${name}`,
      remedy:
        'Its output depends on a whole sequence, of which a region of one input says nothing, and its gates are sigmoid and tanh, which no bias makes affine.',
    };
  }
  return { actual: name, remedy: 'Build a NeuralNetwork, not a subclass, whose own methods would be lost.' };
}
