import { certify, type FrozenModel, type GapBody, type Network, PoliceError } from '@police/core';
import { provenTargets } from '@police/core/adapter';
import type * as tfl from '@tensorflow/tfjs-layers';
import { coreView } from '../graph/core-view.js';
import { readGraph } from '../graph/read.js';
import type { PatchLayer } from './patch-layer.js';
import { patchedNetwork } from './patched-network.js';
import { plainModel } from './plain-model.js';

/** What a patch is at the end of training. */
export interface PatchReport {
  /** In the order of the regions. */
  readonly patches: readonly {
    /** K `[out]`: as asked, or what keeps it off the regions before. */
    readonly steepness: Float64Array;
    /** Where the model is the region's map: the region, or a body around it. */
    readonly body: GapBody;
  }[];
}

/** What `freeze` gives for a model constrained by a patch. */
export interface FrozenPatch extends Omit<FrozenModel<tfl.LayersModel>, 'report'> {
  readonly report: PatchReport;
}

/** The model as a network: what core cannot read of it is a node of which nothing is known. */
export const networkOf = (model: tfl.LayersModel): Network =>
  patchedNetwork(model, undefined) ?? coreView(readGraph(model)).network;

/** See `freeze`. */
export function freezePatched(layer: PatchLayer): FrozenPatch {
  const model = plainModel(layer);
  const network = networkOf(model);
  const proof = certify(network, layer.settings.regions);
  if (!proof.certified) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: proof.layer,
      expected: 'a frozen model that is affine on the regions, as read back',
      actual: `unit ${proof.unit} ${-proof.margin} off on region ${proof.region}`,
      remedy:
        'The maps have grown too large beside the regions: lower the learning rate, or scale the inputs.',
    });
  }
  return {
    model,
    network,
    ...provenTargets(network, layer.settings.regions, layer.settings.target),
    get maps() {
      return proof.regions.map(({ map }) => map);
    },
    report: {
      patches: layer.patches.map(patch => ({ steepness: patch.presentSteepness(), body: patch.gap.body })),
    },
  };
}
