import type { Windows } from '@police/core';
import { type Lifts, windowsOf } from '@police/core/adapter';
import * as operators from '@police/core/operators';
import { LARGER, SMALLER } from '../arithmetic.js';
import { broadcastShapes, withoutBatch } from '../broadcast.js';
import type { NetworkBuilder, TakenMax } from '../builder.js';
import type { NodeContext } from '../context.js';
import type { MaxTerm } from '../sites.js';
import { type Constant, type Data, entriesOf, type Value } from '../values.js';
import { clipped } from './activations.js';
import { foldTwo } from './arithmetic.js';
import { type Raised, raisedEntries, sourceOf } from './candidates.js';

export const max = (ctx: NodeContext): Value => extremum(ctx, false);
export const min = (ctx: NodeContext): Value => extremum(ctx, true);

/** The elementwise maximum of affine terms; the minimum is −max(−x). */
function extremum(ctx: NodeContext, negated: boolean): Value {
  const values = ctx.inputs.map((_, i) => ctx.float(i));
  const [first] = values;
  if (!first) return ctx.value(0);
  if (values.length === 1) return ctx.reshaped(first, first.shape, 0);
  const constants = values.filter(value => value.kind === 'constant');
  const data = values.filter(value => value.kind === 'data');
  const folded = foldAll(ctx, constants, negated);
  if (data.length === 0) return folded!;
  const shape = broadcastShapes(
    values.map(value => value.shape),
    ctx.label,
  );
  const bound = folded && uniform(folded);
  if (bound !== undefined && data.length === 1 && entriesOf(shape) === entriesOf(data[0].shape)) {
    const input = values.findIndex(value => value.kind === 'data');
    const none = Number.POSITIVE_INFINITY;
    const cut = negated ? clipped(ctx, -none, bound, input) : clipped(ctx, bound, none, input);
    return ctx.reshaped(cut, shape);
  }
  return maxOf(ctx, values, folded, shape, negated);
}

function foldAll(ctx: NodeContext, constants: readonly Constant[], negated: boolean): Constant | undefined {
  const [first, ...rest] = constants;
  return rest.reduce<Constant | undefined>(
    (so, next) => so && foldTwo(ctx, so, next, negated ? SMALLER : LARGER),
    first,
  );
}

function uniform({ data }: Constant): number | undefined {
  return data.every(v => v === data[0]) ? data[0] : undefined;
}

/** What competes for the results: entries of some nodes, one after the other. */
class Contest {
  readonly blocks: Data[] = [];
  readonly terms: MaxTerm[] = [];
  readonly lifts: Lifts;
  entries = 0;
  readonly #members: number[][];
  readonly #builder: NetworkBuilder;
  /** Of each entry: the node and the place there that it comes from. */
  readonly #sources: string[] = [];

  constructor(builder: NetworkBuilder, size: number) {
    this.#builder = builder;
    this.lifts = { winner: new Int32Array(size).fill(-1), lift: new Float64Array(size) };
    this.#members = Array.from({ length: size }, () => []);
  }

