import { PoliceError } from '@police/core';
import { Attributes } from './attributes.js';
import type { NetworkBuilder } from './builder.js';
import { clampOf } from './clamp-values.js';
import { type ClampPattern, type Reading, readBy } from './clamps.js';
import { NodeContext } from './context.js';
import type { Cone } from './curves/cones.js';
import { declarationOf } from './ends.js';
import { malformed, namingNode, unsupported } from './errors.js';
import { labelOf, nodesBefore, type Wiring } from './graph.js';
import { readerOf } from './operators/find-reader.js';
import type { OperatorFamily } from './operators/reader.js';
import type { GraphProto } from './proto.js';
import { readTensor } from './tensor.js';
import { constantOf, type Data, entriesOf, type Value } from './values.js';

/** What reading a model's nodes needs. */
interface Evaluation {
  readonly graph: GraphProto;
  readonly wiring: Wiring;
  readonly opset: number;
  readonly builder: NetworkBuilder;
  /** The network's input. */
  readonly input: Data;
  /** That, and the inputs that are held, by name. */
  readonly known: ReadonlyMap<string, Value>;
  /** How far from affine the tails of smooth functions may be; absent where none are read. */
  readonly epsilon: number | undefined;
  readonly reading: Reading;
  /** What is read besides the operators that always are. */
  readonly families: readonly OperatorFamily[];
}

/** A node that cannot be read, and why. */
export class UnreadNode extends Error {
  constructor(
    readonly node: number,
    override readonly cause: PoliceError,
  ) {
    super(cause.message);
  }
}

/** Reads every node that the `targets` depend on; looks up values by tensor. Throws {@link UnreadNode}. */
export function evaluate(
  run: Evaluation,
  targets: ReadonlySet<string>,
): (tensor: string) => Value | undefined {
  const { graph, wiring, builder, known, epsilon, reading, families } = run;
  const values = new Map(known);
  const lookUp = (tensor: string): Value | undefined => {
    const index = wiring.initializers.get(tensor);
    if (index !== undefined && !values.has(tensor)) {
      values.set(tensor, constantOf(readTensor(graph.initializer[index], `initializer '${tensor}'`)));
    }
    return values.get(tensor);
  };
  const nameCounts = new Map<string, number>();
  for (const { name } of graph.node) nameCounts.set(name, (nameCounts.get(name) ?? 0) + 1);
  const order = nodesBefore([...targets], graph, wiring, readBy(graph, reading));
  const curves = families.find(family => family.curves)?.curves;
  const cones = curves?.conesOf(graph, wiring, order, targets);
  const isOnlyReader = (tensor: string) => wiring.uses.get(tensor) === 1 && !targets.has(tensor);
  /** What a cone is a curve of, if it depends on the network's input. */
  const sourceOf = (cone: Cone | undefined): Data | undefined => {
    const source = cone && lookUp(cone.source);
    return source?.kind === 'data' ? source : undefined;
  };
  for (const index of order) {
    if (sourceOf(cones?.byInner.get(index))) continue;
    const node = graph.node[index];
    const label = labelOf(node, index);
    const ownName = node.name !== '' && nameCounts.get(node.name) === 1 ? node.name : node.output[0];
    const cone = cones?.byEnd.get(index);
    const source = sourceOf(cone);
    const results = attempt(index, () =>
      namingNode(label, () =>
        curves && cone && source
          ? [curves.valueOf(builder, source, cone, ownName, label, epsilon)]
          : readNode(run, index, label, ownName, lookUp, isOnlyReader),
      ),
    );
    node.output.forEach((tensor, i) => {
      if (results[i]) values.set(tensor, results[i]);
    });
    // Weights are large, and twice as large as numbers as in the file: what nobody else reads need not be kept.
    for (const tensor of node.input) {
      if (values.get(tensor)?.kind === 'constant' && isOnlyReader(tensor)) values.delete(tensor);
    }
  }
  return lookUp;
}

function attempt<T>(node: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof PoliceError ? new UnreadNode(node, error) : error;
  }
}

function readNode(
  run: Evaluation,
  index: number,
  label: string,
  name: string,
  lookUp: (tensor: string) => Value | undefined,
  isOnlyReader: (tensor: string) => boolean,
): Value[] {
  const { graph, wiring, opset, builder, epsilon, reading, families } = run;
  const node = graph.node[index];
  const clamp = reading.clamps.get(index);
  const reader = readerOf(node, label, families);
  const valueAt = (tensor: string, i: number): Value => {
    const value = lookUp(tensor);
    if (value) return value;
    const isOutput = wiring.producers.has(tensor);
    const actual = isOutput
      ? `'${tensor}', an output that is not read`
      : `'${tensor}', which nothing computes`;
    throw isOutput
      ? unsupported(label, `a tensor as input ${i}`, actual)
      : malformed(label, `a tensor as input ${i}`, actual);
  };
  const inputs = clamp ? [] : node.input.map((tensor, i) => (tensor === '' ? undefined : valueAt(tensor, i)));
  const attributes = new Attributes(node, label);
  const ctx = new NodeContext({
    node: index,
    opType: node.opType,
    label,
    name,
    opset,
    attributes,
    inputs,
    tensors: node.input,
    isOnlyReader: input => isOnlyReader(node.input[input]),
    isAfter: (input, opType) =>
      nodesBefore([node.input[input]], graph, wiring)
        .map(before => graph.node[before])
        .some(before => before.opType === opType && lookUp(before.output[0])?.kind === 'data'),
    builder,
    epsilon,
    knowsCurves: families.some(family => family.curves),
  });
  if (clamp) return [readClamp(run, ctx, clamp, valueAt)];
  const result = reader(ctx, node.output.length);
  attributes.assertAllRead();
  const results = Array.isArray(result) ? result : [result];
  for (const { shape, kind } of results) {
    if (kind === 'data' && !(entriesOf(shape) > 0))
      throw malformed(label, 'results with entries', `[${shape}]`);
  }
  return results;
}

function readClamp(
  { graph, input, reading }: Evaluation,
  ctx: NodeContext,
  { value, centre, radius }: ClampPattern,
  valueAt: (tensor: string, i: number) => Value,
): Value {
  const isUnread = reading.unread.has(value);
  const { declaredShape } = declarationOf(graph.node[ctx.node].output[0], graph);
  const held = isUnread ? { input, declaredShape } : valueAt(value, 0);
  return clampOf(ctx, held, valueAt(centre, 1), valueAt(radius, 2));
}
