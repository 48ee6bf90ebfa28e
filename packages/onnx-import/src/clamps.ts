import { nodesBefore, type Wiring } from './graph.js';
import type { GraphProto, NodeProto } from './proto.js';

/** A node `Max(Min(value, Add(centre, radius)), Sub(centre, radius))`, by the tensors that it is made of. */
export interface ClampPattern {
  readonly value: string;
  readonly centre: string;
  readonly radius: string;
}

/** The clamps of a graph, as patches write them, by the index of their last node. Inputs may stand in either order. */
export function clampsIn(graph: GraphProto, wiring: Wiring): ReadonlyMap<number, ClampPattern> {
  const found = new Map<number, ClampPattern>();
  graph.node.forEach((node, index) => {
    const pattern = clampAt(node, graph, wiring);
    if (pattern) found.set(index, pattern);
  });
  return found;
}

function clampAt(node: NodeProto, graph: GraphProto, { producers }: Wiring): ClampPattern | undefined {
  const operands = (opType: string, tensor: string): readonly string[] | undefined => {
    const at = producers.get(tensor);
    return at?.output === 0 ? operandsOf(graph.node[at.node], opType) : undefined;
  };
  for (const [upper, lower] of bothWays(operandsOf(node, 'Max'))) {
    const bounds = operands('Sub', lower);
    if (!bounds) continue;
    const [centre, radius] = bounds;
    for (const [value, sum] of bothWays(operands('Min', upper))) {
      const isSum = bothWays(operands('Add', sum)).some(([a, r]) => a === centre && r === radius);
      if (isSum && isComputed(centre, graph, producers)) return { value, centre, radius };
    }
  }
  return undefined;
}

/** A centre that is stored makes a clip, which is read as such. */
function isComputed(tensor: string, graph: GraphProto, producers: Wiring['producers']): boolean {
  const at = producers.get(tensor);
  return at !== undefined && graph.node[at.node].opType !== 'Constant';
}

/** What is read of a graph: its clamps, and which of their values are not. */
export interface Reading {
  readonly clamps: ReadonlyMap<number, ClampPattern>;
  readonly unread: ReadonlySet<string>;
}

/** The tensors that a node is computed from: of a clamp, what it is made of. */
export function readBy(graph: GraphProto, { clamps, unread }: Reading): (node: number) => readonly string[] {
  return node => {
    const clamp = clamps.get(node);
    if (!clamp) return graph.node[node].input;
    const { value, centre, radius } = clamp;
    return unread.has(value) ? [centre, radius] : [value, centre, radius];
  };
}

/** The value of the innermost clamp that needs a node which cannot be read; undefined where none is left to leave unread. */
export function valueToLeave(
  node: number,
  graph: GraphProto,
  wiring: Wiring,
  reading: Reading,
): string | undefined {
  const values = [...reading.clamps.values()].map(({ value }) => value);
  const cones = values
    .filter(value => !reading.unread.has(value))
    .map(value => ({ value, cone: nodesBefore([value], graph, wiring, readBy(graph, reading)) }))
    .filter(({ cone }) => cone.includes(node));
  return cones.sort((a, b) => a.cone.length - b.cone.length)[0]?.value;
}

/** The two inputs of a node of ONNX's own operator, which has nothing else. */
function operandsOf({ opType, domain, input, attribute }: NodeProto, wanted: string): string[] | undefined {
  const isOwn = domain === '' || domain === 'ai.onnx';
  const isPlain = isOwn && opType === wanted && attribute.length === 0;
  return isPlain && input.length === 2 && !input.includes('') ? input : undefined;
}

function bothWays(pair: readonly string[] | undefined): (readonly string[])[] {
  return pair ? [pair, [pair[1], pair[0]]] : [];
}
