import { Attributes } from '../attributes.js';
import { labelOf, type Wiring } from '../graph.js';
import type { GraphProto, NodeProto } from '../proto.js';
import { isFloat, readTensor, type Tensor } from '../tensor.js';
import { applied, type Expression, IDENTITY, polynomial, power, product, scaled, sum } from './expression.js';
import type { StoredIn } from './recognise.js';

/** Longer chains are no curve that exporters write. */
const DEEPEST = 12;

/** A constant of one entry, and how many axes it has. */
interface Scalar {
  readonly value: number;
  readonly rank: number;
  readonly format: StoredIn;
}

type Operands = readonly (Expression | undefined)[];

/** What elementwise operators make of expressions; `of` are the node's inputs, missing ones undefined. */
const OPERATORS: Readonly<
  Record<string, (of: Operands, node: NodeProto, label: string) => Expression | undefined>
> = {
  Identity: ([a]) => a,
  Neg: ([a]) => a && scaled(a, -1),
  Add: ([a, b]) => a && b && sum(a, b),
  Sub: ([a, b]) => a && b && sum(a, scaled(b, -1)),
  Mul: ([a, b]) => a && b && product(a, b),
  Div: ([a, b]) => a && b && divided(a, b),
  Pow: ([a, b]) => a && b && power(a, constantIn(b) ?? Number.NaN),
  Sigmoid: ([a]) => a && applied({ name: 'sigmoid', of: a }),
  Tanh: ([a]) => a && applied({ name: 'tanh', of: a }),
  Erf: ([a]) => a && applied({ name: 'erf', of: a }),
  Softplus: ([a]) => a && applied({ name: 'softplus', of: a }),
  Clip: ([a, lo, hi], node, label) => a && clipped(a, lo, hi, new Attributes(node, label)),
  HardSigmoid: ([a], node, label) => a && hardSigmoid(a, new Attributes(node, label)),
};

function divided(a: Expression, b: Expression): Expression | undefined {
  const divisor = constantIn(b);
  if (!divisor) return undefined;
  return { ...a, poly: a.poly.map(p => p / divisor) };
}

/** Bounds are attributes before operator set 11, inputs from then on. */
function clipped(
  of: Expression,
  lower: Expression | undefined,
  upper: Expression | undefined,
  attributes: Attributes,
): Expression | undefined {
  const lo = (lower && constantIn(lower)) ?? attributes.float('min');
  const hi = (upper && constantIn(upper)) ?? attributes.float('max');
  return lo === undefined || hi === undefined ? undefined : applied({ name: 'clip', of, lo, hi });
}

function hardSigmoid(a: Expression, attributes: Attributes): Expression | undefined {
  const alpha = attributes.float('alpha', Math.fround(0.2));
  const argument = sum(scaled(a, alpha), polynomial([attributes.float('beta', 0.5)]));
  return argument && applied({ name: 'clip', of: argument, lo: 0, hi: 1 });
}

function constantIn({ poly, atom }: Expression): number | undefined {
  return !atom && poly.length === 1 ? poly[0] : undefined;
}

/** Floating-point constants of one entry, stored or of a Constant node. */
export function scalarsOf(graph: GraphProto, wiring: Wiring): (tensor: string) => Scalar | undefined {
  const known = new Map<string, Scalar | undefined>();
  const find = (tensor: string): Scalar | undefined => {
    const initializer = wiring.initializers.get(tensor);
    if (initializer !== undefined) {
      const stored = graph.initializer[initializer];
      return stored.dims.every(size => size === 1n) ? scalarOf(readTensor(stored, tensor)) : undefined;
    }
    const producer = wiring.producers.get(tensor);
    const node = producer && graph.node[producer.node];
    if (node?.opType !== 'Constant') return undefined;
    const attributes = new Attributes(node, labelOf(node, producer!.node));
    const value = attributes.has('value_float') ? attributes.float('value_float') : undefined;
    if (value !== undefined) return { value, rank: 0, format: 'float32' };
    const isTensor =
      attributes.has('value') && node.attribute.some(({ t }) => t?.dims.every(size => size === 1n));
    return isTensor ? scalarOf(attributes.tensor('value')!) : undefined;
  };
  return tensor => {
    if (!known.has(tensor)) known.set(tensor, find(tensor));
    return known.get(tensor);
  };
}

