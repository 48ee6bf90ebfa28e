import { assertFinite, assertSize } from '../../errors.js';
import { type Precision, roundAll } from '../../numeric/precision.js';
import { withoutParameters } from './bias.js';
import type { AffineContract } from './contract.js';
import { type ScaleOptions, scale } from './scale.js';
import { invalidOption } from './shapes.js';

/**
 * An elementwise operator whose coefficients follow from what a model stores, such as the 1/c of a division. They have
 * no storage format of their own: `rounded` rounds what they are computed from. Nothing of it is trained, and no bias
 * may be changed.
 */
export interface Fixed extends AffineContract {
  readonly kind: 'fixed';
  readonly origin: FixedOrigin;
  /** The group of each entry, `[size]`; absent: every entry is its own. */
  readonly groups?: Int32Array;
}

/** What the coefficients are computed from, one value per group. Law: the same function makes the same operator of it. */
export type FixedOrigin =
  | { readonly kind: 'divide'; readonly divisor: Float64Array }
  | { readonly kind: 'addConstant'; readonly constant: Float64Array }
  | ({ readonly kind: 'normalize' } & Statistics<Float64Array>);

/** Of a batch normalisation, without its β. */
export interface Statistics<Values = ArrayLike<number>> {
  /** `[groups]`, as mean and variance. */
  readonly gamma: Values;
  readonly mean: Values;
  readonly variance: Values;
  readonly epsilon: number;
}

/** Roundings in γ / √(variance + ε) and in mean · γ / √(variance + ε), here and in a runtime, generously. */
const NORMALIZE_ROUNDINGS = 8;

/** `y = x / divisor`: here 1 / divisor is rounded, in a runtime the quotient. Throws `not-finite` or `invalid-option`. */
export function divide(divisor: ArrayLike<number>, groups?: Int32Array): Fixed {
  const values = checked(divisor, 'divide divisor');
  const zero = values.indexOf(0);
  if (zero >= 0) throw invalidOption('divide divisor', 'numbers other than 0', `0 at index ${zero}`);
  return fixed({ kind: 'divide', divisor: values }, groups, {
    coefficients: { factor: values.map(c => 1 / c) },
    roundings: 2,
    parameters: [values],
    rounded: ({ round }) => divide(values.map(round), groups),
  });
}

/** `y = x + constant`, a constant that is no bias. Throws `not-finite` or `invalid-option`. */
export function addConstant(constant: ArrayLike<number>, groups?: Int32Array): Fixed {
  const values = checked(constant, 'addConstant constant');
  return fixed({ kind: 'addConstant', constant: values }, groups, {
    coefficients: { offset: values },
    roundings: 0,
    parameters: [values],
    rounded: precision => addConstant(roundAll(values, precision), groups),
  });
}

/**
 * `y = (x − mean) · γ / √(variance + ε)`: a batch normalisation that stays unfolded, β left to an operator of its own.
 * Throws `shape`, `not-finite` or `invalid-option` (variance + ε not positive).
 */
export function normalize({ epsilon, ...statistics }: Statistics, groups?: Int32Array): Fixed {
  const [gamma, mean, variance] = (['gamma', 'mean', 'variance'] as const).map(name => {
    assertSize(statistics[name].length, statistics.gamma.length, 'normalize', name);
    return checked(statistics[name], `normalize ${name}`);
  });
  const factor = gamma.map((g, c) => {
    const spread = variance[c] + epsilon;
    if (spread > 0) return g / Math.sqrt(spread);
    throw invalidOption('normalize variance', 'variance + epsilon above 0', `${spread} in group ${c}`);
  });
  return fixed({ kind: 'normalize', gamma, mean, variance, epsilon }, groups, {
    coefficients: { factor, offset: factor.map((f, c) => -f * mean[c]) },
    roundings: NORMALIZE_ROUNDINGS,
    parameters: [gamma, mean, variance, Float64Array.of(epsilon)],
    rounded: ({ round }) =>
      normalize(
        {
          gamma: gamma.map(round),
          mean: mean.map(round),
          variance: variance.map(round),
          epsilon: round(epsilon),
        },
        groups,
      ),
  });
}

function checked(values: ArrayLike<number>, where: string): Float64Array {
  assertFinite(values, where);
  return Float64Array.from(values);
}

interface FixedParts {
  readonly coefficients: ScaleOptions;
  /** How many float64 roundings, and a runtime's own, lie between the coefficients and the real numbers meant. */
  readonly roundings: number;
  readonly parameters: readonly Float64Array[];
  readonly rounded: (precision: Precision) => Fixed;
}

function fixed(
  origin: FixedOrigin,
  groups: Int32Array | undefined,
  { coefficients, roundings, parameters, rounded }: FixedParts,
): Fixed {
  const inner = scale({ ...coefficients, ...(groups && { groups }) });
  const { inSize, outSize, bias, terms, linear, adjoint, magnitude } = inner;
  return {
    kind: 'fixed',
    ...withoutParameters('fixed operator', outSize),
    origin,
    ...(groups && { groups }),
    inSize,
    outSize,
    bias,
    terms: terms + roundings,
    parameters,
    linear,
    adjoint,
    magnitude,
    rounded,
  };
}
