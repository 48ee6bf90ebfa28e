import {
  PoliceError,
  type QueryArithmetic,
  type QueryCase,
  type Region,
  type RegionOptions,
} from '@police/core';
import {
  type Disjunct,
  type InputRegion,
  type InputTensor,
  type LinearConstraint,
  type OutputTensor,
  parse,
  type Query,
  sizeOf,
  split,
} from '@police/vnnlib';
import { Memory } from '../memory.js';
import { regionOf, withPoliceErrors } from '../vnnlib.js';
import { constraintHolds, inequalitiesIn } from './inequalities.js';
import { type PointFormat, placing } from './place.js';

/** A region and the alternatives of what is looked for there. */
export interface PropertyCase extends QueryCase {
  /** In the order of the conjuncts. */
  readonly disjuncts: readonly Disjunct[];
}

/** What a VNN-LIB file looks for, of one network of one input and one output. */
export interface Property {
  readonly file: string;
  readonly query: Query;
  readonly input: InputTensor;
  readonly output: OutputTensor;
  /** Of the declared types: over the reals, or as a float32 runtime computes, which errs more than one of float64. */
  readonly arithmetic: QueryArithmetic;
  readonly format: PointFormat;
  readonly cases: readonly PropertyCase[];
}

export interface PropertyOptions extends RegionOptions {
  /** Of the model. */
  readonly inputs: number;
  readonly outputs: number;
  /** @defaultValue that of a command without `--memory` */
  readonly memory?: Memory;
}

/**
 * Reads a property with its outputs: each different set of inputs is a region, see `readVnnlib`, and alternatives without a point drop
 * out. Throws, with file, line and column, `invalid-option` for what is no VNN-LIB or cannot be asked, `shape` for other sizes than the
 * model's, `unbounded-region` naming inputs, or `too-large`.
 */
export function readProperty(text: string, file: string, options: PropertyOptions): Property {
  return withPoliceErrors(() => propertyOf(parse(text, { file }), file, options));
}

export function propertyOf(query: Query, file: string, options: PropertyOptions): Property {
  const { inputs, outputs, memory = new Memory({}), ...regionOptions } = options;
  const { input, output, disjuncts } = split(query, { contradictions: 'drop' });
  assertSize(file, 'inputs', sizeOf(input), inputs);
  assertSize(file, 'outputs', sizeOf(output), outputs);
  const { arithmetic, format } = arithmeticOf(input, output, file);
  const groups = new Map<InputRegion, Disjunct[]>();
  for (const disjunct of disjuncts) {
    const group = groups.get(disjunct.region);
    if (group) group.push(disjunct);
    else groups.set(disjunct.region, [disjunct]);
  }
  const known = new Map<LinearConstraint, ReturnType<typeof inequalitiesIn>>();
  const rowsOf = (constraint: LinearConstraint) => {
    const rows = known.get(constraint) ?? inequalitiesIn(constraint, input.name, query.source);
    known.set(constraint, rows);
    return rows;
  };
  const cases = [...groups].flatMap(([meant, members]): PropertyCase[] => {
    const region = regionOf(meant, query, memory, regionOptions)();
    if (!region) return [];
    const conjuncts = members.map(member => [...member.outputs, ...member.mixed].flatMap(rowsOf));
    return [{ region, conjuncts, disjuncts: members, place: placing(meant, region, format, input.name) }];
  });
  return { file, query, input, output, arithmetic, format, cases };
}

/** Whether the property says anything of outputs; one that does not is a list of regions. */
export function asksOfOutputs({ cases }: Property): boolean {
  return cases.some(({ conjuncts }) => conjuncts.some(rows => rows.length > 0));
}

export function regionsIn({ cases }: Property): Region[] {
  return cases.map(({ region }) => region);
}

/** Whether what the property says of outputs holds, exactly, for an input of a case and what was computed for it. */
export function isSatisfied(
  { input }: Property,
  { disjuncts }: PropertyCase,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): boolean {
  const numberAt = (tensor: string, index: number) => (tensor === input.name ? x : y)[index];
  return disjuncts.some(({ outputs, mixed }) =>
    [...outputs, ...mixed].every(constraint => constraintHolds(constraint, numberAt)),
  );
}

function assertSize(file: string, what: string, found: number, wanted: number): void {
  if (found === wanted) return;
  throw new PoliceError({
    code: 'shape',
    where: file,
    expected: `a property of the model's ${wanted} ${what}`,
    actual: `${found}`,
  });
}

function arithmeticOf(
  input: InputTensor,
  output: OutputTensor,
  file: string,
): Pick<Property, 'arithmetic' | 'format'> {
  const types = [input.elementType, output.elementType];
  if (types.every(type => type === 'real')) return { arithmetic: 'exact', format: 'float64' };
  if (types.every(type => type === 'float32' || type === 'float64'))
    return { arithmetic: 'float32', format: 'float32' };
  throw new PoliceError({
    code: 'unsupported-layer',
    where: file,
    expected: 'tensors of Real, float32 or float64',
    actual: types.join(' and '),
    remedy: 'Declare them Real to ask about the model as a function of real numbers.',
  });
}
