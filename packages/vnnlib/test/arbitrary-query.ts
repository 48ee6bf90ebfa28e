import {
  type Assertion,
  type Comparator,
  type ElementType,
  type Formula,
  type HiddenTensor,
  type InputTensor,
  type Network,
  type OutputTensor,
  type Query,
  Source,
  sizeOf,
  type Term,
} from '@police/vnnlib';
import fc from 'fast-check';
import type { Values } from './oracle.js';

/** Offsets mean nothing in a query that no text was read for. */
const at = 0;
const source = new Source('generated', '');

/** Few different values, so that bounds meet, cross and touch. */
const smallDecimal = fc.constantFrom(
  '0',
  '1',
  '-1',
  '2',
  '-2',
  '0.5',
  '-0.5',
  '1.0',
  '3',
  '0.1',
  '-0.25',
  '10.0',
);
const anyDecimal = fc
  .tuple(fc.boolean(), fc.bigInt(0n, 10n ** 20n), fc.option(fc.stringMatching(/^\d{1,20}$/)))
  .map(
    ([isNegative, whole, places]) => `${isNegative ? '-' : ''}${whole}${places === null ? '' : `.${places}`}`,
  );
const decimals = fc.oneof({ weight: 4, arbitrary: smallDecimal }, anyDecimal);
const wholes = fc.constantFrom('0', '1', '-1', '7', '-100');

const constantOf = (texts: fc.Arbitrary<string>) => texts.map<Term>(text => ({ kind: 'constant', text, at }));

type Variables = readonly { readonly name: string; readonly size: number }[];

function elementOf(variables: Variables): fc.Arbitrary<Term> {
  const usable = variables.filter(({ size }) => size > 0);
  return fc
    .constantFrom(...usable)
    .chain(({ name, size }) =>
      fc.nat(size - 1).map(index => ({ kind: 'element', tensor: name, index, at }) as const),
    );
}

const operation = (operator: '+' | '-' | '*' | '/', operands: readonly Term[]): Term => ({
  kind: 'operation',
  operator,
  operands,
  at,
});

/** Sums of constants times elements, as deep as they come; with divisions by constants where asked. */
function linearTerm(
  variables: Variables,
  texts: fc.Arbitrary<string>,
  hasDivision: boolean,
): fc.Arbitrary<Term> {
  const constant = constantOf(texts);
  const divisor = constantOf(fc.constantFrom('3', '7.0', '-2', '0.3'));
  return fc.letrec<{ term: Term }>(tie => ({
    term: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      elementOf(variables),
      constant,
      fc
        .tuple(fc.constantFrom('+', '-'), fc.array(tie('term'), { minLength: 1, maxLength: 4 }))
        .map(([operator, operands]) => operation(operator, operands)),
      fc
        .tuple(constant, tie('term'), fc.boolean())
        .map(([c, term, isFirst]) => operation('*', isFirst ? [c, term] : [term, c])),
      ...(hasDivision ? [fc.tuple(tie('term'), divisor).map(operands => operation('/', operands))] : []),
    ),
  })).term;
}

const comparators = fc.constantFrom<Comparator>('<', '<=', '>', '>=', '==', '!=', '<=', '>=', '<=', '>=');

function hasElement(term: Term): boolean {
  return term.kind === 'operation' ? term.operands.some(hasElement) : term.kind === 'element';
}

function formulaOf(
  variables: Variables,
  texts: fc.Arbitrary<string>,
  { hasDivision, mayBeConstant }: { hasDivision: boolean; mayBeConstant: boolean },
): fc.Arbitrary<Formula> {
  const term = linearTerm(variables, texts, hasDivision);
  const bound = fc.tuple(comparators, elementOf(variables), constantOf(texts));
  const any = fc.tuple(comparators, term, term);
  const comparison = fc
    .oneof(
      bound,
      bound.map(([o, l, r]) => [o, r, l] as const),
      any,
    )
    .filter(([, left, right]) => mayBeConstant || hasElement(left) || hasElement(right))
    .map<Formula>(([operator, left, right]) => ({ kind: 'comparison', operator, left, right, at }));
  return fc.letrec<{ formula: Formula }>(tie => ({
    formula: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      comparison,
      fc
        .tuple(fc.constantFrom('and', 'or'), fc.array(tie('formula'), { minLength: 1, maxLength: 3 }))
        .map<Formula>(([kind, operands]) => ({ kind, operands, at })),
    ),
  })).formula;
}

function assertionsOf(formula: fc.Arbitrary<Formula>): fc.Arbitrary<Assertion[]> {
  return fc.array(
    formula.map(f => ({ formula: f, at })),
    { maxLength: 5 },
  );
}

/** Queries of version 1, linear. */
export const version1: fc.Arbitrary<Query> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 }))
  .chain(([inputs, outputs]) => {
    const variables = [
      { name: 'X', size: inputs },
      { name: 'Y', size: outputs },
    ];
    const network: Network = {
      name: 'network',
      inputs: [{ role: 'input', name: 'X', elementType: 'real', shape: [inputs], isInitialized: false, at }],
      hidden: [],
      outputs: [{ role: 'output', name: 'Y', elementType: 'real', shape: [outputs], at }],
      at,
    };
    return assertionsOf(formulaOf(variables, decimals, { hasDivision: true, mayBeConstant: true })).map(
      assertions => ({
        version: { major: 1, minor: 0 } as const,
        networks: [network],
        assertions,
        source,
      }),
    );
  });

