import { assertFinite, assertSize, PoliceError } from '../errors.js';
import { type Activation, assertActivationFits } from './activation.js';
import type { AffineOperator } from './affine-operator.js';
import { assertWindowsFit, windowCount } from './max-windows.js';
import { inputsOf, type NetworkNode } from './nodes.js';
import { applyRule, ifKind, type NodeTable, type Rules } from './walk.js';

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
      throw invalid(
        node.name,
        'the input node first, and only there',
        `a node of kind ${node.kind} at ${index}`,
      );
    }
    if (sizes.has(node.name)) throw invalid(node.name, 'a name used once', 'a second node of that name');
    const inSizes = inputsOf(node).map(name => {
      const size = sizes.get(name);
      if (size === undefined) throw invalid(node.name, 'an input among the nodes before it', `'${name}'`);
      return size;
    });
    sizes.set(node.name, applyRule(checkedSize, node, inSizes));
  });
  const [first] = nodes;
  const last = nodes.at(-1);
  if (first?.kind !== 'input' || !last) throw invalid('network', 'at least an input node', 'no nodes');
  return { nodes, sizes, inputSize: first.size, outputSize: sizes.get(last.name)! };
}

function invalid(where: string, expected: string, actual: string): PoliceError {
  return new PoliceError({ code: 'invalid-network', where, expected, actual });
}

/** Checks a node against the sizes of those it reads and gives its own size. */
const checkedSize: Rules<number> = {
  input: ({ size }) => size,
  affine: ({ name, input, operator }, [size]) => {
    assertSize(size, operator.inSize, name, `input (from '${input}')`);
    for (const values of operator.parameters) assertFinite(values, name);
    return operator.outSize;
  },
  activation: ({ name, activation, shift }, [size]) => {
    assertActivationFits(activation, size, name);
    if (shift) {
      assertSize(shift.length, size, name, 'shift');
      assertFinite(shift, `${name} shift`);
    }
    return size;
  },
  sum: ({ name, inputs, coefficients }, sizes) => {
    assertSome(name, inputs);
    assertAlike(name, inputs, sizes);
    if (coefficients) {
      assertSize(coefficients.length, inputs.length, name, 'coefficients');
      assertFinite(coefficients, `${name} coefficients`);
    }
    return sizes[0];
  },
  concat: ({ name, inputs }, sizes) => {
    assertSome(name, inputs);
    return sizes.reduce((sum, size) => sum + size, 0);
  },
  max: ({ name, windows, lifts }, [size]) => {
    assertWindowsFit(windows, size, name, lifts);
    return windowCount(windows);
  },
  clamp: ({ name, inputs }, sizes) => {
    assertAlike(name, inputs, sizes);
    return sizes[0];
  },
  opaque: ({ size }) => size,
};

function assertAlike(name: string, inputs: readonly string[], sizes: readonly number[]): void {
  sizes.forEach((size, i) => {
    assertSize(size, sizes[0], name, `input '${inputs[i]}'`);
  });
}

function assertSome(name: string, inputs: readonly string[]): void {
  if (inputs.length === 0) throw invalid(name, 'at least one input', 'none');
}

/** A layer of a chain: an affine operator or an activation. */
export type ChainLayer = AffineOperator | Activation;

/**
 * The network input → layer → layer → …. Layers are named by `names`, by default after their kind and place:
 * `affine_1`, `relu_2`, `affine_3`.
 *
 * @example
 * chain(2, [dense([[1, -1], [0, 2]]), relu(), dense([[1, 1]])])
 */
export function chain(inputSize: number, layers: readonly ChainLayer[], names?: readonly string[]): Network {
  const nodes: NetworkNode[] = [{ kind: 'input', name: 'input', size: inputSize }];
  layers.forEach((layer, i) => {
    const input = nodes[i].name;
    if ('kinks' in layer) {
      const name = names?.[i] ?? `${layer.name}_${i + 1}`;
      nodes.push({ kind: 'activation', name, input, activation: layer });
    } else {
      nodes.push({ kind: 'affine', name: names?.[i] ?? `affine_${i + 1}`, input, operator: layer });
    }
  });
  return network(nodes);
}

/** The network with nodes of some kinds replaced. */
export function mapNodes(net: Network, change: Partial<NodeTable<NetworkNode>>): Network {
  return network(net.nodes.map(node => ifKind(change, node) ?? node));
}