  get windows(): Windows {
    return windowsOf(this.#members);
  }

  /** Adds a term whose entries compete for the results one by one. */
  addTerm(term: Data, tensor: string, constant?: Float64Array): void {
    const size = this.#members.length;
    this.#members.forEach((list, w) => {
      list.push(this.entries + w);
    });
    this.#add(term, size, [{ tensor, start: 0, size, isElementwise: true, ...(constant && { constant }) }]);
  }

  /** Adds all that an inner maximum chose from. */
  addInner(input: Data, { windows, lifts, site, units }: TakenMax): void {
    const { offsets, members } = windows;
    this.#members.forEach((list, w) => {
      for (let m = offsets[w]; m < offsets[w + 1]; m++) list.push(this.entries + members[m]);
      if (lifts && lifts.winner[w] >= 0) this.#lift(w, this.entries + lifts.winner[w], lifts.lift[w]);
    });
    this.#add(input, units, site.terms);
  }

  /**
   * Takes `x[entries[w]] + offset[w]` as lifts, which they are if every x[entries[w]] competes for result w anyway: a
   * negative one changes nothing. Says whether they are.
   */
  takeLifts({ node, entries, offset }: Raised): boolean {
    const found = this.#members.map((list, w) => {
      const source = sourceName(node, entries[w]);
      return list.find(entry => this.#sources[entry] === source) ?? -1;
    });
    const fits = found.every((entry, w) => {
      const before = this.lifts.winner[w];
      return entry >= 0 && (offset[w] <= 0 || before < 0 || before === entry);
    });
    if (!fits) return false;
    found.forEach((entry, w) => {
      if (offset[w] > 0) this.#lift(w, entry, Math.max(offset[w], this.lifts.lift[w]));
    });
    return true;
  }

  #lift(w: number, winner: number, by: number): void {
    this.lifts.winner[w] = winner;
    this.lifts.lift[w] = by;
  }

  #add(block: Data, size: number, terms: readonly MaxTerm[]): void {
    const { node, entries } = sourceOf(this.#builder, block.node, size);
    for (const entry of entries) this.#sources.push(sourceName(node, entry));
    this.blocks.push(block);
    this.terms.push(...terms.map(term => ({ ...term, start: this.entries + term.start })));
    this.entries += size;
  }
}

function sourceName(node: string, entry: number): string {
  return `${entry} of ${node}`;
}

/**
 * One core node for a Max, together with a maximum inside it that nothing else reads: alone that one may have no winner
 * where both have one. Terms that are other terms plus constants are those terms' lifts, as `writeBack` writes them.
 */
function maxOf(
  ctx: NodeContext,
  values: readonly Value[],
  constant: Constant | undefined,
  shape: readonly number[],
  negated: boolean,
): Value {
  const { builder } = ctx;
  const size = entriesOf(shape);
  ctx.claim(8 * size * values.length);
  const contest = new Contest(builder, size);
  const raised: { term: Data; tensor: string; entries: Raised }[] = [];
  values.forEach((value, i) => {
    if (value.kind === 'constant') return;
    const isItsOwn = value.exclusive && ctx.isOnlyReader(i) && entriesOf(value.shape) === size;
    const inner = isItsOwn && !negated ? builder.takeMax(value) : undefined;
    if (inner) {
      contest.addInner({ ...value, node: inner.input, shape: [inner.units], exclusive: false }, inner);
      return;
    }
    const term = ctx.broadcast(value, shape, i) as Data;
    const entries = raisedEntries(builder, term.node);
    if (entries) raised.push({ term, tensor: ctx.tensors[i], entries });
    else contest.addTerm(term, ctx.tensors[i]);
  });
  const sign = negated ? -1 : 1;
  for (const { term, tensor, entries } of raised) {
    const offset = entries.offset.map(c => sign * c);
    if (!contest.takeLifts({ ...entries, offset })) contest.addTerm(term, tensor);
  }
  if (constant) {
    // All constants are one term: apart they would be rivals, and where they are equal neither would win.
    const { data } = ctx.broadcast(constant, shape) as Constant;
    const spread = { ...constant, shape, data };
    contest.addTerm(builder.lifted(spread, contest.blocks[0], ctx.part('constant')), '', data);
  }
  const { lifts, windows, terms } = contest;
  const all = builder.concat(contest.blocks, ctx.part('terms'));
  const x = negated ? (minus(ctx, all, [contest.entries], 'negated') as Data) : all;
  const isLifted = lifts.winner.some(winner => winner >= 0);
  const max = { windows, ...(isLifted && { lifts }) };
  const format = { dims: withoutBatch(shape), dtype: all.dtype };
  const site = { node: ctx.node, negated, terms, ...format };
  const result = builder.max(x, max, shape, ctx.part(negated ? 'max' : undefined), site);
  return negated ? minus(ctx, result, shape) : result;
}

function minus(ctx: NodeContext, x: Value, shape: readonly number[], part?: string): Value {
  const groups = new Int32Array(entriesOf(shape));
  return ctx.affine(x, operators.scale({ factor: [-1], groups }), shape, part);
}
