import { PoliceError } from '../errors.js';
import {
  type Activation,
  type ActivationName,
  abs,
  clip,
  elu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  identity,
  leakyRelu,
  prelu,
  relu,
  relu6,
  type SmoothActivationName,
  selu,
} from './activation.js';
import { gelu, geluTanh, mish, quickGelu, sigmoid, silu, softplus, tanh } from './smooth-activation.js';

/** What a name may need besides. */
export interface ActivationParameters {
  /** leakyRelu's and elu's number, prelu's `[units]`, hardSigmoid's slope. */
  readonly alpha?: number | ArrayLike<number>;
  /** hardSigmoid's offset. */
  readonly beta?: number;
  /** clip's bounds. */
  readonly min?: number;
  readonly max?: number;
  /** How far from affine a smooth function's tails may be; see `softplus`. */
  readonly epsilon?: number;
}

const byName: Readonly<Record<ActivationName, (p: ActivationParameters) => Activation | undefined>> = {
  identity,
  relu,
  abs,
  relu6,
  hardTanh,
  hardSwish,
  selu,
  leakyRelu: ({ alpha }) => (typeof alpha === 'number' ? leakyRelu(alpha) : undefined),
  prelu: ({ alpha }) => (typeof alpha === 'object' ? prelu(alpha) : undefined),
  elu: ({ alpha = 1 }) => (typeof alpha === 'number' ? elu(alpha) : undefined),
  hardSigmoid: ({ alpha = 0.2, beta = 0.5 }) =>
    typeof alpha === 'number' ? hardSigmoid(alpha, beta) : undefined,
  clip: ({ min, max }) => (min !== undefined && max !== undefined ? clip(min, max) : undefined),
  softplus: withEpsilon(softplus),
  silu: withEpsilon(silu),
  gelu: withEpsilon(gelu),
  geluTanh: withEpsilon(geluTanh),
  quickGelu: withEpsilon(quickGelu),
  mish: withEpsilon(mish),
  sigmoid: withEpsilon(sigmoid),
  tanh: withEpsilon(tanh),
};

const smoothNames: Readonly<Record<SmoothActivationName, true>> = {
  softplus: true,
  silu: true,
  gelu: true,
  geluTanh: true,
  quickGelu: true,
  mish: true,
  sigmoid: true,
  tanh: true,
};

function withEpsilon(make: (epsilon: number) => Activation) {
  return ({ epsilon }: ActivationParameters) => (epsilon === undefined ? undefined : make(epsilon));
}

/**
 * The activation of that name, with the parameters it takes.
 *
 * Throws `unsupported-activation` for anything else, and for a smooth function without `epsilon`: it is affine nowhere,
 * so no shift makes it exact.
 */
export function activationByName(
  name: string,
  parameters: ActivationParameters = {},
  where: string = name,
): Activation {
  const known = Object.hasOwn(byName, name);
  const found = known ? byName[name as ActivationName](parameters) : undefined;
  if (found) return found;
  throw new PoliceError({
    code: 'unsupported-activation',
    where,
    expected: known ? `${name} with its parameters` : `one of ${Object.keys(byName).join(', ')}`,
    actual: known ? given(parameters) : `'${name}'`,
    remedy: remedyFor(name, known),
  });
}

function given(parameters: ActivationParameters): string {
  const parts = Object.entries(parameters).map(([key, value]) => `${key} ${value}`);
  return parts.length > 0 ? parts.join(', ') : 'no parameters';
}

function remedyFor(name: string, isKnown: boolean): string {
  if (!isKnown) return 'Use a piecewise-affine activation such as leakyRelu.';
  if (Object.hasOwn(smoothNames, name)) {
    return `${name} is smooth, affine on no region: use a piecewise-affine activation such as leakyRelu, or pass epsilon, the distance from affine that you accept.`;
  }
  return 'Pass alpha: a number for leakyRelu, one per unit for prelu; min and max for clip.';
}
