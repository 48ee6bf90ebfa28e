import {
  box,
  hPolytope,
  PoliceError,
  type PoliceErrorCode,
  type Region,
  type RegionOptions,
} from '@police/core';
import {
  type Disjunct,
  type Formula,
  type InputRegion,
  operandsOf,
  outerBox,
  parse,
  type Query,
  type Source,
  sizeOf,
  split,
  type Term,
  tensorsOf,
  VnnLibError,
  type VnnLibErrorCode,
} from '@police/vnnlib';
import { Memory } from './memory.js';
import { frameBytesOf } from './region-bytes.js';
import { inequalitiesOf } from './vnnlib-inequalities.js';

export interface VnnlibOptions extends RegionOptions {
  /** Inputs of the model; a property of another number is refused before anything is built. */
  readonly size?: number | undefined;
  /** @defaultValue that of a command without `--memory` */
  readonly memory?: Memory;
}

/**
 * The input constraints of a VNN-LIB property (https://www.vnnlib.org), version 1 or 2, one region for each different way
 * to satisfy them: bounds make boxes, other linear constraints H-polytopes. Numbers are exact and rounded outwards, so that
 * the regions hold every point meant; alternatives without a point drop out. Assertions on outputs alone say what is to
 * be shown there; they make no region.
 *
 * Throws, with file, line and column, `invalid-option` for what is no VNN-LIB or mixes inputs with outputs, `shape` for
 * another number of inputs than `size`, `unbounded-region` naming inputs, `empty-region`, or `too-large`.
 */
export function readVnnlib(
  text: string,
  file: string,
  { size, memory = new Memory({}), ...options }: VnnlibOptions = {},
): Region[] {
  return withPoliceErrors(() => {
    const query = parse(text, { file });
    assertInputs(query, file, size);
    const { disjuncts } = split(withoutOutputAssertions(query));
    for (const disjunct of disjuncts) assertUnmixed(disjunct, query.source);
    const distinct = [...new Set(disjuncts.map(({ region }) => region))];
    // All together must fit before the first is built.
    const planned = distinct.map(region => regionOf(region, query, memory, options));
    const regions = planned.flatMap(build => build() ?? []);
    if (regions.length === 0) throw emptyProperty(distinct, query);
    return regions;
  });
}

function assertInputs({ networks: [network] }: Query, file: string, size: number | undefined): void {
  const found = network.inputs.reduce((sum, input) => sum + sizeOf(input), 0);
  if (size === undefined || found === size) return;
  throw new PoliceError({
    code: 'shape',
    where: file,
    expected: `a property of the model's ${size} inputs`,
    actual: `${found}`,
  });
}

/** Alternatives of outputs may multiply beyond measure, and make no region. */
function withoutOutputAssertions(query: Query): Query {
  const tensors = tensorsOf(query);
  const isOnOutputs = (formula: Formula): boolean => {
    let hasOutputs = false;
    const left: (Formula | Term)[] = [formula];
    for (let node = left.pop(); node; node = left.pop()) {
      if (node.kind === 'element') {
        if (tensors.get(node.tensor)?.role !== 'output') return false;
        hasOutputs = true;
      } else for (const part of partsOf(node)) left.push(part);
    }
    return hasOutputs;
  };
  return { ...query, assertions: query.assertions.filter(({ formula }) => !isOnOutputs(formula)) };
}

function partsOf(node: Formula | Term): readonly (Formula | Term)[] {
  return node.kind === 'comparison' ? [node.left, node.right] : operandsOf<Formula | Term>(node);
}

function assertUnmixed({ mixed: [constraint] }: Disjunct, source: Source): void {
  if (!constraint) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: source.where(constraint.comparison.at),
    expected: 'constraints on inputs or on outputs',
    actual: 'one on both',
    remedy: 'A region is stated in the inputs alone.',
  });
}

/** Claims the region's size, and builds it when called; undefined where it holds no point. */
export function regionOf(
  region: InputRegion,
  { source }: Pick<Query, 'source'>,
  memory: Memory,
  options: RegionOptions,
): () => Region | undefined {
  if (region.contradiction) return () => undefined;
  if (region.constraints.length === 0) {
    const { lower, upper } = outerBox(region);
    const free = lower.reduce((count, lo, i) => (lo < upper[i] ? count + 1 : count), 0);
    memory.claimRegion(frameBytesOf(region.size, free), source.file);
    return () => box(lower, upper);
  }
  memory.claimRegion(frameBytesOf(region.size, region.size), source.file);
  const where = source.where(region.constraints[0].comparison.at);
  return () => polytopeOf(region, where, options);
}

function polytopeOf(region: InputRegion, where: string, options: RegionOptions): Region | undefined {
  const { A, b } = inequalitiesOf(region, where);
  try {
    return hPolytope(A, b, options);
  } catch (error) {
    if (!(error instanceof PoliceError)) throw error;
    if (error.code === 'empty-region') return undefined;
    const { code, expected, actual, remedy } = error;
    throw new PoliceError({
      code,
      where: `${where}: ${error.where}`,
      expected,
      actual,
      remedy,
      cause: error,
    });
  }
}

function emptyProperty([region]: readonly InputRegion[], { source }: Query): PoliceError {
  const contradiction = region?.contradiction;
  const at = contradiction?.comparisons[0]?.at ?? region?.constraints[0]?.comparison.at;
  return new PoliceError({
    code: 'empty-region',
    where: at === undefined ? source.file : source.where(at),
    expected: 'inputs that satisfy the property',
    actual: contradiction?.reason ?? 'none',
  });
}

const CODES: Partial<Record<VnnLibErrorCode, PoliceErrorCode>> = {
  'too-large': 'too-large',
  unbounded: 'unbounded-region',
  empty: 'empty-region',
};

/** Further problems named beside the first. */
const MORE_PROBLEMS = 4;

/** Errors of the reader as the command's own, the first few problems named. */
export function withPoliceErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof VnnLibError)) throw error;
    const { code, where, expected, actual, remedy, problems, omitted } = error;
    const others = problems
      .slice(1, 1 + MORE_PROBLEMS)
      .map(p => `${p.where}: expected ${p.expected}, got ${p.actual}.`);
    const left = problems.length + omitted - 1 - others.length;
    const rest = [remedy, ...others, left > 0 ? `… and ${left} more.` : undefined].filter(
      part => part !== undefined,
    );
    throw new PoliceError({
      code: CODES[code] ?? 'invalid-option',
      where,
      expected,
      actual,
      ...(rest.length > 0 ? { remedy: rest.join('\n') } : {}),
      cause: error,
    });
  }
}
