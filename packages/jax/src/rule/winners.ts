import { lax, numpy as np } from '@jax-js/jax';
import { indicesOf, scalar, type Tensor } from '../arrays.js';
import type { MaxNode } from '../nodes/node.js';
import { atIndex, integer, type TensorBody } from './body.js';
import { anyOf } from './truths.js';

/** What core's `chooseWinners` gives, with a gradient. */
export interface Winners {
  /** Each region's frame values of the windows' winners, `[d + 1, windows]`, without the lift. */
  readonly frames: readonly Tensor[];
  /** By how much the winner is lifted, `[windows]`, and what that adds to every entry, `[windows, size]`. */
  readonly raised: Tensor;
  readonly lift: Tensor;
  /** The lifted entries, `[windows]`; −1 where nothing is lifted. */
  readonly lifted: Tensor;
}

/**
 * Where on every region some entry of a window wins by itself, nothing is lifted. Elsewhere one entry wins on all regions, lifted by the
 * largest lead of another: the entry lifted before (`previous` `[windows]`, −1 for none), or that of the least lift.
 */
export function chooseWinners(
  { members: entriesOf, windowSize, intoWindows }: MaxNode,
  bodies: readonly TensorBody[],
  frames: readonly Tensor[],
  previous: Tensor,
): Winners {
  const count = entriesOf.length / windowSize;
  const members = indicesOf(entriesOf, [count, windowSize]);
  const entries = frames.map(intoWindows); // [d + 1, windows, size]
  const leads = entries.map((x, r) => leadsOf(x.ref, bodies[r], members.ref)); // [windows, a, b]
  const worst = leads.map(lead => np.max(lax.stopGradient(lead.ref), -1)); // [windows, a]
  const wins = worst.map(lead => np.lessEqual(lead.ref, scalar(0, lead.dtype)));
  const isFree = wins.map(win => anyOf(win.ref, -1)).reduce((a, b) => np.logicalAnd(a, b));
  const place = chosenPlace(
    worst.reduce((a, b) => np.maximum(a, b)),
    members.ref,
    previous,
  );
  const needed = largestLead(leads, place.ref);
  const zero = scalar(0, needed.dtype);
  const isLifted = np.logicalAnd(np.logicalNot(isFree.ref), np.greater(needed.ref, zero.ref));
  const raised = np.where(isLifted, needed, zero.ref);
  const winners = entries.map((x, r) => atPlace(x, np.where(isFree.ref, firstOf(wins[r]), place.ref)));
  return {
    frames: winners,
    raised,
    lift: np.where(isAt(place.ref, windowSize), raised.ref.reshape([count, 1]), zero),
    lifted: np.where(isFree, integer(-1), atPlace(members, place)),
  };
}

/** By how much entry b exceeds entry a at most, `[windows, a, b]`; −∞ for an entry itself. */
function leadsOf(entries: Tensor, body: TensorBody, members: Tensor): Tensor {
  const [rows, count, size] = entries.shape;
  const differences = entries.ref
    .reshape([rows, count, 1, size])
    .sub(entries.reshape([rows, count, size, 1]));
  const extent = body.extent(differences.reshape([rows, count * size * size]));
  const hi = extent.extreme(np.zeros([1, count * size * size], { dtype: np.bool }));
  extent.dispose();
  const isItself = np.equal(members.ref.reshape([count, 1, size]), members.reshape([count, size, 1]));
  return np.where(isItself, scalar(Number.NEGATIVE_INFINITY, hi.dtype), hi.reshape([count, size, size]));
}

/** The place `[windows]` of the entry lifted before, or of the least of `needed` `[windows, a]`. */
function chosenPlace(needed: Tensor, members: Tensor, previous: Tensor): Tensor {
  const isPrevious = np.equal(members, previous.reshape([-1, 1]));
  return np.where(anyOf(isPrevious.ref, -1), firstOf(isPrevious), np.argmin(needed, -1));
}

/** The largest lead over the entries at places `[windows]`, on any region, the first of several. */
function largestLead(leads: readonly Tensor[], place: Tensor): Tensor {
  const [count] = leads[0].shape;
  const all = np.concatenate(
    leads.map(lead => atPlace(lead.transpose([2, 0, 1]), place.ref)),
    0,
  ); // [regions · b, windows]
  place.dispose();
  const largest = np.argmax(lax.stopGradient(all.ref), 0, { keepdims: true });
  return atIndex(all, largest).reshape([count]);
}

/** Of values `[..., windows, size]` those at places `[windows]`. */
function atPlace(values: Tensor, place: Tensor): Tensor {
  return np.where(isAt(place, values.shape.at(-1)!), values, np.zeros([], { dtype: values.dtype })).sum(-1);
}

/** Whether an entry `[windows, size]` is at its window's place. */
const isAt = (place: Tensor, size: number): Tensor =>
  np.equal(np.arange(size).reshape([1, size]), place.reshape([-1, 1]));

const firstOf = (condition: Tensor): Tensor => np.argmax(condition.astype(np.int32), -1);
