import { dense, matrix } from '@police/core';
import * as operators from '@police/core/operators';
import type { NodeContext } from '../context.js';
import { malformed, unsupported } from '../errors.js';
import type { BiasSite, WeightSite } from '../sites.js';
import { isFloat } from '../tensor.js';
import { type Constant, entriesOf, type Value } from '../values.js';
import { addConstant, timesAttribute } from './offset.js';

/** A bias one value per row of the weight, and where it is stored. */
interface RowBias {
  readonly values: Float64Array;
  readonly site: BiasSite;
}

/** `[rows, cols]` → `[cols, rows]`. */
function transposed(data: Float64Array, rows: number, cols: number): Float64Array {
  return Float64Array.from({ length: data.length }, (_, i) => data[(i % rows) * cols + Math.floor(i / rows)]);
}

/** `X Wᵀ + b` for X `[rows, K]`, W `[M, K]`, b `[M]`; one row is a dense layer, more share weights and bias. */
function rowsTimes(
  ctx: NodeContext,
  x: Value,
  weight: Float64Array,
  [rows, K, M]: readonly [number, number, number],
  shape: readonly number[],
  stored: WeightSite,
  bias?: RowBias,
): Value {
  const site = bias?.site ?? after(ctx, x, [M]);
  if (rows === 1) {
    return ctx.affine(x, dense(matrix(M, K, weight), bias?.values), shape, undefined, site, stored);
  }
  ctx.claim(4 * rows * (K + M));
  const product = operators.conv({
    inShape: [K, rows],
    weight,
    weightShape: [M, K, 1],
    ...(bias && { bias: bias.values }),
  });
  const operator = operators.permuted(product, {
    inputs: operators.transpose([rows, K], [1, 0]),
    outputs: operators.transpose([M, rows], [1, 0]),
  });
  return ctx.affine(x, operator, shape, undefined, site, stored);
}

/** `W X` for W `[M, K]`, X `[K, cols]`. */
function timesColumns(
  ctx: NodeContext,
  x: Value,
  weight: Float64Array,
  [M, K, cols]: readonly [number, number, number],
  shape: readonly number[],
  stored: WeightSite,
): Value {
  const site = after(ctx, x, shape.length === 1 ? [M] : [M, 1]);
  if (cols === 1) return ctx.affine(x, dense(matrix(M, K, weight)), shape, undefined, site, stored);
  ctx.claim(4 * cols * (K + M));
  const product = operators.conv({ inShape: [K, cols], weight, weightShape: [M, K, 1] });
  return ctx.affine(x, product, shape, undefined, site, stored);
}

function after(ctx: NodeContext, x: Value, dims: readonly number[]): BiasSite {
  return { kind: 'after', node: ctx.node, dims, dtype: isFloat(x.dtype) ? x.dtype : 'float32' };
}

/** Where a factor is stored: input `input` of the node; `turned`, its rows and columns, where the operator has it transposed. */
function storedAt(
  ctx: NodeContext,
  input: number,
  x: Value,
  { shape }: Constant,
  turned?: readonly [number, number],
): WeightSite {
  return { ...ctx.weightSite(input, x, shape), ...(turned && { transposed: turned }) };
}

function assertMeet(ctx: NodeContext, a: number, b: number): void {
  if (a !== b) throw malformed(ctx.label, 'inner sizes that agree', `${a} and ${b}`);
}

/** A constant as a matrix: leading axes of size 1 dropped. */
function asMatrix(ctx: NodeContext, { shape }: Constant): [number, number] {
  const lead = shape.slice(0, -2);
  if (shape.length >= 2 && lead.every(size => size === 1)) return [shape.at(-2)!, shape.at(-1)!];
  throw unsupported(ctx.label, 'one constant matrix', `a constant of sizes [${shape}]`);
}

function needsConstant(ctx: NodeContext): never {
  throw unsupported(ctx.label, 'a constant factor', 'two that depend on the network’s input');
}

/**
 * From operator set 9 on ONNX Runtime takes a Transpose of the last two axes into a product after it, past other operators
 * too, and then forgets it where the right factor is a vector.
 */
function assertNotTransposed(ctx: NodeContext): void {
  if (ctx.opset < 9 || !ctx.isAfter(0, 'Transpose')) return;
  throw unsupported(
    ctx.label,
    'a matrix as right factor where a Transpose lies before',
    'a vector, with which ONNX Runtime leaves the Transpose out',
    'Make the vector a matrix of one column, and Squeeze the result.',
  );
}

