import { codeOf } from '../../src/tensor.js';
import type { Attributes, Draft, Drafted, DraftNode } from '../draft.js';
import type { Maker } from './elementwise.js';

/** Axes as older operator sets have them, an attribute, or newer ones, an input. */
function given(
  draft: Draft,
  since: number,
  [type, inputs, attributes = {}]: DraftNode,
  name: string,
  values: readonly number[],
): DraftNode {
  return draft.opset < since
    ? [type, inputs, { ...attributes, [name]: values }]
    : [type, [...inputs, draft.ints(...values)], attributes];
}

const signed = ({ rng, opset }: Draft, axis: number, rank: number): number =>
  opset >= 11 && rng.chance(0.4) ? axis - rank : axis;

const reshape: Maker = (draft, x) => {
  const { rng } = draft;
  const size = x.shape.reduce((product, dim) => product * dim, 1);
  const factor = rng.pick([1, 2, 3, size].filter(n => size % n === 0));
  const shapes: number[][] = [
    [-1],
    [factor, -1],
    [-1, factor],
    [1, factor, size / factor],
    [0, -1],
    [1, 1, -1],
  ];
  const wanted = rng.pick(shapes.filter(shape => shape[0] !== 0 || x.shape.length > 0));
  const attributes = draft.opset >= 14 && rng.chance(0.3) ? { allowzero: rng.int(0, 1) } : {};
  return ['Reshape', [x.name, draft.ints(...wanted)], attributes];
};

const squeeze: Maker = (draft, x) => {
  const ones = x.shape.flatMap((size, axis) => (size === 1 ? [signed(draft, axis, x.shape.length)] : []));
  if (draft.rng.chance(0.3)) return ['Squeeze', [x.name]];
  const axes = draft.rng.shuffled(ones).slice(0, draft.rng.int(0, ones.length));
  return given(draft, 13, ['Squeeze', [x.name]], 'axes', axes);
};

const unsqueeze: Maker = (draft, x) => {
  const rank = x.shape.length + 1;
  if (rank > 5) return undefined;
  return given(draft, 13, ['Unsqueeze', [x.name]], 'axes', [signed(draft, draft.rng.int(0, rank - 1), rank)]);
};

const transpose: Maker = ({ rng }, x) => {
  const perm = rng.shuffled(x.shape.map((_, axis) => axis));
  return ['Transpose', [x.name], rng.chance(0.8) && perm.length > 0 ? { perm } : {}];
};

const flatten: Maker = (draft, x) => {
  const axis = signed(draft, draft.rng.int(0, x.shape.length), x.shape.length + 1);
  return ['Flatten', [x.name], draft.rng.chance(0.7) ? { axis } : {}];
};

const expand: Maker = (draft, x) => {
  const { rng } = draft;
  const own = x.shape.map(size => (size === 1 ? rng.int(1, 3) : rng.chance(0.3) ? 1 : size));
  return ['Expand', [x.name, draft.ints(...(rng.chance(0.2) ? [2, ...own] : own))]];
};

const concat: Maker = (draft, x) => {
  const { rng } = draft;
  if (x.shape.length === 0) return undefined;
  const at = rng.int(0, x.shape.length - 1);
  const inputs = [x.name];
  if (rng.chance(0.5)) inputs.push(x.name);
  if (rng.chance(0.5)) inputs.push(draft.floats(x.shape.map((size, i) => (i === at ? rng.int(1, 2) : size))));
  return ['Concat', rng.shuffled(inputs), { axis: signed(draft, at, x.shape.length) }];
};

const slice: Maker = (draft, x) => {
  const { rng, opset } = draft;
  if (x.shape.length === 0) return undefined;
  const axes = rng.shuffled(x.shape.map((_, axis) => axis)).slice(0, rng.int(1, x.shape.length));
  const huge = [2 ** 31 - 1, -(2 ** 31) + 1, 2 ** 53, -(2 ** 53)];
  const bound = (size: number) => (rng.chance(0.15) ? rng.pick(huge) : rng.int(-size - 1, size + 1));
  const [starts, ends] = [axes.map(axis => bound(x.shape[axis])), axes.map(axis => bound(x.shape[axis]))];
  const signedAxes = axes.map(axis => signed(draft, axis, x.shape.length));
  if (opset < 10) return ['Slice', [x.name], { starts, ends, axes: signedAxes }];
  const inputs = [x.name, draft.ints(...starts), draft.ints(...ends), draft.ints(...signedAxes)];
  if (rng.chance(0.6)) inputs.push(draft.ints(...axes.map(() => rng.pick([1, 1, 2, -1, -2, 3]))));
  return ['Slice', inputs];
};

const gather: Maker = (draft, x) => {
  const { rng, opset } = draft;
  if (x.shape.length === 0) return undefined;
  const axis = rng.int(0, x.shape.length - 1);
  const size = x.shape[axis];
  const dims = rng.pick([[], [1], [2], [3], [2, 2]]);
  const data = rng.list(
    dims.reduce((n, d) => n * d, 1),
    () => rng.int(opset < 11 ? 0 : -size, size - 1),
  );
  const indices = draft.add({ dims, data, dtype: rng.chance(0.5) ? 'int64' : 'int32' });
  return ['Gather', [x.name, indices], rng.chance(0.8) ? { axis: signed(draft, axis, x.shape.length) } : {}];
};

const pad: Maker = (draft, x) => {
  const { rng, opset } = draft;
  const mode = rng.pick(['constant', 'constant', 'reflect', 'edge', undefined]);
  const rank = x.shape.length;
  const amount = (axis: number) => {
    const size = x.shape[axis % rank];
    return rng.chance(0.4) ? 0 : rng.int(-1, mode === 'reflect' ? size - 1 : 2);
  };
  const pads = rng.list(2 * rank, amount);
  const attributes: Attributes = mode ? { mode } : {};
  if (opset < 11) {
    const value: Attributes = rng.chance(0.5) ? { value: { float: Math.fround(draft.value()) } } : {};
    return ['Pad', [x.name], { ...attributes, ...value, pads }];
  }
  const fill = rng.chance(0.5) ? draft.floats([]) : '';
  if (opset < 18 || rng.chance(0.5)) return ['Pad', [x.name, draft.ints(...pads), fill], attributes];
  const axes = rng.shuffled(x.shape.map((_, axis) => axis)).slice(0, rng.int(1, Math.max(1, rank)));
  const some = [...axes, ...axes].map(amount);
  const named = axes.map(axis => signed(draft, axis, rank));
  return ['Pad', [x.name, draft.ints(...some), fill, draft.ints(...named)], attributes];
};

/** What comes after it is of another type. */
const cast: Maker = (draft, x) => {
  draft.dtype = draft.rng.pick(['float32', 'float16', 'float64']);
  return ['Cast', [x.name], { to: codeOf(draft.dtype) }];
};

const identity: Maker = (_, x) => ['Identity', [x.name]];

const dropout: Maker = (draft, x: Drafted) => {
  const { rng, opset } = draft;
  if (opset < 12) return ['Dropout', [x.name], rng.chance(0.5) ? { ratio: { float: 0.25 } } : {}];
  return ['Dropout', rng.chance(0.5) ? [x.name, draft.floats([], () => 0.5)] : [x.name]];
};

export const ARRANGING: Readonly<Record<string, Maker>> = {
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Flatten: flatten,
  Expand: expand,
  Concat: concat,
  Slice: slice,
  Gather: gather,
  Pad: pad,
  Cast: cast,
  Identity: identity,
  Dropout: dropout,
};
