import { type Activation, activate, assertActivationFits } from './activation.js';
import { type AffineOperator, applyAffine } from './affine.js';
import { assertFinite, assertSize, PoliceError } from './errors.js';
import type { Matrix } from './matrix.js';

export interface InputNode {
  readonly kind: 'input';
  readonly name: string;
  readonly size: number;
}

export interface AffineNode {
  readonly kind: 'affine';
  readonly name: string;
  readonly input: string;
  readonly operator: AffineOperator;
}

/** `y = σ(h + shift)`: the nonlinearity owns the bias shift, so that any graph may lie before it. */
export interface ActivationNode {
  readonly kind: 'activation';
  readonly name: string;
  readonly input: string;
  readonly activation: Activation;
  /** `[units]`; absent means zero. */
  readonly shift?: Float64Array;
}

export type NetworkNode = InputNode | AffineNode | ActivationNode;

/** A network as a graph in topological order: the first node is the input, the last one the output. */
export interface Network {
  readonly nodes: readonly NetworkNode[];
  readonly inputSize: number;
  readonly outputSize: number;
  /** Output size of each node, by name. */
  readonly sizes: ReadonlyMap<string, number>;
}

/**
 * A checked network. Throws `invalid-network` (no input first, doubled or unknown names), `shape` (sizes that
 * do not fit) or `not-finite` (NaN or infinite parameters), naming the node.
 */
export function network(nodes: readonly NetworkNode[]): Network {
  const sizes = new Map<string, number>();
  nodes.forEach((node, index) => {
    if ((node.kind === 'input') !== (index === 0)) {
      throw invalid(node.name, 'the input node first, and only there', `a ${node.kind} node at ${index}`);
    }
    if (sizes.has(node.name)) throw invalid(node.name, 'a name used once', 'a second node of that name');
    sizes.set(node.name, checkNode(node, sizes));
  });
  const [first] = nodes;
  const last = nodes.at(-1);
  if (first?.kind !== 'input' || !last) throw invalid('network', 'at least an input node', 'no nodes');
  return { nodes, sizes, inputSize: first.size, outputSize: sizes.get(last.name)! };
}

function invalid(where: string, expected: string, actual: string): PoliceError {
  return new PoliceError({ code: 'invalid-network', where, expected, actual });
}

/** Checks a node against the sizes before it and returns its own size. */
function checkNode(node: NetworkNode, sizes: ReadonlyMap<string, number>): number {
  if (node.kind === 'input') return node.size;
  const inSize = sizes.get(node.input);
  if (inSize === undefined) throw invalid(node.name, 'an input among the nodes before it', `'${node.input}'`);
  if (node.kind === 'affine') {
    assertSize(inSize, node.operator.inSize, node.name, `input (from '${node.input}')`);
    for (const values of node.operator.parameters) assertFinite(values, node.name);
    return node.operator.outSize;
  }
  assertActivationFits(node.activation, inSize, node.name);
  if (node.shift) {
    assertSize(node.shift.length, inSize, node.name, 'shift');
    assertFinite(node.shift, `${node.name} shift`);
  }
  return inSize;
}

/** A layer of a chain: an affine operator or an activation. */
export type ChainLayer = AffineOperator | Activation;

/**
 * The network input → layer → layer → …. Layers are named by `names`, by default after their kind and place:
 * `affine1`, `relu2`, `affine3`.
 *
 * @example
 * chain(2, [dense([[1, -1], [0, 2]]), relu(), dense([[1, 1]])])
 */
export function chain(inputSize: number, layers: readonly ChainLayer[], names?: readonly string[]): Network {
  const nodes: NetworkNode[] = [{ kind: 'input', name: 'input', size: inputSize }];
  layers.forEach((layer, i) => {
    const input = nodes[i].name;
    if ('kinks' in layer) {
      const name = names?.[i] ?? `${layer.name}${i + 1}`;
      nodes.push({ kind: 'activation', name, input, activation: layer });
    } else {
      nodes.push({ kind: 'affine', name: names?.[i] ?? `affine${i + 1}`, input, operator: layer });
    }
  });
  return network(nodes);
}

/** Evaluates the network on rows, `[n, inputSize] → [n, outputSize]`, in float64. */
export function forward(net: Network, x: Matrix): Matrix {
  assertSize(x.cols, net.inputSize, 'forward', 'input rows');
  const values = new Map<string, Matrix>();
  for (const node of net.nodes) {
    if (node.kind === 'input') values.set(node.name, x);
    else if (node.kind === 'affine')
      values.set(node.name, applyAffine(node.operator, values.get(node.input)!));
    else values.set(node.name, applyActivation(node.activation, values.get(node.input)!, node.shift));
  }
  return values.get(net.nodes.at(-1)!.name)!;
}

/** `σ(h + shift)` on every row of h `[n, units]`. */
export function applyActivation(activation: Activation, h: Matrix, shift?: Float64Array): Matrix {
  const data = h.data.map((value, i) => {
    const unit = i % h.cols;
    return activate(activation, value + (shift ? shift[unit] : 0), unit);
  });
  return { rows: h.rows, cols: h.cols, data };
}

/**
 * The affine node whose bias belongs to this activation's units alone, so that a shift can be folded into it;
 * undefined when the pre-activation comes from elsewhere or is used elsewhere too.
 */
export function biasOwner(net: Network, node: ActivationNode): AffineNode | undefined {
  const source = net.nodes.find(({ name }) => name === node.input);
  const consumers = net.nodes.filter(other => other.kind !== 'input' && other.input === node.input);
  const isItsAlone = source?.kind === 'affine' && consumers.length === 1;
  return isItsAlone && source.operator.storesBias ? source : undefined;
}

/** Moves every shift into the bias before it where that bias is its own; elsewhere the shift stays on the node. */
export function foldShifts(net: Network): Network {
  const biases = new Map<string, Float64Array>();
  const folded = net.nodes.map((node): NetworkNode => {
    if (node.kind !== 'activation' || !node.shift) return node;
    const owner = biasOwner(net, node);
    if (!owner) return node;
    const { shift, ...plain } = node;
    biases.set(
      owner.name,
      owner.operator.bias.map((b, j) => b + shift[j]),
    );
    return plain;
  });
  return network(
    folded.map(node => {
      const bias = biases.get(node.name);
      return node.kind === 'affine' && bias ? { ...node, operator: node.operator.withBias(bias) } : node;
    }),
  );
}
