import type { MaxNode } from '@police/core/adapter';
import type { ModelEdits } from './edits.js';
import type { MaxSite, MaxTerm } from './sites.js';
import { rounderOf } from './tensor.js';
import { entriesOf } from './values.js';

/** An ONNX tensor that the lifts were written into, and the node they are for. */
export interface WrittenLifts {
  readonly kind: 'add' | 'max';
  readonly tensor: string;
  /**
   * Whether the file is not the frozen network to the last bit: a constant with its lift was rounded outwards, or a lift of
   * float64 became an Add, whose bound is a little wider.
   */
  readonly isRounded: boolean;
}

/** Keeps a maximum's winners ahead: an Add before a pool whose windows do not overlap, else further candidates. */
export function writeLifts(edits: ModelEdits, node: MaxNode, site: MaxSite): WrittenLifts {
  return site.pooledDims && isDisjoint(node)
    ? addBefore(edits, node, site)
    : addCandidates(edits, node, site);
}

function isDisjoint({ windows }: MaxNode): boolean {
  return new Set(windows.members).size === windows.members.length;
}

/** `pool(x + lift)`: where no entry is in two windows, a lifted entry is lifted for its window alone. */
function addBefore(edits: ModelEdits, { lifts }: MaxNode, site: MaxSite): WrittenLifts {
  const dims = site.pooledDims!;
  const values = new Float64Array(entriesOf(dims));
  lifts!.winner.forEach((winner, w) => {
    if (winner >= 0) values[winner] = lifts!.lift[w];
  });
  const tensor = edits.addConstant(edits.name(site.node, 'lift'), values, { dims, dtype: site.dtype });
  const output = edits.name(site.node, 'lifted');
  edits.insertBefore(site.node, { opType: 'Add', inputs: [edits.inputOf(site.node, 0), tensor], output });
  edits.setInput(site.node, 0, output);
  return { kind: 'add', tensor, isRounded: site.dtype === 'float64' };
}

/** `max(y, x_winner + lift)`: further inputs of a Max or Min, a Max after a pool. */
function addCandidates(edits: ModelEdits, node: MaxNode, site: MaxSite): WrittenLifts {
  const { winner } = node.lifts!;
  const lifted = site.terms.filter(({ start, size }) =>
    winner.some(entry => entry >= start && entry < start + size),
  );
  const isPool = site.pooledDims !== undefined;
  const insert = isPool ? edits.insertAfter.bind(edits) : edits.insertBefore.bind(edits);
  let [last, isRounded] = ['', false];
  const candidates = lifted.map(term => {
    const values = liftsOf(node, term, site.negated);
    if (term.constant) {
      const raised = raisedConstant(term.constant, values, site);
      isRounded ||= !raised.isExact;
      last = edits.addConstant(edits.name(site.node, 'lifted'), raised.values, site);
      return last;
    }
    last = edits.addConstant(edits.name(site.node, 'lift'), values, site);
    const x = term.isElementwise ? term.tensor : gathered(edits, node, site, term, insert);
    const output = edits.name(site.node, 'lifted');
    insert(site.node, { opType: 'Add', inputs: [x, last], output });
    return output;
  });
  if (isPool) {
    const [output] = edits.graph.node[site.node].output;
    const pooled = edits.name(site.node, 'pooled');
    edits.setOutput(site.node, pooled);
    edits.insertAfter(site.node, { opType: 'Max', inputs: [pooled, ...candidates], output });
  } else {
    for (const candidate of candidates) edits.appendInput(site.node, candidate);
  }
  return { kind: 'max', tensor: last, isRounded };
}

/** A term's lifts for every result: 0 where another term wins or none is lifted, which changes no maximum. */
function liftsOf({ lifts }: MaxNode, { start, size }: MaxTerm, negated: boolean): Float64Array {
  const { winner, lift } = lifts!;
  return lift.map((value, w) => {
    const isHere = winner[w] >= start && winner[w] < start + size;
    return isHere ? (negated ? -value : value) : 0;
  });
}

/**
 * A constant with its lifts, rounded away from what it has to beat: the runtime would round to nearest, which may not do.
 * The only place where what is written is not the frozen network to the last bit, so that what comes after must be frozen
 * anew. `isExact`: nothing was rounded after all.
 */
function raisedConstant(
  constant: Float64Array,
  lifts: Float64Array,
  { dtype }: MaxSite,
): { readonly values: Float64Array; readonly isExact: boolean } {
  const round = rounderOf(dtype);
  let isExact = true;
  const values = constant.map((c, w) => {
    const by = lifts[w];
    if (by === 0) return c;
    const sum = c + by;
    const error = sumError(c, by, sum);
    const sign = Math.sign(by);
    const isShort = (value: number) => (value === sum ? error * sign > 0 : (value - sum) * sign < 0);
    let value = round(sum);
    // One float64 rounding more than enough each time: a few steps reach the next value of a coarser format.
    for (let step = 2 ** -52; isShort(value); step *= 2) {
      value = round(sum + sign * step * (Math.abs(sum) + Number.MIN_VALUE));
    }
    isExact &&= value === sum && error === 0;
    return value;
  });
  return { values, isExact };
}

/** `(a + b) − sum` exactly, for their rounded sum (Knuth's TwoSum). */
function sumError(a: number, b: number, sum: number): number {
  const fromB = sum - a;
  return a - (sum - fromB) + (b - fromB);
}

/** For every window of a pool one of its entries: the winner, where it is lifted. */
function gathered(
  edits: ModelEdits,
  { windows, lifts }: MaxNode,
  { node, dims }: MaxSite,
  { tensor, start, size }: MaxTerm,
  insert: ModelEdits['insertAfter'],
): string {
  const isHere = (entry: number) => entry >= start && entry < start + size;
  const picked = Array.from(lifts!.winner, (winner, w) => {
    if (isHere(winner)) return winner - start;
    return windows.members.subarray(windows.offsets[w], windows.offsets[w + 1]).find(isHere)! - start;
  });
  const name = (part: string) => edits.name(node, part);
  const [indices, shape] = [
    edits.addIntegers(name('winners'), picked),
    edits.addIntegers(name('shape'), [-1, ...dims]),
  ];
  const [flat, entries, shaped] = [name('flat'), name('entries'), name('winning')];
  insert(node, { opType: 'Flatten', inputs: [tensor], output: flat, ints: { axis: 1 } });
  insert(node, { opType: 'Gather', inputs: [flat, indices], output: entries, ints: { axis: 1 } });
  insert(node, { opType: 'Reshape', inputs: [entries, shape], output: shaped });
  return shaped;
}
