import {
  type Activation,
  type Enforced,
  type EnforceOptions,
  type EnforceReport,
  enforce,
  type Network,
  prescribeByCorrection,
  type Region,
} from '@police/core';
import { mapNodes } from '@police/core/adapter';
import { widened } from '../frames/constraint.js';
import { maxOrder, storedSides, storedWinners } from '../graph/core-layout.js';
import { type CoreView, coreView } from '../graph/core-view.js';
import type { Graph } from '../graph/node.js';
import { storedOrder } from '../graph/values.js';
import type { PolicedLayer } from '../layer/policed-layer.js';

/** With the correction that makes the outputs what they are to be on the region. */
export function targeted(net: Network, { settings: { regions, target } }: PolicedLayer): Network {
  return target?.[0] ? prescribeByCorrection(net, regions[0], target[0]) : net;
}

/** The constrained network of a layer, but for its target, for what its weights are now. */
export function policedView(layer: PolicedLayer): CoreView & { readonly report: EnforceReport } {
  const view = coreView(layer.graph);
  const sides = coreSides(layer.graph, view, layer.presentSides);
  return { ...view, ...enforcedOn(layer.settings.regions, sides, layer, view) };
}

/** The network of a layer constrained on some regions, with given sides, and the shifts that it took. */
export function enforcedOn(
  regions: readonly Region[],
  sides: NonNullable<EnforceOptions['sides']>,
  { settings: { sharing, margin } }: PolicedLayer,
  { network: net }: CoreView,
): Pick<Enforced, 'network' | 'shifts' | 'report'> {
  const exact = new Map<string, Activation>();
  const wide = mapNodes(net, {
    activation: node => {
      exact.set(node.name, node.activation);
      return { ...node, activation: widened(node.activation, margin) };
    },
  });
  const { shifts, report, ...enforced } = enforce(wide, regions, { policy: 'sticky', sides, sharing });
  const network = mapNodes(enforced.network, {
    activation: node => ({ ...node, activation: exact.get(node.name)! }),
  });
  return { network, shifts, report };
}

/** Sides and winners as core numbers units and windows. */
export function coreSides(
  { nodes }: Graph,
  { layouts }: CoreView,
  sides: Readonly<Record<string, ArrayLike<number>>>,
): Record<string, Int8Array | Int32Array> {
  const found: Record<string, Int8Array | Int32Array> = {};
  nodes.forEach((node, place) => {
    const given = sides[node.name];
    if (!given) return;
    const { input } = layouts[place];
    if (node.kind === 'max') {
      found[node.name] = storedWinners(given, maxOrder(nodes[node.inputs[0]].shape, node.shape, input));
    } else {
      found[node.name] = storedSides(given, storedOrder(node.shape, input));
    }
  });
  return found;
}
