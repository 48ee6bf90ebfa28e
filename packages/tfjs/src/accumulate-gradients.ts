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
 * model with a `target`, and what the constrained model throws in training.
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
  const { remedies, onTape } = layer.beginStep();
  const held = heldRemedies(remedies);
  try {
    return tf.tidy(() => {
      let sums: tf.NamedTensorMap = {};
      const add = (gradients: () => tf.NamedTensorMap): void => {
        const next = tf.tidy(() => added(sums, gradients()));
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
      if (onTape && held.variables.size > 0) {
        add(() => {
          // Linear in the shifts, with the gradient found for them. The first weight stands in where all that shifts depend on are frozen.
          const through = () =>
            onTape().reduce(
              (sum, found) =>
                tf.add(sum, tf.sum(tf.mul(tensorOf(found), sums[held.variables.get(found.place)!.name]))),
              tf.mul(tf.sum(weights[0]), 0) as tf.Scalar,
            );
          return tf.variableGrads(through, weights).grads;
        });
      }
      const grads = weights.flatMap(({ name }) => (sums[name] ? [{ name, tensor: sums[name] }] : []));
      return { value: sums[VALUE] as tf.Scalar, grads };
    });
  } finally {
    tf.dispose([...held.variables.values()]);
  }
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

/** Remedies whose shifts and lifts are variables, by position, so that a micro-batch has a gradient to them. */
function heldRemedies(kept: KeptRemedies): {
  remedies: ReadonlyMap<number, Remedy>;
  variables: ReadonlyMap<number, tf.Variable>;
} {
  const variables = new Map<number, tf.Variable>();
  const remedies = new Map<number, Remedy>();
  tf.tidy(() => {
    for (const [place, remedy] of tensorsOf(kept)) {
      const variable = tf.variable(remedy.kind === 'shift' ? remedy.c : remedy.lift);
      variables.set(place, variable);
      remedies.set(
        place,
        remedy.kind === 'shift'
          ? { kind: 'shift', c: variable }
          : { ...remedy, lift: variable as tf.Tensor1D },
      );
    }
  });
  return { remedies, variables };
}

const tensorOf = (found: Found): tf.Tensor => (found.kind === 'shift' ? found.c : found.lift);

function assertAccumulates({ graph, settings }: PolicedLayer): void {
  if (settings.target) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'accumulateGradients',
      expected: 'a model without a target',
      actual: 'one with it',
      remedy: 'Add mapPenalty to the loss, or train on whole batches.',
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
