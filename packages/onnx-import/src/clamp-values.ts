import { broadcastShapes, sameShape } from './broadcast.js';
import type { NodeContext } from './context.js';
import { malformed } from './errors.js';
import { type Data, entriesOf, type Value } from './values.js';

/** What the value of a clamp is where it is not read. */
export interface Unread {
  /** The model's input. */
  readonly input: Data;
  /** What the file says of the result's sizes. */
  readonly declaredShape: readonly number[] | undefined;
}

/** A clamp of the value, or of something of which nothing is known but that it is there. */
export function clampOf(ctx: NodeContext, value: Value | Unread, centre: Value, radius: Value): Value {
  const { builder } = ctx;
  const bounds = broadcastShapes([centre.shape, radius.shape], ctx.label);
  const shape = 'kind' in value ? broadcastShapes([bounds, value.shape], ctx.label) : bounds;
  const declared = 'kind' in value ? undefined : value.declaredShape;
  if (declared && !sameShape(declared, shape)) {
    throw malformed(ctx.label, `a centre and a radius of the declared sizes [${declared}]`, `[${shape}]`);
  }
  const [a, r] = [ctx.broadcast(centre, shape), ctx.broadcast(radius, shape)];
  const reader = [a, r, 'kind' in value ? value : value.input].find(x => x.kind === 'data') as Data;
  const data = (x: Value, part: string): Data =>
    x.kind === 'data' ? x : builder.lifted(x, reader, ctx.part(part));
  const [c, d] = [data(a, 'centre'), data(r, 'radius')];
  const v = 'kind' in value ? data(ctx.broadcast(value, shape), 'value') : opaque(ctx, value.input, c);
  const inputs = [v.node, c.node, d.node] as const;
  return builder.add({ kind: 'clamp', inputs }, ctx.part(), shape, v.dtype);
}

function opaque(ctx: NodeContext, input: Data, like: Data): Data {
  const size = entriesOf(like.shape);
  return ctx.builder.add(
    { kind: 'opaque', inputs: [input.node], size },
    ctx.part('unread'),
    like.shape,
    like.dtype,
  );
}
