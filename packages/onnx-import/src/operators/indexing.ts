import * as operators from '@police/core/operators';
import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import { constantOf, type Data, entriesOf, type Value } from '../values.js';
import { axesOf } from './shape.js';

/** Attributes before operator set 10, inputs from then on. */
export function slice(ctx: NodeContext): Value {
  const x = ctx.value(0);
  const isOld = ctx.opset < 10;
  const list = (name: string, input: number) => (isOld ? ctx.attributes.ints(name) : ctx.integers(input));
  const [starts, ends, axes] = [list('starts', 1), list('ends', 2), list('axes', 3)];
  const steps = isOld ? undefined : ctx.integers(4);
  if (!starts || !ends) throw malformed(ctx.label, 'starts and ends', 'none');
  ctx.claim(entriesOf(x.shape));
  const gather = operators.slice(x.shape, { starts, ends, ...(axes && { axes }), ...(steps && { steps }) });
  return ctx.move(x, gather, 0);
}

/** Gather along one axis by constant indices. */
export function gather(ctx: NodeContext): Value {
  const x = ctx.value(0);
  const indices = ctx.constant(1);
  const [axis] = axesOf(ctx, [ctx.attributes.int('axis', 0)], x.shape.length);
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  ctx.claim(entriesOf(shape));
  const picked = operators.gatherAlong(x.shape, axis, Array.from(indices.data));
  return ctx.move(x, { ...picked, outShape: shape }, 0);
}

/** Attributes before operator set 11, inputs from then on. */
export function pad(ctx: NodeContext): Value {
  const { attributes } = ctx;
  const x = ctx.value(0);
  const rank = x.shape.length;
  const isOld = ctx.opset < 11;
  const given = isOld ? attributes.ints('pads') : ctx.integers(1);
  const fill = (isOld ? attributes.float('value') : ctx.scalar(2)) ?? 0;
  const axes = axesOf(ctx, (isOld ? undefined : ctx.integers(3)) ?? x.shape.map((_, axis) => axis), rank);
  const mode = attributes.string('mode', 'constant');
  if (mode !== 'constant' && mode !== 'reflect' && mode !== 'edge') {
    throw unsupported(ctx.label, 'mode constant, reflect or edge', `'${mode}'`);
  }
  if (given?.length !== 2 * axes.length) throw malformed(ctx.label, `${2 * axes.length} pads`, `[${given}]`);
  const pads = Array.from({ length: 2 * rank }, () => 0);
  axes.forEach((axis, i) => {
    pads[axis] = given[i];
    pads[axis + rank] = given[i + axes.length];
  });
  ctx.claim(entriesOf(x.shape.map((size, axis) => Math.max(0, size + pads[axis] + pads[axis + rank]))));
  for (const amount of pads) ctx.claim(Math.abs(amount));
  return ctx.move(x, operators.pad(x.shape, pads, fill, mode), 0);
}

/** Sizes are an attribute before operator set 13, an input from then on; equal parts where they are missing. */
export function split(ctx: NodeContext, outputs: number): Value[] {
  const x = ctx.value(0);
  const [axis] = axesOf(ctx, [ctx.attributes.int('axis', 0)], x.shape.length);
  const size = x.shape[axis];
  const parts = ctx.attributes.int('num_outputs', outputs);
  const each = Math.ceil(size / parts);
  const sizes =
    (ctx.opset < 13 ? ctx.attributes.ints('split') : ctx.integers(1)) ??
    Array.from({ length: parts }, (_, i) => Math.min(each, size - i * each));
  const total = sizes.reduce((sum, part) => sum + part, 0);
  if (sizes.length !== outputs || total !== size || sizes.some(part => !(part > 0))) {
    throw malformed(ctx.label, `${outputs} parts of the ${size} along axis ${axis}`, `[${sizes}]`);
  }
  ctx.claim(entriesOf(x.shape));
  let start = 0;
  return sizes.map((part, i) => {
    const range = { starts: [start], ends: [start + part], axes: [axis] };
    start += part;
    const shared = x.kind === 'data' && outputs > 1 ? { ...x, exclusive: false } : x;
    return ctx.move(shared, operators.slice(x.shape, range), 0, `${i}`);
  });
}

export function concat(ctx: NodeContext): Value {
  const values = ctx.inputs.map((_, i) => ctx.value(i));
  const [first] = values;
  if (!first) return ctx.value(0);
  const [axis] = axesOf(ctx, [ctx.attributes.int('axis', 1)], first.shape.length);
  const isAlike = (shape: readonly number[]) =>
    shape.length === first.shape.length && shape.every((size, i) => i === axis || size === first.shape[i]);
  if (!values.every(({ shape }) => isAlike(shape))) {
    const shapes = values.map(({ shape }) => `[${shape}]`).join(', ');
    throw malformed(ctx.label, `shapes that differ along axis ${axis} only`, shapes);
  }
  const along = values.reduce((sum, { shape }) => sum + shape[axis], 0);
  const shape = first.shape.map((size, i) => (i === axis ? along : size));
  ctx.claim(2 * entriesOf(shape));
  const joined = oneAfterTheOther(ctx, values);
  const gathered = operators.gather({
    inSize: entriesOf(shape),
    index: interleaved(values, axis),
    outShape: shape,
  });
  return ctx.move(joined, gathered);
}

function oneAfterTheOther(ctx: NodeContext, values: readonly Value[]): Value {
  const data = values.filter(value => value.kind === 'data');
  if (data.length === 0) {
    const entries = values.flatMap(value => (value.kind === 'constant' ? Array.from(value.data) : []));
    return constantOf({ dtype: values[0].dtype, shape: [entries.length], data: Float64Array.from(entries) });
  }
  const nodes = values.map((value, i): Data => {
    const one = value.kind === 'data' ? value : ctx.builder.lifted(value, data[0], ctx.part('constant'));
    return { ...one, exclusive: one.exclusive && ctx.isOnlyReader(i) };
  });
  return { ...ctx.builder.concat(nodes, ctx.part('concat')), dtype: data[0].dtype };
}

/** Where each entry of the concatenation along an axis lies when the tensors lie one after the other. */
function interleaved(values: readonly Value[], axis: number): Int32Array {
  const outer = entriesOf(values[0].shape.slice(0, axis));
  const blocks = values.map(({ shape }) => entriesOf(shape.slice(axis)));
  const starts = blocks.map((_, t) => outer * blocks.slice(0, t).reduce((sum, size) => sum + size, 0));
  const index = new Int32Array(outer * blocks.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (let o = 0; o < outer; o++) {
    blocks.forEach((size, t) => {
      for (let i = 0; i < size; i++) index[at++] = starts[t] + o * size + i;
    });
  }
  return index;
}
