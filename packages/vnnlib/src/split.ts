import { Budget } from './budget.js';
import { type DnfOptions, toDNF } from './dnf.js';
import { VnnLibError } from './errors.js';
import { isTrue, type LinearConstraint, type LinearTerm, linearConstraint } from './linear.js';
import { located } from './problems.js';
import type { Comparison, InputTensor, OutputTensor, Query } from './query.js';
import type { Contradiction, InputRegion } from './region.js';
import { Regions } from './regions.js';

/** Of `split`. */
export interface SplitOptions extends DnfOptions {
  /**
   * What becomes of disjuncts that contradict themselves: kept and marked, or left out.
   * @defaultValue `'keep'`
   */
  readonly contradictions?: 'keep' | 'drop';
}

/** A query on one network of one input and one output: satisfied where one of the disjuncts is. */
export interface SplitQuery {
  readonly input: InputTensor;
  readonly output: OutputTensor;
  readonly disjuncts: readonly Disjunct[];
}

/** An input x and the output y satisfy it that meet the region and all constraints. No relation is `!=`. */
export interface Disjunct {
  /** One object for all disjuncts with the same comparisons of inputs. */
  readonly region: InputRegion;
  /** On outputs alone. */
  readonly outputs: readonly LinearConstraint[];
  /** On inputs and outputs together. */
  readonly mixed: readonly LinearConstraint[];
  /** The region's, or a comparison that is false whatever the values. */
  readonly contradiction?: Contradiction;
}

/**
 * A query as input regions and linear constraints: the disjuncts of `toDNF`, each comparison made linear and sorted by
 * what it speaks of. Bounds are exact; regions that bounds or interval arithmetic show to be empty are marked.
 *
 * Throws `unsupported` for a query with several networks, inputs or outputs, an `initialized` input, or assertions on
 * hidden elements; what `toDNF` and `linearConstraint` throw; `too-large` where more than `maxSize` bounds and terms
 * would be copied, because disjuncts add to what they have in common.
 */
export function split(query: Query, options: SplitOptions = {}): SplitQuery {
  const { contradictions = 'keep', maxSize = 10_000_000 } = options;
  const { input, output } = soleTensors(query);
  const dnf = toDNF(query, options);
  const sorter = new Sorter(query, input, output);
  const budget = new Budget(maxSize);
  const regions = new Regions(query, input, budget);
  const common = sorter.sort(dnf.common, { isShared: false, onInput: constraint => regions.add(constraint) });
  const disjuncts: Disjunct[] = [];
  for (const comparisons of dnf.disjuncts) {
    const inputs: LinearConstraint[] = [];
    const own = sorter.sort(comparisons, { isShared: true, onInput: constraint => inputs.push(constraint) });
    const region = regions.of(inputs);
    const contradiction = region.contradiction ?? common.contradiction ?? own.contradiction;
    if (contradiction && contradictions === 'drop') continue;
    disjuncts.push({
      region,
      outputs: joined(common.outputs, own.outputs, budget),
      mixed: joined(common.mixed, own.mixed, budget),
      ...(contradiction ? { contradiction } : {}),
    });
  }
  return { input, output, disjuncts };
}

/** Shares what need not be copied. */
function joined<T>(common: readonly T[], own: readonly T[], budget: Budget): readonly T[] {
  if (own.length === 0) return common;
  if (common.length === 0) return own;
  budget.spend(common.length + own.length);
  return [...common, ...own];
}

function soleTensors({ networks }: Query): { input: InputTensor; output: OutputTensor } {
  const [{ inputs, outputs }] = networks;
  const isSole = networks.length === 1 && inputs.length === 1 && outputs.length === 1;
  if (!isSole || inputs[0].isInitialized) {
    const actual = isSole
      ? 'an initialized input'
      : `${networks.length} network(s), ${inputs.length} input(s), ${outputs.length} output(s)`;
    throw new VnnLibError({
      code: 'unsupported',
      where: 'split',
      expected: 'one network of one input and one output',
      actual,
    });
  }
  return { input: inputs[0], output: outputs[0] };
}

interface Sorting {
  /** Whether the comparisons may come again, in other disjuncts. */
  readonly isShared: boolean;
  /** Takes the constraints on inputs alone. */
  readonly onInput: (constraint: LinearConstraint) => void;
}

interface Sorted {
  readonly outputs: LinearConstraint[];
  readonly mixed: LinearConstraint[];
  readonly contradiction?: Contradiction;
}

/** Makes comparisons linear and sorts them. */
class Sorter {
  readonly #query: Query;
  readonly #input: InputTensor;
  readonly #output: OutputTensor;
  readonly #known = new Map<Comparison, LinearConstraint>();

  constructor(query: Query, input: InputTensor, output: OutputTensor) {
    this.#query = query;
    this.#input = input;
    this.#output = output;
  }

  /** The comparisons that are not of inputs alone. */
  sort(comparisons: readonly Comparison[], { isShared, onInput }: Sorting): Sorted {
    const outputs: LinearConstraint[] = [];
    const mixed: LinearConstraint[] = [];
    let contradiction: Contradiction | undefined;
    for (const comparison of comparisons) {
      const constraint = isShared ? this.#remembered(comparison) : this.#constraint(comparison);
      const { terms } = constraint;
      if (terms.length === 0) {
        if (!isTrue(constraint)) {
          contradiction ??= { reason: 'a comparison that is never true', comparisons: [comparison] };
        }
      } else if (isAbout(terms, this.#input)) onInput(constraint);
      else if (isAbout(terms, this.#output)) outputs.push(constraint);
      else mixed.push(constraint);
    }
    return { outputs, mixed, ...(contradiction ? { contradiction } : {}) };
  }

  #remembered(comparison: Comparison): LinearConstraint {
    const known = this.#known.get(comparison);
    if (known) return known;
    const constraint = this.#constraint(comparison);
    this.#known.set(comparison, constraint);
    return constraint;
  }

  #constraint(comparison: Comparison): LinearConstraint {
    const { source } = this.#query;
    const constraint = linearConstraint(comparison, source);
    for (const { tensor } of constraint.terms) {
      if (tensor === this.#input.name || tensor === this.#output.name) continue;
      const finding = { expected: 'inputs and outputs alone', actual: `hidden elements of ${tensor}` };
      throw new VnnLibError(located(source, comparison.at, { code: 'unsupported', ...finding }));
    }
    return constraint;
  }
}

function isAbout(terms: readonly LinearTerm[], { name }: InputTensor | OutputTensor): boolean {
  for (const { tensor } of terms) if (tensor !== name) return false;
  return true;
}
