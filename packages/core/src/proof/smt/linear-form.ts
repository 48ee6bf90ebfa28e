import { type Fraction, gcd, lcm, trailingZeros } from '../../numeric/fraction.js';

/**
 * The affine function (constant + Σ numeratorᵢ · tₐₜ₍ᵢ₎) / denominator of a region's coordinates t, exactly: whole numbers over one
 * positive denominator, all without a common divisor.
 */
export interface LinearForm {
  /** Rising. */
  readonly at: readonly number[];
  /** Other than 0, as many as `at`. */
  readonly numerators: readonly bigint[];
  readonly constant: bigint;
  readonly denominator: bigint;
}

export interface WeightedForm {
  readonly weight: Fraction;
  readonly form: LinearForm;
}

export function constantForm({ numerator, denominator }: Fraction): LinearForm {
  return { at: [], numerators: [], constant: numerator, denominator };
}

/** Coordinate number k. */
export function coordinateForm(k: number): LinearForm {
  return { at: [k], numerators: [1n], constant: 0n, denominator: 1n };
}

/** The constant that a form is, if it is one. */
export function constantOf({ at, constant, denominator }: LinearForm): Fraction | undefined {
  return at.length === 0 ? { numerator: constant, denominator } : undefined;
}

/** The number of the coordinate that a form is, if it is one. */
export function coordinateOf({ at, numerators, constant, denominator }: LinearForm): number | undefined {
  const isOne = at.length === 1 && numerators[0] === 1n && constant === 0n && denominator === 1n;
  return isOne ? at[0] : undefined;
}

/** constant + Σ weight · form. */
export function combine(terms: readonly WeightedForm[], constant: Fraction): LinearForm {
  const denominator = terms.reduce(
    (multiple, { weight, form }) => lcm(multiple, weight.denominator * form.denominator),
    constant.denominator,
  );
  const sums = new Map<number, bigint>();
  let sum = constant.numerator * (denominator / constant.denominator);
  for (const { weight, form } of terms) {
    const factor = weight.numerator * (denominator / (weight.denominator * form.denominator));
    sum += factor * form.constant;
    form.at.forEach((k, i) => {
      sums.set(k, (sums.get(k) ?? 0n) + factor * form.numerators[i]);
    });
  }
  const at = [...sums.keys()].filter(k => sums.get(k) !== 0n).sort((a, b) => a - b);
  return shortened({ at, numerators: at.map(k => sums.get(k)!), constant: sum, denominator });
}

/** Divided by what all numbers have in common. */
function shortened(form: LinearForm): LinearForm {
  const { at, numerators, constant, denominator } = form;
  const all = [denominator, constant, ...numerators];
  // Sums of floats have powers of two below the line: those go without a division.
  const zeros = trailingZeros(all.reduce((union, x) => union | x, 0n));
  const isDyadic = trailingZeros(denominator) === denominator.toString(2).length - 1;
  const odd = isDyadic ? 1n : all.map(x => x >> BigInt(zeros)).reduce(gcd);
  const divided = (x: bigint) => (x >> BigInt(zeros)) / odd;
  return {
    at,
    numerators: numerators.map(divided),
    constant: divided(constant),
    denominator: divided(denominator),
  };
}
