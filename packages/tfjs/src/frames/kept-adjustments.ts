import * as tf from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../graph/node.js';
import type { Adjustment, FoundAdjustment } from './adjustment.js';
import type { Constraint } from './constraint.js';
import { broadcastable } from './shift-op.js';

/** An adjustment as numbers, off the tape. */
export type KeptAdjustment =
  | { readonly kind: 'shift'; readonly c: Float32Array; readonly shape: Shape; readonly sides: Int8Array }
  | { readonly kind: 'lift'; readonly winner: Int32Array; readonly lift: Float32Array };

/** By position. */
export type KeptAdjustments = ReadonlyMap<number, KeptAdjustment>;

/** What was found, off the tape. */
export function keptAdjustments(
  { graph, sites }: Constraint,
  found: readonly FoundAdjustment[],
): KeptAdjustments {
  return new Map(
    found.map((each): [number, KeptAdjustment] => {
      if (each.kind === 'lift') {
        const { winner, lift } = each.chosen.lifts;
        return [each.place, { kind: 'lift', winner, lift: Float32Array.from(lift) }];
      }
      const { shift, sides } = each.shifts;
      const { sharing } = sites.get(each.place)!;
      const units = sizeOf(graph.nodes[each.place].shape);
      const c = Float32Array.from(
        blocksOf(shift, units).flatMap(block => Array.from(broadcastable(block, sharing))),
      );
      return [each.place, { kind: 'shift', c, shape: each.c.shape, sides }];
    }),
  );
}

/** On the device, for one pass. */
export function tensorsOf(adjustments: KeptAdjustments): Map<number, Adjustment> {
  return new Map(
    [...adjustments].map(([place, adjustment]): [number, Adjustment] => [
      place,
      adjustment.kind === 'shift'
        ? { kind: 'shift', c: tf.tensor(adjustment.c, [...adjustment.shape]) }
        : { kind: 'lift', winner: adjustment.winner, lift: tf.tensor1d(adjustment.lift) },
    ]),
  );
}

/** Where shifts fade, each region has a block of its own. */
const blocksOf = <T extends Float32Array | Float64Array>(values: T, size: number): T[] =>
  Array.from({ length: values.length / size }, (_, r) => values.slice(r * size, (r + 1) * size) as T);

/** Each unit's shift `[units]`, by name of the activation; where shifts fade, of each region one after the other. */
export function shiftsByName(
  { graph, sites }: Constraint,
  adjustments: KeptAdjustments,
): Record<string, Float64Array> {
  const shifts: Record<string, Float64Array> = {};
  for (const [place, { sharing }] of sites) {
    const { name, shape } = graph.nodes[place];
    const adjustment = adjustments.get(place);
    const units = sizeOf(shape);
    const blocks =
      adjustment?.kind === 'shift'
        ? blocksOf(adjustment.c, sharing ? sizeOf(sharing.shape) : units)
        : [new Float32Array(units)];
    shifts[name] = Float64Array.from(
      blocks.flatMap(c => Array.from({ length: units }, (_, j) => c[sharing ? sharing.groups[j] : j])),
    );
  }
  return shifts;
}

/** Units that are shifted and windows whose winner is lifted. */
export function countShifted(constraint: Constraint, adjustments: KeptAdjustments): number {
  const shifts = Object.values(shiftsByName(constraint, adjustments));
  const shifted = shifts.reduce((sum, units) => sum + units.reduce((n, c) => n + Number(c !== 0), 0), 0);
  return [...adjustments.values()].reduce(
    (sum, each) =>
      each.kind === 'lift' ? sum + each.winner.reduce((n, winner) => n + Number(winner >= 0), 0) : sum,
    shifted,
  );
}
