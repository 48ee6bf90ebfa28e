import * as operators from '@police/core/operators';
import { broadcastIndex, broadcastShapes, isIdentity } from '../broadcast.js';
import type { NodeContext } from '../context.js';
import type { BiasSite } from '../sites.js';
import { type Constant, type Data, entriesOf, type Value } from '../values.js';

/** Which entry of a constant each unit of a tensor takes; absent where each takes its own. */
export function groupsOf(constant: Constant, shape: readonly number[]): { groups?: Int32Array } {
  const index = broadcastIndex(constant.shape, shape);
  return isIdentity(index, constant.data.length) ? {} : { groups: index };
}

/** `factor · x` for a factor that is an attribute, in float32 whatever the tensors are. */
export function timesAttribute(ctx: NodeContext, x: Value, factor: number, part?: string): Value {
  const size = entriesOf(x.shape);
  const isHalf = x.dtype === 'float16' || ctx.builder.inputType === 'float16';
  if (!isHalf || x.kind === 'constant') {
    const operator = operators.scale({ factor: [factor], groups: new Int32Array(size) });
    return ctx.affine(x, operator, x.shape, part);
  }
  // Freezing to half precision rounds what tensors store; this matrix nobody stores.
  const count = Int32Array.from({ length: size + 1 }, (_, i) => i);
  const rows = {
    rowStart: count,
    columns: count.subarray(0, size),
    values: new Float64Array(size).fill(factor),
  };
  return ctx.affine(x, operators.sparse({ inSize: size, rows, outShape: x.shape }), x.shape, part);
}

/**
 * `x + c`, or `x − c` where `negated`, c input `input` of the node. The constant becomes the bias of the matrix product
 * before it, if it is that product's alone, else of a node of its own.
 */
export function addConstant(
  ctx: NodeContext,
  x: Data,
  c: Constant,
  { xInput, input, negated }: { xInput?: number; input: number; negated: boolean },
): Value {
  const shape = broadcastShapes([x.shape, c.shape], ctx.label);
  const site: BiasSite = { kind: 'input', node: ctx.node, input, negated, dims: c.shape, dtype: x.dtype };
  const offset = negated ? c.data.map(v => -v) : c.data;
  ctx.claim(entriesOf(shape));
  const { groups } = groupsOf(c, shape);
  const fits = !groups && entriesOf(shape) === entriesOf(x.shape);
  const isOnlyReader = xInput === undefined || ctx.isOnlyReader(xInput);
  const product = fits ? ctx.builder.openProduct(x, isOnlyReader) : undefined;
  if (product) {
    ctx.builder.replaceAffine(x, product.withBias(offset), site);
    return { ...x, shape };
  }
  const spread = ctx.broadcast(x, shape, xInput);
  return ctx.affine(spread, operators.scale({ offset, ...(groups && { groups }) }), shape, undefined, site);
}
