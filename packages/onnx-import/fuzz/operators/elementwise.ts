import type { Attributes, Draft, Drafted, DraftNode } from '../draft.js';
import type { Random } from '../random.js';

/** Makes a node that reads `x`; undefined where the operator does not fit x or the operator set. */
export type Maker = (draft: Draft, x: Drafted) => DraftNode | undefined;

/** A shape that broadcasts with `shape`: axes left out or 1, and now and then one more in front. */
export function broadcastable(rng: Random, shape: readonly number[]): number[] {
  const own = shape.slice(rng.int(0, shape.length)).map(size => (rng.chance(0.3) ? 1 : size));
  return own.length === shape.length && rng.chance(0.1) ? [rng.int(1, 2), ...own] : own;
}

/** Another data tensor of the model, or x itself. */
function other(draft: Draft, x: Drafted): Drafted {
  const { rng, tensors } = draft;
  return rng.chance(0.3) ? x : rng.pick(tensors.filter(({ dtype }) => dtype === draft.dtype));
}

/** `op(x, c)`, `op(c, x)` or `op(x, z)`. */
const binary =
  (type: string, constants: 'any' | 'nonzero' = 'any', side: 'both' | 'right' = 'both'): Maker =>
  (draft, x) => {
    const { rng } = draft;
    if (rng.chance(0.25) && constants === 'any') return [type, rng.shuffled([x.name, other(draft, x).name])];
    const c = draft.floats(broadcastable(rng, x.shape), () => {
      const value = draft.value();
      return constants === 'nonzero' && Math.abs(value) < 0.1 ? 0.75 : value;
    });
    return [type, side === 'right' || rng.chance(0.7) ? [x.name, c] : [c, x.name]];
  };

const unary =
  (type: string, since = 8, attributes: (draft: Draft) => Attributes = () => ({})): Maker =>
  (draft, x) =>
    draft.opset < since ? undefined : [type, [x.name], attributes(draft)];

/** Each float attribute there or not. */
const optional = ({ rng }: Draft, values: Readonly<Record<string, number>>): Attributes =>
  Object.fromEntries(
    Object.entries(values)
      .filter(() => rng.chance(0.7))
      .map(([name, value]) => [name, { float: Math.fround(value) }]),
  );

const clip: Maker = (draft, x) => {
  const { rng, opset } = draft;
  const extremes = [Number.POSITIVE_INFINITY, 65504, 3.4028234663852886e38, 0, 6];
  const bound = (sign: number) => (rng.chance(0.2) ? sign * rng.pick(extremes) : draft.value());
  const [min, max] = [bound(-1), bound(1)];
  if (opset < 11) return ['Clip', [x.name], optional(draft, { min, max })];
  const input = (value: number) => (rng.chance(0.3) ? '' : draft.floats([], () => value));
  return ['Clip', [x.name, input(min), input(rng.chance(0.2) && Math.abs(min) < 10 ? min : max)]];
};

const prelu: Maker = (draft, x) => {
  const dims = broadcastable(draft.rng, x.shape).slice(-x.shape.length);
  return ['PRelu', [x.name, draft.floats(x.shape.length === 0 ? [] : dims)]];
};

/** Max or Min of data and constants, of which some are alike. */
const extremum =
  (type: string): Maker =>
  (draft, x) => {
    const { rng } = draft;
    const inputs = [x.name];
    for (let i = rng.int(0, 2); i > 0; i--) {
      // The largest numbers only where they lose: what overflows later is no matter of reading.
      const extremes = [Number.POSITIVE_INFINITY, 65504, 0].map(size => (type === 'Max' ? -size : size));
      const value = rng.chance(0.15) ? rng.pick(extremes) : draft.value();
      if (rng.chance(0.3)) inputs.push(other(draft, x).name);
      else if (rng.chance(0.5)) inputs.push(draft.floats([], () => value));
      else inputs.push(draft.floats(broadcastable(rng, x.shape)));
    }
    return [type, rng.shuffled(inputs)];
  };

const sum: Maker = (draft, x) => {
  const { rng } = draft;
  const inputs = [x.name];
  for (let i = rng.int(0, 2); i > 0; i--) {
    inputs.push(rng.chance(0.5) ? other(draft, x).name : draft.floats(broadcastable(rng, x.shape)));
  }
  return ['Sum', rng.shuffled(inputs)];
};

const batchNormalization: Maker = (draft, x) => {
  const { rng } = draft;
  const channels = x.shape[1];
  if (x.shape.length < 2) return undefined;
  const list = () => draft.floats([channels]);
  // Half precision overflows soon.
  const least = draft.dtype === 'float16' ? 0.5 : 0;
  const variance = draft.floats([channels], () =>
    Math.max(least, rng.pick([0, 1e-3, 0.5, 1, 4 * rng.unit()])),
  );
  const attributes = { ...optional(draft, { epsilon: rng.pick([1e-5, 1e-3, 0.5]), momentum: 0.9 }) };
  return ['BatchNormalization', [x.name, list(), list(), list(), variance], attributes];
};

export const ELEMENTWISE: Readonly<Record<string, Maker>> = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul', 'any', 'both'),
  Div: binary('Div', 'nonzero', 'right'),
  Neg: unary('Neg'),
  Sum: sum,
  Abs: unary('Abs'),
  Relu: unary('Relu'),
  LeakyRelu: unary('LeakyRelu', 8, draft => optional(draft, { alpha: draft.value() })),
  PRelu: prelu,
  Clip: clip,
  HardSigmoid: unary('HardSigmoid', 8, draft =>
    optional(draft, { alpha: Math.abs(draft.value()) + 0.01, beta: draft.value() }),
  ),
  HardSwish: unary('HardSwish', 14),
  Elu: unary('Elu', 8, draft => optional(draft, { alpha: draft.value() })),
  Selu: unary('Selu', 8, draft => optional(draft, { alpha: draft.value(), gamma: draft.value() })),
  Max: extremum('Max'),
  Min: extremum('Min'),
  BatchNormalization: batchNormalization,
};
