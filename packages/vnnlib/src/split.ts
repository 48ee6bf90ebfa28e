import { withPlace } from './arithmetic.js';
import { type DnfOptions, toDNF } from './dnf.js';
import { VnnLibError } from './errors.js';
import { isTrue, type LinearConstraint, linearConstraint } from './linear.js';
import { elementName } from './names.js';
import { located } from './problems.js';
import { type Comparison, type InputTensor, type OutputTensor, type Query, sizeOf } from './query.js';
import { refutedBy } from './refute.js';
import { BoundsBuilder, type Contradiction, type InputRegion, type Unbounded } from './region.js';
import type { Source } from './source.js';

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
 * hidden elements; what `toDNF` and `linearConstraint` throw; `too-large` where the bounds of all regions together would
 * be more than `maxSize`.
 */
export function split(query: Query, options: SplitOptions = {}): SplitQuery {
  const { contradictions = 'keep', maxSize = 10_000_000 } = options;
  const { input, output } = soleTensors(query);
  const dnf = toDNF(query, options);
  const sorter = new Sorter(query, input, output);
  const common = sorter.sort(dnf.common);
  const regions = new Regions(query, input, common.inputs, maxSize);
  const disjuncts: Disjunct[] = [];
  for (const comparisons of dnf.disjuncts) {
    const own = sorter.sort(comparisons);
    const region = regions.of(own.inputs);
    const contradiction = region.contradiction ?? common.contradiction ?? own.contradiction;
    if (contradiction && contradictions === 'drop') continue;
    disjuncts.push({
      region,
      outputs: joined(common.outputs, own.outputs),
      mixed: joined(common.mixed, own.mixed),
      ...(contradiction ? { contradiction } : {}),
    });
  }
  return { input, output, disjuncts };
}

/** Shares what need not be copied. */
function joined<T>(common: readonly T[], own: readonly T[]): readonly T[] {
  return own.length === 0 ? common : common.length === 0 ? own : [...common, ...own];
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

interface Sorted {
  readonly inputs: LinearConstraint[];
  readonly outputs: LinearConstraint[];
  readonly mixed: LinearConstraint[];
  readonly contradiction?: Contradiction;
}

/** Makes comparisons linear, each once, and sorts them. */
class Sorter {
  readonly #query: Query;
  readonly #input: InputTensor;
  readonly #output: OutputTensor;
  readonly #linear = new Map<Comparison, LinearConstraint>();

  constructor(query: Query, input: InputTensor, output: OutputTensor) {
    this.#query = query;
    this.#input = input;
    this.#output = output;
  }

  sort(comparisons: readonly Comparison[]): Sorted {
    const inputs: LinearConstraint[] = [];
    const outputs: LinearConstraint[] = [];
    const mixed: LinearConstraint[] = [];
    let contradiction: Contradiction | undefined;
    for (const comparison of comparisons) {
      const constraint = this.#constraint(comparison);
      const { terms } = constraint;
      const hasInput = terms.some(({ tensor }) => tensor === this.#input.name);
      const hasOutput = terms.some(({ tensor }) => tensor === this.#output.name);
      if (hasInput) (hasOutput ? mixed : inputs).push(constraint);
      else if (hasOutput) outputs.push(constraint);
      else if (!isTrue(constraint)) {
        contradiction ??= { reason: 'a comparison that is never true', comparisons: [comparison] };
      }
    }
    return { inputs, outputs, mixed, ...(contradiction ? { contradiction } : {}) };
  }

  #constraint(comparison: Comparison): LinearConstraint {
    const known = this.#linear.get(comparison);
    if (known) return known;
    const constraint = linearConstraint(comparison, this.#query.source);
    const { source } = this.#query;
    for (const { tensor } of constraint.terms) {
      if (tensor === this.#input.name || tensor === this.#output.name) continue;
      const finding = { expected: 'inputs and outputs alone', actual: `hidden elements of ${tensor}` };
      throw new VnnLibError(located(source, comparison.at, { code: 'unsupported', ...finding }));
    }
    this.#linear.set(comparison, constraint);
    return constraint;
  }
}

/** The regions of a query, each made once. */
class Regions {
  readonly #made = new Map<string, InputRegion>();
  readonly #numbers = new Map<LinearConstraint, number>();
  readonly #common: readonly LinearConstraint[];
  readonly #source: Source;
  readonly #size: number;
  readonly #nameOf: (input: number) => string;
  readonly #maxSize: number;
  #entries = 0;

  constructor(query: Query, input: InputTensor, common: readonly LinearConstraint[], maxSize: number) {
    this.#common = common;
    this.#source = query.source;
    this.#size = sizeOf(input);
    this.#nameOf = index => elementName(query.version, input, index);
    this.#maxSize = maxSize;
  }

  /** The region of the common constraints and these. */
  of(own: readonly LinearConstraint[]): InputRegion {
    const key = own.map(constraint => this.#number(constraint)).join();
    const known = this.#made.get(key);
    if (known) return known;
    this.#entries += this.#common.length + own.length;
    if (this.#made.size > 0 && this.#entries > this.#maxSize) {
      throw new VnnLibError({
        code: 'too-large',
        where: 'split',
        expected: `at most ${this.#maxSize} comparisons of inputs in all regions`,
        actual: `${this.#entries} in the first ${this.#made.size + 1} regions`,
        remedy: 'Raise maxSize, or split the query.',
      });
    }
    const region = this.#make([...this.#common, ...own]);
    this.#made.set(key, region);
    return region;
  }

  #number(constraint: LinearConstraint): number {
    const known = this.#numbers.get(constraint);
    if (known !== undefined) return known;
    this.#numbers.set(constraint, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  #make(all: readonly LinearConstraint[]): InputRegion {
    const builder = new BoundsBuilder(this.#nameOf);
    const constraints: LinearConstraint[] = [];
    for (const constraint of all) {
      if (constraint.terms.length === 1) {
        withPlace(this.#source, constraint.comparison.at, () => builder.add(constraint));
      } else constraints.push(constraint);
    }
    const { bounds } = builder;
    const contradiction = builder.contradiction ?? refutedBy(bounds, constraints, this.#source);
    const unbounded = this.#unbounded(bounds);
    const region = { size: this.#size, bounds, constraints, unbounded };
    return contradiction ? { ...region, contradiction } : region;
  }

  #unbounded(bounds: InputRegion['bounds']): Unbounded {
    let count = this.#size;
    for (const { lower, upper } of bounds.values()) if (lower && upper) count--;
    const first: string[] = [];
    for (let i = 0; first.length < Math.min(count, MOST_NAMES); i++) {
      const interval = bounds.get(i);
      if (!interval?.lower || !interval.upper) first.push(this.#nameOf(i));
    }
    return { count, first };
  }
}

/** Names of unbounded inputs listed. */
const MOST_NAMES = 10;