function scalarOf({ dtype, data, shape }: Tensor): Scalar | undefined {
  return data.length === 1 && isFloat(dtype)
    ? { value: data[0], rank: shape.length, format: dtype === 'float16' ? dtype : 'float32' }
    : undefined;
}

/** An expression that a node computes of a tensor, and what it takes. */
export interface Found {
  readonly expression: Expression;
  /** The nodes, the last one included, ascending. */
  readonly nodes: readonly number[];
  /** The most axes of any constant that gives axes to what it meets. */
  readonly rank: number;
  /** The narrowest format that one of its constants is stored in. */
  readonly format: StoredIn;
}

/** Looks back from a node over elementwise operators. */
export function expressionsIn(
  graph: GraphProto,
  { producers }: Wiring,
  scalars: (tensor: string) => Scalar | undefined,
): {
  /** The tensors that the node may be a curve of, nearest first. */
  ancestors(node: number): string[];
  read(node: number, source: string): Found | undefined;
} {
  const nodeOf = (tensor: string): number | undefined => {
    const producer = producers.get(tensor);
    const { opType, domain } = producer ? graph.node[producer.node] : { opType: '', domain: '' };
    const isOurs = domain === '' || domain === 'ai.onnx';
    return producer?.output === 0 && isOurs && Object.hasOwn(OPERATORS, opType) ? producer.node : undefined;
  };
  return {
    ancestors: end => {
      const found = new Set<string>();
      let level = [end];
      for (let depth = 0; depth < DEEPEST && level.length > 0; depth++) {
        const tensors = level.flatMap(node => graph.node[node].input);
        const fresh = [...new Set(tensors)].filter(
          tensor => tensor !== '' && !found.has(tensor) && !scalars(tensor),
        );
        for (const tensor of fresh) found.add(tensor);
        level = fresh.flatMap(tensor => nodeOf(tensor) ?? []);
      }
      return [...found];
    },
    read: (end, source) => {
      const nodes = new Set<number>();
      let rank = 0;
      let format: StoredIn = 'float32';
      const known = new Map<string, Expression | undefined>([[source, IDENTITY]]);
      const expressionOf = (tensor: string, depth: number): Expression | undefined => {
        if (known.has(tensor)) return known.get(tensor);
        const scalar = scalars(tensor);
        if (scalar?.format === 'float16') format = 'float16';
        const node = nodeOf(tensor);
        const found = scalar
          ? polynomial([scalar.value])
          : node === undefined || depth === 0
            ? undefined
            : ofNode(node, depth - 1);
        known.set(tensor, found);
        return found;
      };
      const ofNode = (node: number, depth: number): Expression | undefined => {
        const { opType, input } = graph.node[node];
        const operands = input.map(tensor => (tensor === '' ? undefined : expressionOf(tensor, depth)));
        if (operands.some((operand, i) => !operand && input[i] !== '')) return undefined;
        nodes.add(node);
        // The bounds of a Clip are broadcast to what is clipped, never the other way.
        const broadcast = opType === 'Clip' ? input.slice(0, 1) : input;
        for (const tensor of broadcast) rank = Math.max(rank, scalars(tensor)?.rank ?? 0);
        return OPERATORS[opType](operands, graph.node[node], labelOf(graph.node[node], node));
      };
      const expression = ofNode(end, DEEPEST);
      return expression && { expression, nodes: [...nodes].sort((a, b) => a - b), rank, format };
    },
  };
}
