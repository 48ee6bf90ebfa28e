import type { Wiring } from '../graph.js';
import type { GraphProto } from '../proto.js';
import { expressionsIn, scalarsOf } from './elementwise.js';
import { type Curve, curveOf } from './recognise.js';

/** Nodes that compute one curve of one tensor, entry by entry. */
export interface Cone {
  /** The node whose output the curve is. */
  readonly end: number;
  readonly source: string;
  /** Where the source is read in the cone, ascending. */
  readonly places: readonly { readonly node: number; readonly input: number }[];
  /** The nodes before the end. */
  readonly inner: readonly number[];
  readonly curve: Curve;
  /** The most axes of any constant in it. */
  readonly rank: number;
}

export interface Cones {
  readonly byEnd: ReadonlyMap<number, Cone>;
  readonly byInner: ReadonlyMap<number, Cone>;
}

/** What a curve may end with: a product, a factor after it, or a sum of two products. */
const ENDS: ReadonlySet<string> = new Set(['Mul', 'Div', 'Add']);

/**
 * Products of a tensor with a function of itself, which no reader of single nodes can take: hard swish, SiLU, GELU, Mish. `order`: the nodes that
 * are read, each after those it reads; `targets`: tensors wanted for themselves. Each cone is as large as can be, and nothing outside reads what is inside.
 */
export function conesOf(
  graph: GraphProto,
  wiring: Wiring,
  order: readonly number[],
  targets: ReadonlySet<string>,
): Cones {
  const scalars = scalarsOf(graph, wiring);
  const byEnd = new Map<number, Cone>();
  const byInner = new Map<number, Cone>();
  for (const end of [...order].reverse()) {
    if (byInner.has(end) || !ENDS.has(graph.node[end].opType)) continue;
    const cone = coneAt(end, graph, wiring, scalars, targets);
    if (!cone) continue;
    byEnd.set(end, cone);
    for (const node of cone.inner) byInner.set(node, cone);
  }
  return { byEnd, byInner };
}

function coneAt(
  end: number,
  graph: GraphProto,
  wiring: Wiring,
  scalars: ReturnType<typeof scalarsOf>,
  targets: ReadonlySet<string>,
): Cone | undefined {
  const before = expressionsIn(graph, wiring, scalars);
  for (const source of before.ancestors(end)) {
    const found = before.read(end, source);
    const curve = found && curveOf(found.expression, found.format);
    if (!found || !curve) continue;
    const inner = found.nodes.filter(node => node !== end);
    const places = found.nodes.flatMap(node =>
      graph.node[node].input.flatMap((tensor, input) => (tensor === source ? [{ node, input }] : [])),
    );
    const cone = { end, source, places, inner, curve, rank: found.rank };
    return isClosed(cone, graph, wiring, targets) ? cone : undefined;
  }
  return undefined;
}

/** Whether what the inner nodes compute is read inside alone. */
function isClosed(
  { end, inner }: Cone,
  { node }: GraphProto,
  { uses }: Wiring,
  targets: ReadonlySet<string>,
): boolean {
  const reads = new Map<string, number>();
  for (const index of [...inner, end])
    for (const tensor of node[index].input) reads.set(tensor, (reads.get(tensor) ?? 0) + 1);
  return inner.every(index =>
    node[index].output.every(
      tensor => !targets.has(tensor) && (uses.get(tensor) ?? 0) === (reads.get(tensor) ?? 0),
    ),
  );
}
