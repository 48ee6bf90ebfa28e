import type { Policy, PrescribedMap, Region } from '@police/core';
import type { MaxShifts, Shifts } from '@police/core/adapter';
import type * as tf from '@tensorflow/tfjs-core';
import type { ActivationNode, BiasSharing, Graph, MaxNode, Shape } from './graph/node.js';

export interface ConstraintSettings {
  readonly regions: readonly Region[];
  readonly policy: Policy;
  /** Whether the shifts' gradient goes through all earlier layers or only through their own. */
  readonly gradient: 'exact' | 'local';
  /** Whether a convolution's positions share their channel's shift, as they share its bias. */
  readonly sharing: 'per-channel' | 'per-unit';
  /** Distance from the kinks that is kept. */
  readonly margin: number;
  /** How far from affine smooth activations may be. */
  readonly epsilon?: number;
  /** What the outputs are to be on the region. */
  readonly target?: PrescribedMap;
}

/** What a nonlinearity is given to be affine on the regions. */
export type Remedy =
  | { readonly kind: 'shift'; readonly c: tf.Tensor }
  | { readonly kind: 'lift'; readonly winner: Int32Array; readonly lift: tf.Tensor1D };

/** A remedy just found, and what core says of it. */
export type Found = { readonly place: number } & (
  | { readonly kind: 'shift'; readonly c: tf.Tensor; readonly shifts: Shifts }
  | { readonly kind: 'lift'; readonly lift: tf.Tensor1D; readonly chosen: MaxShifts }
);

/** What policy `sticky` keeps of a nonlinearity, by its position: sides, or lifted entries (−1 for none). */
export type Previous = (place: number) => Int8Array | Int32Array;

/** How the units of an activation share their shift, see core's `ShiftSharing`. */
export function sharingOf(
  { nodes, owners }: Graph,
  place: number,
  { sharing }: Pick<ConstraintSettings, 'sharing'>,
): BiasSharing | undefined {
  const owner = owners.get(place);
  if (sharing !== 'per-channel' || owner === undefined) return undefined;
  const source = nodes[owner];
  return source.kind === 'affine' ? source.sharing : undefined;
}

/** Shape of what `sticky` keeps of a nonlinearity. */
export function keptShape(node: ActivationNode | MaxNode, regions: readonly Region[]): Shape {
  const units = node.shape.reduce((product, size) => product * size, 1);
  return node.kind === 'max' ? [units] : [regions.length * node.describe().kinks.length, units];
}
