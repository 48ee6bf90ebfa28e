import { type Fraction, ONE } from '../../numeric/fraction.js';
import {
  combine,
  constantForm,
  constantOf,
  coordinateOf,
  type LinearForm,
  type WeightedForm,
} from './linear-form.js';
import { defined, formText, fractionText, refutable, sumText } from './syntax.js';

/** What a unit is on a region: a term of the script, and the affine function of the coordinates that it is proved to equal. */
export interface Unit {
  readonly text: string;
  readonly form: LinearForm;
}

/** weight · unit. */
export interface WeightedUnit {
  readonly weight: Fraction;
  readonly unit: Unit;
}

/** Text of the script, piece by piece, and in the end what it defines. */
export type Lines<T> = Generator<string, T>;

export function constantUnit(value: Fraction): Unit {
  return { text: fractionText(value), form: constantForm(value) };
}

/**
 * The unit constant + Σ weight · unit under a name. The script defines it as an affine function of the coordinates, by their
 * `names`, and then claims that it equals the sum over the units before it: a question of linear algebra, which no solver needs
 * its tableau for. Composed functions in place of sums of sums of sums keep every question as small as the region. What is short needs
 * neither: a multiple of one unit is defined as that, and a unit alone is itself.
 */
export function* affineUnit(
  name: string,
  terms: readonly WeightedUnit[],
  constant: Fraction,
  names: readonly string[],
): Lines<Unit> {
  const present = terms.filter(({ weight, unit }) => weight.numerator !== 0n && !isZero(unit));
  if (present.length === 0) return constantUnit(constant);
  const [{ weight, unit }] = present;
  if (present.length === 1 && constant.numerator === 0n && isOne(weight)) return unit;
  const form = combine(
    present.map((term): WeightedForm => ({ weight: term.weight, form: term.unit.form })),
    constant,
  );
  const sum = sumText(
    present.map(term => ({ weight: term.weight, text: term.unit.text })),
    constant,
  );
  const isShort = present.length === 1 || present.every(term => coordinateOf(term.unit.form) !== undefined);
  if (isShort) yield defined(name, sum);
  else yield defined(name, formText(form, names)) + refutable(`(distinct ${name} ${sum})`);
  return { text: name, form };
}

function isZero({ form }: Unit): boolean {
  return constantOf(form)?.numerator === 0n;
}

function isOne(x: Fraction): boolean {
  return x.numerator === ONE.numerator && x.denominator === ONE.denominator;
}