const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
const elementTypes = fc.constantFrom<ElementType>('real', 'float32', 'float16', 'int8', 'uint64');
const onnxNames = fc.string({
  unit: fc.constantFrom('a', 'Z', '/', '"', '\\', '\n', '\t', ' ', ';', '(', ']', 'é'),
});

/** Queries of version 2 on one network of one input and one output, and perhaps hidden tensors that nothing uses. */
export const soleNetwork: fc.Arbitrary<Query> = fc
  .tuple(shapes, shapes, fc.boolean())
  .chain(([inputShape, outputShape, hasHidden]) => {
    const input: InputTensor = {
      role: 'input',
      name: 'A',
      elementType: 'real',
      shape: inputShape,
      isInitialized: false,
      at,
    };
    const hidden: HiddenTensor = {
      role: 'hidden',
      name: 'H',
      elementType: 'real',
      shape: [2],
      onnxName: 'h',
      at,
    };
    const output: OutputTensor = { role: 'output', name: 'B', elementType: 'real', shape: outputShape, at };
    const network: Network = {
      name: 'f',
      inputs: [input],
      hidden: hasHidden ? [hidden] : [],
      outputs: [output],
      at,
    };
    const variables = [input, output].map(tensor => ({ name: tensor.name, size: sizeOf(tensor) }));
    return assertionsOf(formulaOf(variables, decimals, { hasDivision: false, mayBeConstant: true })).map(
      assertions => ({
        version: { major: 2, minor: 0 } as const,
        networks: [network],
        assertions,
        source,
      }),
    );
  });

/** Queries of version 2 on up to three networks of one element type, equal and isomorphic ones among them. */
export const version2: fc.Arbitrary<Query> = fc
  .record({
    elementType: elementTypes,
    minor: fc.integer({ min: 1, max: 3 }),
    inputShapes: fc.array(shapes, { minLength: 1, maxLength: 2 }),
    outputShapes: fc.array(shapes, { minLength: 1, maxLength: 2 }),
    equivalences: fc.array(fc.option(fc.constantFrom('equal-to', 'isomorphic-to')), { maxLength: 2 }),
    hidden: fc.option(onnxNames),
    isInitialized: fc.boolean(),
  })
  .chain(({ elementType, minor, inputShapes, outputShapes, equivalences, hidden, isInitialized }) => {
    const networks = [null, ...equivalences].map<Network>((equivalence, n) => ({
      name: `net_${n}`,
      ...(equivalence ? { equivalence: { kind: equivalence, network: 'net_0', at } } : {}),
      inputs: inputShapes.map((shape, i) => ({
        role: 'input',
        name: `x${n}_${i}`,
        elementType,
        shape,
        isInitialized,
        at,
      })),
      hidden:
        hidden === null
          ? []
          : [{ role: 'hidden', name: `h${n}`, elementType, shape: [2, 1], onnxName: hidden, at }],
      outputs: outputShapes.map((shape, i) => ({
        role: 'output',
        name: `y${n}_${i}`,
        elementType,
        shape,
        at,
      })),
      at,
    }));
    const tensors = networks.flatMap(({ inputs, hidden: h, outputs }) => [...inputs, ...h, ...outputs]);
    const variables = tensors.map(tensor => ({ name: tensor.name, size: sizeOf(tensor) }));
    const isReal = elementType === 'real';
    const texts =
      elementType === 'uint64'
        ? fc.constantFrom('0', '1', '18446744073709551615')
        : elementType === 'int8'
          ? wholes
          : decimals;
    const options = { hasDivision: false, mayBeConstant: isReal };
    return assertionsOf(formulaOf(variables, texts, options)).map(assertions => ({
      version: { major: 2, minor } as const,
      networks,
      assertions,
      source,
    }));
  });

/** Values that generated comparisons often have as bounds, and others, by tensor and index. */
export const values: fc.Arbitrary<Values> = fc
  .array(
    fc.oneof(
      fc.constantFrom<readonly [bigint, bigint]>(
        [0n, 1n],
        [1n, 1n],
        [-1n, 1n],
        [2n, 1n],
        [1n, 2n],
        [-1n, 4n],
        [1n, 10n],
      ),
      fc.tuple(fc.bigInt(-50n, 50n), fc.bigInt(1n, 30n)),
    ),
    { minLength: 64, maxLength: 64 },
  )
  .map(list => (tensor, index) => list[(index + (/[BYyh]/.test(tensor) ? 32 : 0)) % 64]);

/** A query without places and source. */
export function meaningOf(query: Query): unknown {
  return JSON.parse(
    JSON.stringify({ ...query, source: undefined }, (key, value) => (key === 'at' ? undefined : value)),
  );
}
