import * as tf from '@tensorflow/tfjs-core';
import type { Graph, Shape } from './graph/node.js';
import { type ConstraintSettings, type Found, type Remedy, sharingOf } from './remedy.js';
import { broadcastable } from './shift-op.js';

/** A remedy as numbers, off the tape. */
export type KeptRemedy =
  | { readonly kind: 'shift'; readonly c: Float32Array; readonly shape: Shape; readonly sides: Int8Array }
  | { readonly kind: 'lift'; readonly winner: Int32Array; readonly lift: Float32Array };

/** By position. */
export type KeptRemedies = ReadonlyMap<number, KeptRemedy>;

/** What was found, off the tape. */
export function keptRemedies(
  graph: Graph,
  settings: ConstraintSettings,
  found: readonly Found[],
): KeptRemedies {
  return new Map(
    found.map((each): [number, KeptRemedy] => {
      if (each.kind === 'lift') {
        const { winner, lift } = each.chosen.lifts;
        return [each.place, { kind: 'lift', winner, lift: Float32Array.from(lift) }];
      }
      const sharing = sharingOf(graph, each.place, settings);
      const { shift, sides } = each.shifts;
      return [each.place, { kind: 'shift', c: broadcastable(shift, sharing), shape: each.c.shape, sides }];
    }),
  );
}

/** On the device, for one pass. */
export function tensorsOf(remedies: KeptRemedies): Map<number, Remedy> {
  return new Map(
    [...remedies].map(([place, remedy]): [number, Remedy] => [
      place,
      remedy.kind === 'shift'
        ? { kind: 'shift', c: tf.tensor(remedy.c, [...remedy.shape]) }
        : { kind: 'lift', winner: remedy.winner, lift: tf.tensor1d(remedy.lift) },
    ]),
  );
}

/** Units that are shifted and windows whose winner is lifted. */
export function countShifted(graph: Graph, settings: ConstraintSettings, remedies: KeptRemedies): number {
  return [...remedies].reduce((sum, [place, remedy]) => {
    if (remedy.kind === 'lift') return sum + remedy.winner.reduce((n, winner) => n + Number(winner >= 0), 0);
    const { groups } = sharingOf(graph, place, settings) ?? {};
    if (!groups) return sum + remedy.c.reduce((n, c) => n + Number(c !== 0), 0);
    return sum + groups.reduce((n, group) => n + Number(remedy.c[group] !== 0), 0);
  }, 0);
}
