import type { Windows } from '@police/core';
import type { Lifts, MaxNode } from '@police/core/adapter';
import type { OnnxAttribute } from './onnx-proto.js';
import {
  flattened,
  integers,
  type Operation,
  operation,
  perEntry,
  reshaped,
  type Shape,
  sizeOf,
  type Value,
} from './operation.js';
import { maxPoolOf } from './pool-windows.js';

/**
 * The maxima of windows: MaxPool where the windows are those of a pool over the shape at hand, Reshape and ReduceMax
 * for consecutive windows of one length (maxout), else Gather and ReduceMax.
 *
 * Lifts `max(maxᵢ xᵢ, x_winner + lift)`: where every entry is in one window only, an Add before the maximum lifts the
 * winners themselves; else each window's lifted winner is one more candidate, by Gather, Add and Max. Both are exact:
 * where nothing is lifted, 0 is added. Throws `not-frozen`.
 */
export function maxOperation({ name, windows, lifts }: MaxNode, x: Value): Operation {
  if (!lifts?.winner.some(winner => winner >= 0)) return maxima(windows, x);
  if (liftsTheWinnersThemselves(windows, lifts)) {
    const constant = perEntry('lift', liftOfEntries(lifts, sizeOf(x.shape)), x.shape, name);
    return maxima(windows, operation('Add', [x, constant], x.shape));
  }
  const unlifted = maxima(windows, x);
  const { shape } = unlifted;
  const winners = Array.from(lifts.winner, (winner, w) => (winner < 0 ? firstOf(windows, w) : winner));
  const lift = lifts.lift.map((c, w) => (lifts.winner[w] < 0 ? 0 : c));
  const candidates = operation(
    'Add',
    [pick(x, integers('winner', winners, shape), shape), perEntry('lift', lift, shape, name)],
    shape,
  );
  return operation('Max', [unlifted, candidates], shape);
}

function maxima(windows: Windows, x: Value): Operation {
  const pool = maxPoolOf(windows, x.shape);
  if (pool) {
    const { kernel, strides, padding, dilations, outShape } = pool;
    return operation('MaxPool', [x], outShape, [
      ints('kernel_shape', kernel),
      ints('strides', strides),
      ints('pads', padding),
      ints('dilations', dilations),
    ]);
  }
  const { offsets, members } = windows;
  const count = offsets.length - 1;
  const longest = offsets.reduce((most, end, w) => (w > 0 ? Math.max(most, end - offsets[w - 1]) : most), 0);
  const shape = [count, longest];
  if (members.length === count * longest && isAll(members, sizeOf(x.shape))) {
    return largestOfRows(reshaped(x, shape), count);
  }
  // A shorter window repeats its first entry.
  const entries = Array.from({ length: count * longest }, (_, i) => {
    const at = offsets[Math.floor(i / longest)] + (i % longest);
    return at < offsets[Math.floor(i / longest) + 1]
      ? members[at]
      : firstOf(windows, Math.floor(i / longest));
  });
  return largestOfRows(pick(x, integers('windows', entries, shape), shape), count);
}

/** Whether these are all entries in their order. */
function isAll(members: Int32Array, size: number): boolean {
  return members.length === size && members.every((member, i) => member === i);
}

/** `[batch, count, k] → [batch, count]`. */
function largestOfRows(rows: Value, count: number): Operation {
  return operation(
    'ReduceMax',
    [rows],
    [count],
    [ints('axes', [2]), { name: 'keepdims', type: 'int', value: 0 }],
  );
}

/** Entries of the flattened rows, in the shape of their indices. */
function pick(x: Value, index: ReturnType<typeof integers>, shape: Shape): Operation {
  return operation('Gather', [flattened(x), index], shape, [{ name: 'axis', type: 'int', value: 1 }]);
}

function firstOf({ offsets, members }: Windows, window: number): number {
  return members[offsets[window]];
}

/** Whether no entry is in two windows and every lifted one in its own, with no lift below 0. */
function liftsTheWinnersThemselves({ offsets, members }: Windows, { winner, lift }: Lifts): boolean {
  if (new Set(members).size < members.length) return false;
  return winner.every(
    (entry, w) => entry < 0 || (lift[w] >= 0 && members.subarray(offsets[w], offsets[w + 1]).includes(entry)),
  );
}

function liftOfEntries({ winner, lift }: Lifts, size: number): Float64Array {
  const lifts = new Float64Array(size);
  winner.forEach((entry, w) => {
    if (entry >= 0) lifts[entry] = lift[w];
  });
  return lifts;
}

function ints(name: string, value: readonly number[]): OnnxAttribute {
  return { name, type: 'ints', value };
}
