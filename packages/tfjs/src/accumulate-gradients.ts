import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { type KeptRemedies, tensorsOf } from './kept-remedies.js';
import type { PolicedLayer } from './policed-layer.js';
import { policedLayerOf } from './policed-model.js';
import type { Found, Remedy } from './remedy.js';

/** A sum of losses over micro-batches, and its gradients, as `optimizer.applyGradients` takes them. */
export interface AccumulatedGradients {
  readonly value: tf.Scalar;
  readonly grads: { name: string; tensor: tf.Tensor }[];
}

/**
 * The gradients of one training step on a batch too large for one pass: of the sum of the losses of micro-batches `[x, y]`, one
 * in memory at a time. Shifts depend on the weights only, so the frames go forward twice and backward once, however many micro-batches
 * there are. Regularizers are not in it.
 *
 * Throws `unsupported-layer` for batch normalisation, whose step depends on each micro-batch, `invalid-option` for a
 * model with a `target` or no micro-batch, and what the constrained model throws in training; nothing is kept of the step then.
 *
 * @example
 * const mean = (y, output) => tf.div(tf.losses.meanSquaredError(y, output), batches.length);
 * const { value, grads } = accumulateGradients(policed, batches, mean);
 * optimizer.applyGradients(grads);
 * tf.dispose({ value, grads });
 */
export function accumulateGradients(
  policed: tfl.LayersModel,
  batches: Iterable<readonly [x: tf.Tensor, y: tf.Tensor]>,
  loss: (y: tf.Tensor, output: tf.Tensor) => tf.Scalar,
): AccumulatedGradients {
  const layer = policedLayerOf(policed);
  assertAccumulates(layer);
  const weights = policed.trainableWeights.map(weight => weight.read() as tf.Variable);
  const { remedies, onTape, settle } = layer.beginStep();
  const held = onTape ? heldRemedies(remedies) : constantRemedies(remedies);
  try {
    const gradients = tf.tidy(() => {
      let sums: tf.NamedTensorMap = {};
      const add = (terms: () => tf.NamedTensorMap): void => {
        const next = tf.tidy(() => added(sums, terms()));
        tf.dispose(sums);
        sums = next;
      };
      for (const [x, y] of batches) {
        add(() => {
          const forward = () => loss(y, layer.callWith(x, held.remedies));
          const { value, grads } = tf.variableGrads(forward, [...weights, ...held.variables.values()]);
          return { ...grads, [VALUE]: value };
        });
      }
      if (!sums[VALUE]) throw noBatches();
      if (onTape)
        add(() => tf.variableGrads(() => alongRemedies(onTape(), held, sums, weights), weights).grads);
      const grads = weights.flatMap(({ name }) => (sums[name] ? [{ name, tensor: sums[name] }] : []));
      return { value: sums[VALUE] as tf.Scalar, grads };
    });
    settle();
    return gradients;
  } finally {
    tf.dispose([...held.remedies.values()].map(tensorOf));
  }
}

/**
 * A function of the weights with the gradient that they have through the remedies: Σ remedy · dLoss/dremedy. The first weight stands in
 * for connection where all that remedies depend on is frozen.
 */
function alongRemedies(
  found: readonly Found[],
  { variables }: Held,
  sums: tf.NamedTensorMap,
  [weight]: readonly tf.Variable[],
): tf.Scalar {
  return found.reduce<tf.Scalar>(
    (sum, each) => {
      // A lift that lifts nothing has no gradient.
      const gradient = sums[variables.get(each.place)!.name];
      return gradient ? tf.add(sum, tf.sum(tf.mul(tensorOf(each), gradient))) : sum;
    },
    tf.mul(tf.sum(weight), 0),
  );
}

/** Not a variable's name. */
const VALUE = '';

function added(sums: tf.NamedTensorMap, terms: tf.NamedTensorMap): tf.NamedTensorMap {
  const names = [...new Set([...Object.keys(sums), ...Object.keys(terms)])];
  return Object.fromEntries(
    names.map(name => [
      name,
      sums[name] && terms[name] ? tf.add(sums[name], terms[name]) : tf.clone(terms[name] ?? sums[name]),
    ]),
  );
}

/** A step's remedies on the device. */
interface Held {
  readonly remedies: ReadonlyMap<number, Remedy>;
  /** By position: the shifts and lifts as variables, so that a micro-batch has a gradient to them. */
  readonly variables: ReadonlyMap<number, tf.Variable>;
}

function heldRemedies(kept: KeptRemedies): Held {
  const constant = constantRemedies(kept).remedies;
  const variables = new Map([...constant].map(([place, remedy]) => [place, tf.variable(tensorOf(remedy))]));
  tf.dispose([...constant.values()].map(tensorOf));
  const remedies = [...constant].map(([place, remedy]): [number, Remedy] => {
    const variable = variables.get(place)!;
    return [
      place,
      remedy.kind === 'shift'
        ? { ...remedy, c: variable }
        : { ...remedy, lift: variable as tf.Tensor as tf.Tensor1D },
    ];
  });
  return { remedies: new Map(remedies), variables };
}

const constantRemedies = (kept: KeptRemedies): Held => ({ remedies: tensorsOf(kept), variables: new Map() });

const tensorOf = (remedy: Remedy | Found): tf.Tensor => (remedy.kind === 'shift' ? remedy.c : remedy.lift);

const noBatches = (): PoliceError =>
  new PoliceError({
    code: 'invalid-option',
    where: 'accumulateGradients',
    expected: 'at least one micro-batch',
    actual: 'none',
  });

function assertAccumulates({ graph, settings }: PolicedLayer): void {
  if (settings.target) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'accumulateGradients',
      expected: 'a model without a target',
      actual: 'one with it',
      remedy: 'Train on whole batches.',
    });
  }
  const node = graph.nodes.find(each => each.kind === 'affine' && each.usesBatchStatistics);
  if (!node) return;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: node.layer,
    expected: 'layers that do the same to every micro-batch',
    actual: 'batch normalisation, whose shifts depend on the batch',
    remedy: 'Train on whole batches, or without batch normalisation.',
  });
}