/** ONNX MatMul with a constant on either side. */
export function matMul(ctx: NodeContext): Value {
  const [a, b] = [ctx.float(0), ctx.float(1)];
  if (a.shape.length === 0 || b.shape.length === 0)
    throw malformed(ctx.label, 'tensors with axes', 'a scalar');
  if (b.kind === 'constant') {
    const isVector = b.shape.length === 1;
    if (isVector && a.kind === 'data') assertNotTransposed(ctx);
    const [K, M] = isVector ? [b.shape[0], 1] : asMatrix(ctx, b);
    assertMeet(ctx, a.shape.at(-1)!, K);
    const lead = [
      ...b.shape.slice(0, -2).slice(0, Math.max(0, b.shape.length - a.shape.length)),
      ...a.shape.slice(0, -1),
    ];
    const rows = entriesOf(a.shape.slice(0, -1));
    const kept = storedAt(ctx, 1, a, b, [K, M]);
    return rowsTimes(ctx, a, transposed(b.data, K, M), [rows, K, M], isVector ? lead : [...lead, M], kept);
  }
  if (a.kind !== 'constant') return needsConstant(ctx);
  const [M, K] = a.shape.length === 1 ? [1, a.shape[0]] : asMatrix(ctx, a);
  const isVector = b.shape.length === 1;
  const [rows, cols] = isVector ? [b.shape[0], 1] : [b.shape.at(-2)!, b.shape.at(-1)!];
  assertMeet(ctx, K, rows);
  const own = isVector ? [] : b.shape.slice(0, -2);
  if (own.some(size => size !== 1))
    throw unsupported(ctx.label, 'one matrix at a time', `sizes [${b.shape}]`);
  const lead = Array.from({ length: Math.max(0, a.shape.length - 2, own.length) }, () => 1);
  const shape = [...lead, ...(a.shape.length === 1 ? [] : [M]), ...(isVector ? [] : [cols])];
  return timesColumns(ctx, b, a.data, [M, K, cols], shape, storedAt(ctx, 0, b, a));
}

/**
 * ONNX Gemm, `alpha · A′ B′ + beta · C`, with A or B constant. With alpha = beta = 1 it is one layer whose bias is C; with
 * another alpha there is a scaling between, with another beta C is no place for a bias: `beta · C` need not reach the
 * value wanted.
 */
export function gemm(ctx: NodeContext): Value {
  const { attributes } = ctx;
  const [alpha, beta] = [attributes.float('alpha', 1), attributes.float('beta', 1)];
  const [transA, transB] = [attributes.int('transA', 0) !== 0, attributes.int('transB', 0) !== 0];
  const [a, b] = [ctx.float(0), ctx.float(1)];
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    throw malformed(ctx.label, 'two matrices', `sizes [${a.shape}] and [${b.shape}]`);
  }
  const c = ctx.inputs[2];
  if (!c && ctx.opset < 11) ctx.value(2);
  const isPlain = alpha === 1 && beta === 1;

  let product: Value;
  let isPlaced = false;
  if (b.kind === 'constant') {
    const x = transA ? ctx.move(a, operators.transpose(a.shape, [1, 0]), 0, 'transposed') : a;
    const [rows, K] = x.shape;
    const [k, M] = transB ? [b.shape[1], b.shape[0]] : b.shape;
    assertMeet(ctx, K, k);
    const weight = transB ? b.data : transposed(b.data, k, M);
    const isRow = c?.kind === 'constant' && c.data.length === M && (c.shape.at(-1) ?? 1) === M;
    isPlaced = isPlain && isRow;
    const bias =
      c?.kind === 'constant' && isPlaced
        ? stored(ctx, a, c)
        : c || !isPlain
          ? undefined
          : missing(ctx, a, [M]);
    const kept = storedAt(ctx, 1, a, b, transB ? undefined : [k, M]);
    product = rowsTimes(ctx, x, weight, [rows, K, M], [rows, M], kept, bias);
  } else if (a.kind === 'constant') {
    const x = transB ? ctx.move(b, operators.transpose(b.shape, [1, 0]), 1, 'transposed') : b;
    const [K, cols] = x.shape;
    const [M, k] = transA ? [a.shape[1], a.shape[0]] : a.shape;
    assertMeet(ctx, K, k);
    const weight = transA ? transposed(a.data, a.shape[0], a.shape[1]) : a.data;
    const [rows, columns] = a.shape;
    const kept = storedAt(ctx, 0, b, a, transA ? [rows, columns] : undefined);
    product = timesColumns(ctx, x, weight, [M, K, cols], [M, cols], kept);
  } else return needsConstant(ctx);

  if (alpha !== 1) {
    if (product.kind === 'constant') {
      throw unsupported(ctx.label, 'alpha 1 where both factors are constant', `alpha ${alpha}`);
    }
    product = timesAttribute(ctx, product, alpha, 'alpha');
  }
  return isPlaced || !c || beta === 0 ? product : plusC(ctx, product, c, beta);
}

function stored(ctx: NodeContext, x: Value, { data, shape }: Constant): RowBias {
  const { dims, dtype } = { dims: shape, dtype: isFloat(x.dtype) ? x.dtype : 'float32' } as const;
  return { values: data, site: { kind: 'input', node: ctx.node, input: 2, negated: false, dims, dtype } };
}

function missing(ctx: NodeContext, x: Value, dims: readonly number[]): RowBias {
  const dtype = isFloat(x.dtype) ? x.dtype : 'float32';
  return {
    values: new Float64Array(entriesOf(dims)),
    site: { kind: 'missing', node: ctx.node, input: 2, dims, dtype },
  };
}

function plusC(ctx: NodeContext, product: Value, c: Value, beta: number): Value {
  if (product.kind === 'constant' || c.kind === 'data' || beta !== 1) {
    const anchor = product.kind === 'data' ? product : c.kind === 'data' ? c : undefined;
    if (!anchor) throw unsupported(ctx.label, 'an input that is not constant', 'constants only');
    const [x, y] = [product, ctx.broadcast(c, product.shape, 2)].map(value =>
      value.kind === 'data' ? value : ctx.builder.lifted(value, anchor, ctx.part('constant')),
    );
    return ctx.builder.sum([x, y], [1, beta], ctx.name);
  }
  return addConstant(ctx, product, c, { input: 2, negated: false });
}
