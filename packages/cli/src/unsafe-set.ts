import { type ExactConstraint, PoliceError } from '@police/core';
import { type LinearConstraint, parse, type Rational, rational, sizeOf, split } from '@police/vnnlib';
import { withPoliceErrors } from './vnnlib.js';

/** Inputs and outputs of the model. */
export interface Sizes {
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * What a VNN-LIB property asks for, of inputs and outputs together and in exact numbers: alternatives of constraints. Those without
 * an input drop out. Throws, with file, line and column, `invalid-option`, `shape` for other numbers of inputs or outputs, or `too-large`.
 */
export function unsafeSet(text: string, file: string, sizes: Sizes): ExactConstraint[][] {
  return withPoliceErrors(() => {
    const { input, output, disjuncts } = split(parse(text, { file }), { contradictions: 'drop' });
    const found = { inputs: sizeOf(input), outputs: sizeOf(output) };
    if (found.inputs !== sizes.inputs || found.outputs !== sizes.outputs) {
      throw new PoliceError({
        code: 'shape',
        where: file,
        expected: `a property of the model's ${sizes.inputs} inputs and ${sizes.outputs} outputs`,
        actual: `${found.inputs} and ${found.outputs}`,
      });
    }
    return disjuncts.map(({ region, outputs, mixed }) => {
      const bounds = [...region.bounds].flatMap(([index, { lower, upper }]) => [
        ...(upper ? [bound(index, rational.one, upper.value, upper.isStrict)] : []),
        ...(lower
          ? [bound(index, rational.negate(rational.one), rational.negate(lower.value), lower.isStrict)]
          : []),
      ]);
      const others = [...region.constraints, ...outputs, ...mixed];
      return [...bounds, ...others.map(constraint => exactly(constraint, input.name))];
    });
  });
}

function bound(index: number, coefficient: Rational, limit: Rational, isStrict: boolean): ExactConstraint {
  return { terms: [{ of: 'input', index, coefficient }], relation: isStrict ? '<' : '<=', bound: limit };
}

function exactly({ terms, relation, bound: limit }: LinearConstraint, input: string): ExactConstraint {
  return {
    terms: terms.map(({ tensor, index, coefficient }) => ({
      of: tensor === input ? 'input' : 'output',
      index,
      coefficient,
    })),
    // `split` leaves no `!=`.
    relation: relation === '==' ? '=' : (relation as '<' | '<='),
    bound: limit,
  };
}
