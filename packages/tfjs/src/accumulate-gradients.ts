import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Adjustment, FoundAdjustment } from './frames/adjustment.js';
import { type KeptAdjustments, tensorsOf } from './frames/kept-adjustments.js';
import type { PolicedLayer } from './layer/policed-layer.js';
import { policedLayerOf } from './layer/policed-model.js';

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
  const { adjustments, onTape, end } = layer.beginStep();
  const held = onTape ? heldAdjustments(adjustments) : constantAdjustments(adjustments);
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
          const forward = () => loss(y, layer.callWith(x, held.adjustments));
          const { value, grads } = tf.variableGrads(forward, [...weights, ...held.variables.values()]);
          return { ...grads, [VALUE]: value };
        });
      }
      if (!sums[VALUE]) throw noBatches();
      if (onTape)
        add(() => tf.variableGrads(() => alongAdjustments(onTape(), held, sums, weights), weights).grads);
      const grads = weights.flatMap(({ name }) => (sums[name] ? [{ name, tensor: sums[name] }] : []));
      return { value: sums[VALUE] as tf.Scalar, grads };
    });
    end();
    return gradients;
  } finally {
    tf.dispose([...held.adjustments.values()].map(tensorOf));
  }
}

/**
 * A function of the weights with the gradient that they have through the adjustments: Σ adjustment · dLoss/dremedy. The first weight stands in
 * for connection where all that adjustments depend on is frozen.
 */
function alongAdjustments(
  found: readonly FoundAdjustment[],
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

/** A step's adjustments on the device. */
interface Held {
  readonly adjustments: ReadonlyMap<number, Adjustment>;
  /** By position: the shifts and lifts as variables, so that a micro-batch has a gradient to them. */
  readonly variables: ReadonlyMap<number, tf.Variable>;
}

function heldAdjustments(kept: KeptAdjustments): Held {
  const constant = constantAdjustments(kept).adjustments;
  const variables = new Map(
    [...constant].map(([place, adjustment]) => [place, tf.variable(tensorOf(adjustment))]),
  );
  tf.dispose([...constant.values()].map(tensorOf));
  const adjustments = [...constant].map(([place, adjustment]): [number, Adjustment] => {
    const variable = variables.get(place)!;
    return [
      place,
      adjustment.kind === 'shift'
        ? { ...adjustment, c: variable }
        : { ...adjustment, lift: variable as tf.Tensor as tf.Tensor1D },
    ];
  });
  return { adjustments: new Map(adjustments), variables };
}

const constantAdjustments = (kept: KeptAdjustments): Held => ({
  adjustments: tensorsOf(kept),
  variables: new Map(),
});

const tensorOf = (adjustment: Adjustment | FoundAdjustment): tf.Tensor =>
  adjustment.kind === 'shift' ? adjustment.c : adjustment.lift;

const noBatches = (): PoliceError =>
  new PoliceError({
    code: 'invalid-option',
    where: 'accumulateGradients',
    expected: 'at least one micro-batch',
    actual: 'none',
  });

function assertAccumulates({ graph, settings }: PolicedLayer): void {
  if (settings.target?.[0]) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'accumulateGradients',
      expected: 'a model without a target',
      actual: 'one with it',
      remedy: 'Train on whole batches.',
    });
  }
  const node = graph.nodes.find(each => each.kind === 'affine' && each.adoptStatistics);
  if (!node) return;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: node.layer,
    expected: 'layers that do the same to every micro-batch',
    actual: 'batch normalisation, whose shifts depend on the batch',
    remedy: 'Train on whole batches, or without batch normalisation.',
  });
}
