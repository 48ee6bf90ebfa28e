import type { Activation, Policy, Region } from '@police/core';
import type { TrainingSettings } from '@police/core/adapter';
import type { Fader } from '../fade/fader.js';
import type { ActivationNode, BiasSharing, Graph, MaxNode, Shape } from '../graph/node.js';
import { fading } from '../parts/fading.js';
import { type BoundsOfSmoothness, smoothness } from '../parts/smoothness.js';

/** A model and how it is constrained: read and checked once, when `constrain` is called. */
export interface Constraint {
  readonly graph: Graph;
  readonly settings: TrainingSettings;
  /** By position of an activation. */
  readonly sites: ReadonlyMap<number, ShiftSite>;
  /** Where shifts fade out around their regions. */
  readonly fader?: Fader | undefined;
  /** Where smooth activations make the model affine up to an error. */
  readonly boundsOf?: BoundsOfSmoothness | undefined;
}

/** What is fixed about the shifts of one activation. */
export interface ShiftSite {
  readonly policy: Policy;
  /** Core's description with the weights of now, every kink wider by the margin. */
  activation(): Activation;
  /** Units that share one shift. */
  readonly sharing?: BiasSharing | undefined;
  /** Units that share one bias of the layer before, where the two are computed together. */
  readonly biasSharing?: BiasSharing | undefined;
  /** The layer, for errors. */
  readonly where: string;
}

export function constraintOf(graph: Graph, settings: TrainingSettings): Constraint {
  const sites = new Map<number, ShiftSite>();
  graph.nodes.forEach((node, place) => {
    if (node.kind === 'activation') sites.set(place, siteOf(graph, settings, node, place));
  });
  const { regions, fade, epsilon } = settings;
  const fader = fade !== undefined && regions.length > 0 ? fading.get()(regions, fade) : undefined;
  const boundsOf = epsilon === undefined ? undefined : smoothness.get();
  return { graph, settings, sites, fader, boundsOf };
}

function siteOf(graph: Graph, settings: TrainingSettings, node: ActivationNode, place: number): ShiftSite {
  const { nodes, owners, joined } = graph;
  const owner = owners.get(place);
  const [before] = node.inputs;
  const source = joined.has(before) ? nodes[before] : undefined;
  return {
    policy: settings.policy,
    activation: () => widened(node.describe(), settings.margin),
    sharing: sharingOf(graph, place, settings),
    biasSharing: source?.kind === 'affine' ? source.sharing : undefined,
    where: nodes[owner ?? place].layer,
  };
}

/** How the units of an activation share their shift, see core's `ShiftSharing`. */
export function sharingOf(
  { nodes, owners }: Graph,
  place: number,
  { sharing }: Pick<TrainingSettings, 'sharing'>,
): BiasSharing | undefined {
  const owner = owners.get(place);
  if (sharing !== 'per-channel' || owner === undefined) return undefined;
  const source = nodes[owner];
  return source.kind === 'affine' ? source.sharing : undefined;
}

/** The activation with every kink wider by `margin` on both sides: what keeps off it keeps that far off the true one. */
export function widened(activation: Activation, margin: number): Activation {
  if (margin === 0) return activation;
  const kinks = activation.kinks.map(({ lo, hi }) => ({ lo: lo - margin, hi: hi + margin }));
  return { ...activation, kinks };
}

/** Shape of what `sticky` keeps of a nonlinearity. */
export function keptShape(node: ActivationNode | MaxNode, regions: readonly Region[]): Shape {
  const units = node.shape.reduce((product, size) => product * size, 1);
  return node.kind === 'max' ? [units] : [regions.length * node.describe().kinks.length, units];
}
