import { PoliceError } from '../errors.js';
import { relu } from '../network/activation.js';
import { type Network, network } from '../network/network.js';
import { type ActivationNode, inputsOf, type NetworkNode } from '../network/nodes.js';
import { matrix } from '../numeric/matrix.js';

/**
 * The network with each clamp as two ReLUs, `p = relu(r − v + c)` and `q = relu(2 r − p)`: max(min(v, c + r), c − r) = c − r + q. Where r is
 * 0, q is 0 whatever v is, in floating point too.
 */
export function withoutClamps(net: Network): Network {
  const nodes = net.nodes.flatMap((node): NetworkNode[] => {
    if (node.kind !== 'clamp') return [node];
    const { name, inputs } = node;
    const [value, centre, radius] = inputs;
    const sum = (part: string, of: readonly string[], coefficients: readonly number[]): NetworkNode => ({
      kind: 'sum',
      name: `${name}${part}`,
      inputs: of,
      coefficients,
    });
    const hinge = (part: string, of: string): NetworkNode => ({
      kind: 'activation',
      name: `${name}${part}`,
      input: `${name}${of}`,
      activation: relu(),
    });
    return [
      sum('.below', [radius, value, centre], [1, -1, 1]),
      hinge('.cut', '.below'),
      sum('.above', [radius, `${name}.cut`], [2, -1]),
      hinge('.kept', '.above'),
      sum('', [centre, radius, `${name}.kept`], [1, -1, 1]),
    ];
  });
  return network(nodes);
}

/** What a chain computes of a network's nodes: which layer has them, and which wait for a later one. */
export interface Schedule {
  readonly nodes: ReadonlyMap<string, NetworkNode>;
  /** The layer after which a node can be computed: 0 for the input and what is affine in it. */
  readonly ready: ReadonlyMap<string, number>;
  /** Of nodes that later layers than the next read: the last layer that has them for others. */
  readonly carried: ReadonlyMap<string, number>;
  /** Activations that the output is made of, by layer. */
  readonly active: ReadonlyMap<number, readonly ActivationNode[]>;
  /** Whether no value of a node is negative. */
  readonly isNonNegative: ReadonlyMap<string, boolean>;
}

/** Throws `unsupported-layer` or `unsupported-activation` for what is no dense layer, ReLU or leaky ReLU. */
export function scheduleOf(net: Network): Schedule {
  const nodes = new Map(net.nodes.map(node => [node.name, node]));
  const ready = new Map<string, number>();
  const isNonNegative = new Map<string, boolean>();
  for (const node of net.nodes) {
    assertPlain(node);
    const before = inputsOf(node).map(name => ready.get(name)!);
    ready.set(node.name, Math.max(0, ...before) + Number(isBend(node)));
    isNonNegative.set(
      node.name,
      signOf(
        node,
        inputsOf(node).map(name => isNonNegative.get(name)!),
      ),
    );
  }
  const carried = new Map<string, number>();
  const active = new Map<number, ActivationNode[]>();
  const seen = new Set<string>();
  /** Sees to it that a node's values can be made of what layer `at` gives. */
  const need = (name: string, at: number): void => {
    const key = `${at} ${name}`;
    if (seen.has(key)) return;
    seen.add(key);
    const node = nodes.get(name)!;
    const since = ready.get(name)!;
    if (since < at) {
      const kept = narrowest(net, nodes, ready, isNonNegative, name);
      carried.set(kept, Math.max(at, carried.get(kept) ?? 0));
      need(kept, since);
    } else if (isBend(node)) {
      const layer = active.get(at) ?? [];
      if (!layer.includes(node)) active.set(at, [...layer, node]);
      need(node.input, at - 1);
    } else for (const input of inputsOf(node)) need(input, at);
  };
  const output = net.nodes.at(-1)!.name;
  need(output, ready.get(output)!);
  return { nodes, ready, carried, active, isNonNegative };
}

/** An activation that is no identity. */
export function isBend(node: NetworkNode): node is ActivationNode {
  return node.kind === 'activation' && node.activation.kinks.length > 0;
}

/** Of a node and the affine ones that it is made of, one after the other, that which takes the fewest units to carry. */
export function narrowest(
  { sizes }: Network,
  nodes: ReadonlyMap<string, NetworkNode>,
  ready: ReadonlyMap<string, number>,
  isNonNegative: ReadonlyMap<string, boolean>,
  name: string,
): string {
  const cost = (each: string) => sizes.get(each)! * (isNonNegative.get(each) ? 1 : 2);
  let best = name;
  let node = nodes.get(name)!;
  while (node.kind === 'affine' && ready.get(node.input) === ready.get(name)) {
    if (cost(node.input) <= cost(best)) best = node.input;
    node = nodes.get(node.input)!;
  }
  return best;
}

/** Whether weights and biases without a sign, of values without one, or a ReLU. */
function signOf(node: NetworkNode, inputs: readonly boolean[]): boolean {
  switch (node.kind) {
    case 'activation':
      return (
        node.activation.pieces.every(
          ({ slope }, p) => (p === 1 && slope === 1) || (p === 0 && slope === 0),
        ) && node.activation.kinks.length === 1
      );
    case 'affine': {
      const { inSize, outSize, linear, magnitude, bias } = node.operator;
      const ones = matrix(1, inSize, new Float64Array(inSize).fill(1));
      const absolute = magnitude(ones).data;
      const isRising = linear(ones).data.every((y, j) => y === absolute[j]);
      return outSize > 0 && inputs[0] && isRising && bias.every(b => b >= 0);
    }
    case 'sum':
      return inputs.every(Boolean) && (node.coefficients ?? []).every(c => c >= 0);
    case 'concat':
      return inputs.every(Boolean);
    default:
      return false;
  }
}

function assertPlain(node: NetworkNode): void {
  const { kind, name } = node;
  if (kind === 'activation') {
    const { kinks, pieces, curve } = node.activation;
    const isLeaky =
      !curve &&
      kinks.length <= 1 &&
      kinks.every(({ lo, hi }) => lo === 0 && hi === 0) &&
      pieces.every(piece => piece.offset === 0) &&
      pieces.at(-1)!.slope === 1;
    if (isLeaky) return;
    throw new PoliceError({
      code: 'unsupported-activation',
      where: name,
      expected: 'ReLU or leaky ReLU, for a plain chain of layers',
      actual: node.activation.name,
      remedy: ELSEWHERE,
    });
  }
  if (kind !== 'max' && kind !== 'opaque') return;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: name,
    expected: 'dense layers, sums, ReLUs, leaky ReLUs and patches, for a plain chain of layers',
    actual: kind,
    remedy: ELSEWHERE,
  });
}

/** What is left where no chain holds a network. */
export const ELSEWHERE = 'Export the network as it is instead: exportOnnx(network).';
