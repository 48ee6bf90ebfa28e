import type { Windows } from '@police/core';
import { type Lifts, windowsOf } from '@police/core/adapter';
import * as operators from '@police/core/operators';
import { type Layout, type Shape, sizeOf } from './node.js';
import { inverseOrder, storedOrder } from './values.js';

/** How core numbers the entries and the windows of a maximum: stored one j is `entries[j]`, `windows[j]` of the graph's. */
export interface MaxOrder {
  readonly entries: Int32Array;
  readonly windows: Int32Array;
}

export function maxOrder(inShape: Shape, outShape: Shape, layout: Layout): MaxOrder {
  return {
    entries: storedOrder(inShape, layout),
    // A global maximum has one entry per channel, which has but one order.
    windows: storedOrder(outShape, outShape.length > 1 ? layout : 'natural'),
  };
}

export function storedWindows({ offsets, members }: Windows, order: MaxOrder): Windows {
  const places = inverseOrder(order.entries);
  return windowsOf(
    Array.from(order.windows, w => Array.from(members.subarray(offsets[w], offsets[w + 1]), m => places[m])),
  );
}

export function storedLifts({ winner, lift }: Lifts, order: MaxOrder): Lifts {
  return {
    winner: storedWinners(winner, order),
    lift: Float64Array.from(order.windows, w => lift[w]),
  };
}

/** Winners `[windows]`, −1 for none. */
export function storedWinners(winner: ArrayLike<number>, order: MaxOrder): Int32Array {
  const places = inverseOrder(order.entries);
  return Int32Array.from(order.windows, w => (winner[w] < 0 ? -1 : places[winner[w]]));
}

/** The inverse of `storedLifts`. */
export function lifted({ winner, lift }: Lifts, { entries, windows }: MaxOrder): Lifts {
  const places = inverseOrder(windows);
  return {
    winner: Int32Array.from(places, at => (winner[at] < 0 ? -1 : entries[winner[at]])),
    lift: Float64Array.from(places, at => lift[at]),
  };
}

/** Sides `[count, units]` as core numbers the units. */
export function storedSides(sides: ArrayLike<number>, order: Int32Array): Int8Array {
  const units = order.length;
  return Int8Array.from({ length: sides.length }, (_, i) => sides[i - (i % units) + order[i % units]]);
}

/** From one layout to the other one. */
export function transposition(shape: Shape, to: Layout): operators.Gather {
  const rank = shape.length;
  const axes = Array.from({ length: rank }, (_, i) => i);
  if (to === 'channelsFirst') return operators.transpose(shape, [rank - 1, ...axes.slice(0, -1)]);
  return operators.transpose([shape[rank - 1], ...shape.slice(0, -1)], [...axes.slice(1), 0]);
}

/** Where an axis lies in a stored value. */
export function storedAxis(axis: number, rank: number, layout: Layout): number {
  return layout === 'natural' ? axis : (axis + 1) % rank;
}

/** Blocks that lie one after the other, joined along an axis behind the first. */
export function interleaved(shapes: readonly Shape[], axis: number): operators.Gather {
  const outer = sizeOf(shapes[0].slice(0, axis));
  const index: number[] = [];
  for (let o = 0; o < outer; o++) {
    let start = 0;
    for (const shape of shapes) {
      const run = sizeOf(shape) / outer;
      for (let k = 0; k < run; k++) index.push(start + o * run + k);
      start += sizeOf(shape);
    }
  }
  return operators.gather({ inSize: index.length, index: Int32Array.from(index) });
}
