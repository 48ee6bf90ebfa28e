import { PoliceError } from '@police/core';
import { Attributes } from './attributes.js';
import type { NetworkBuilder } from './builder.js';
import { clampOf } from './clamp-values.js';
import { type ClampPattern, type Reading, readBy } from './clamps.js';
import { NodeContext } from './context.js';
import { declarationOf } from './ends.js';
import { malformed, namingNode, unsupported } from './errors.js';
import { labelOf, nodesBefore, type Wiring } from './graph.js';
import { READERS } from './operators/table.js';
import type { GraphProto } from './proto.js';
import { readTensor } from './tensor.js';
import { constantOf, type Data, entriesOf, type Value } from './values.js';

/** What reading a model's nodes needs. */
interface Evaluation {
  readonly graph: GraphProto;
  readonly wiring: Wiring;
  readonly opset: number;
  readonly builder: NetworkBuilder;
  readonly input: Data;
  readonly inputName: string;
  readonly reading: Reading;
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

/** Reads every node that `target` depends on; looks up values by tensor. Throws {@link UnreadNode}. */
export function evaluate(run: Evaluation, target: string): (tensor: string) => Value | undefined {
  const { graph, wiring, input, inputName, reading } = run;
  const values = new Map<string, Value>([[inputName, input]]);
  const lookUp = (tensor: string): Value | undefined => {
    const index = wiring.initializers.get(tensor);
    if (index !== undefined && !values.has(tensor)) {
      values.set(tensor, constantOf(readTensor(graph.initializer[index], `initializer '${tensor}'`)));
    }
    return values.get(tensor);
  };
  const nameCounts = new Map<string, number>();
  for (const { name } of graph.node) nameCounts.set(name, (nameCounts.get(name) ?? 0) + 1);
  for (const index of nodesBefore(target, graph, wiring, readBy(graph, reading))) {
    const node = graph.node[index];
    const label = labelOf(node, index);
    const ownName = node.name !== '' && nameCounts.get(node.name) === 1 ? node.name : node.output[0];
    const results = attempt(index, () =>
      namingNode(label, () => readNode(run, index, label, ownName, lookUp)),
    );
    node.output.forEach((tensor, i) => {
      if (results[i]) values.set(tensor, results[i]);
    });
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
): Value[] {
  const { graph, wiring, opset, builder, reading } = run;
  const node = graph.node[index];
  const clamp = reading.clamps.get(index);
  const reader = node.domain === '' || node.domain === 'ai.onnx' ? READERS.get(node.opType) : undefined;
  if (!reader) {
    throw unsupported(
      label,
      'an operator that is piecewise affine, or constant',
      `'${node.domain === '' ? '' : `${node.domain}.`}${node.opType}'`,
      'See the list in the README of @police/onnx-import.',
    );
  }
  const valueOf = (tensor: string, i: number): Value => {
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
  const inputs = clamp ? [] : node.input.map((tensor, i) => (tensor === '' ? undefined : valueOf(tensor, i)));
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
    isOnlyReader: input => wiring.uses.get(node.input[input]) === 1,
    isAfter: (input, opType) =>
      nodesBefore(node.input[input], graph, wiring)
        .map(before => graph.node[before])
        .some(before => before.opType === opType && lookUp(before.output[0])?.kind === 'data'),
    builder,
  });
  if (clamp) return [readClamp(run, ctx, clamp, valueOf)];
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
  valueOf: (tensor: string, i: number) => Value,
): Value {
  const isUnread = reading.unread.has(value);
  const { declaredShape } = declarationOf(graph.node[ctx.node].output[0], graph);
  const held = isUnread ? { input, declaredShape } : valueOf(value, 0);
  return clampOf(ctx, held, valueOf(centre, 1), valueOf(radius, 2));
}
