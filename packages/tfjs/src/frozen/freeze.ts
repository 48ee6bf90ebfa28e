import {
  type Certified,
  certify,
  type FrozenModel,
  freeze as freezeNetwork,
  type Network,
  PoliceError,
  type Region,
} from '@police/core';
import { provenTargets } from '@police/core/adapter';
import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { freezeFaded } from '../fade/freeze-faded.js';
import { coreView } from '../graph/core-view.js';
import { readGraph } from '../graph/read.js';
import { assertData } from '../layer/data-check.js';
import { type PolicedModel, policedLayerOf } from '../layer/policed-model.js';
import { assertKeepsFloat32 } from '../ops/half-precision.js';
import { type FrozenPatch, freezePatched } from '../patch/freeze-patched.js';
import { type PatchedModel, patchLayerOf } from '../patch/patched-model.js';
import { correctedModel, correctedNetwork } from './frozen-correction.js';
import { plainCopy } from './plain-copy.js';
import { policedView } from './policed-view.js';

/** Of `freeze`: what batch normalisation is calibrated on. */
export interface FreezeOptions {
  /**
   * Data `[rows, ...shape]`, all passed at once: what batch normalisation takes its statistics from, under the constraint. They
   * become those of the constrained model too.
   * @defaultValue the last batches of training
   */
  readonly calibrate?: tf.Tensor | undefined;
}

/**
 * Folds the shifts into the biases and rounds so that the plain model's float32 weights, taken as real numbers, are
 * affine on every region exactly (core's `freeze`), and certifies the model that it returns, as read back. The constrained model
 * is left as it is and can train on.
 *
 * The model has the same topology and layer names. Layers keep their classes, but where no bias can hold a shift (after a sum;
 * per unit of a convolution), or a maximum needs its winners lifted: there `PoliceShifted` and `PoliceLifted` of this package
 * stand around them. Layers without bias get one where it is needed, batch normalisation becomes its factor and offset, and weight
 * constraints, which TensorFlow.js applies whenever weights are written or loaded, are dropped: the weights are final. With a target, it is a
 * functional model of that one and the dense layer `correction` added to its outputs; a demand is proved of it, in `demands`.
 *
 * A model constrained by a patch becomes a functional model of it and, after its outputs, dense layers, ReLUs, a minimum and a maximum.
 * Its report tells the patches; `calibrate` has nothing to do there and is refused.
 */
export function freeze(policed: PatchedModel, options?: FreezeOptions): FrozenPatch;
export function freeze(policed: PolicedModel, options?: FreezeOptions): FrozenModel<tfl.LayersModel>;
export function freeze(
  policed: tfl.LayersModel,
  options?: FreezeOptions,
): FrozenModel<tfl.LayersModel> | FrozenPatch;
export function freeze(
  policed: tfl.LayersModel,
  { calibrate }: FreezeOptions = {},
): FrozenModel<tfl.LayersModel> | FrozenPatch {
  assertKeepsFloat32('freeze');
  const patched = patchLayerOf(policed);
  if (patched) {
    if (calibrate) throw nothingToCalibrate();
    return freezePatched(patched);
  }
  const layer = policedLayerOf(policed);
  if (calibrate) {
    assertData(calibrate, policed.inputs[0].shape, 'freeze calibrate');
    layer.calibrate(calibrate);
  }
  if (layer.constraint.fader) return freezeFaded(layer);
  const { report, ...view } = policedView(layer);
  const { graph, inner } = layer;
  const { regions, target: targets, epsilon } = layer.settings;
  const target = targets?.[0];
  const frozen = freezeNetwork(view.network, regions, { precision: 'float32' });
  const plain = plainCopy({ model: inner, graph, epsilon }, frozen.network, view);
  const network = target ? correctedNetwork(frozen.network, regions[0], target) : frozen.network;
  const model = target ? correctedModel(plain, network) : plain;
  const asRead = coreView(readGraph(model, epsilon)).network;
  const proof = certified(asRead, regions);
  return {
    model,
    network,
    ...provenTargets(asRead, regions, targets),
    get maps() {
      return proof.regions.map(({ map }) => map);
    },
    report,
  };
}

const nothingToCalibrate = (): PoliceError =>
  new PoliceError({
    code: 'invalid-option',
    where: 'freeze calibrate',
    expected: "a model constrained by method 'shift'",
    actual: "one by method 'patch'",
    remedy: 'Leave it out: a patch leaves the statistics of batch normalisation as training took them.',
  });

/** The proof that the weights a model has are affine on the regions. Throws `unsupported-layer`, naming the layer, if they are not affine there. */
function certified(asRead: Network, regions: readonly Region[]): Certified {
  const proof = certify(asRead, regions);
  if (proof.certified) return proof;
  const { layer, unit, region, margin } = proof;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: layer,
    expected: 'a frozen model that is affine on the regions, as read back',
    actual: `unit ${unit} ${-margin} over its kink on region ${region}`,
    remedy:
      'Something changed the weights as they were written: use plain layers, or freeze the core network of toNetwork.',
  });
}
