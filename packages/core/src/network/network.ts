import { assertFinite, assertSize, PoliceError } from '../errors.js';
import { columnRange, concatColumns, linearCombination, type Matrix } from '../numeric/matrix.js';
import { type Activation, activate, assertActivationFits } from './activation.js';
import { type AffineOperator, applyAffine } from './affine-operator.js';
import { applyMax, assertWindowsFit, type Lifts, type Windows, windowCount } from './max-windows.js';

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

/** `y = Σ coefficientᵢ · xᵢ` of nodes of one size: residual sums, differences. */
export interface SumNode {
  readonly kind: 'sum';
  readonly name: string;
  readonly inputs: readonly string[];
  /** One per input; all 1 by default. */
  readonly coefficients?: readonly number[];
}

/** The units of all inputs, one after the other. */
export interface ConcatNode {
  readonly kind: 'concat';
  readonly name: string;
  readonly inputs: readonly string[];
}

/** The largest entry of each window: max-pooling (windows may overlap) and maxout. */
export interface MaxNode {
  readonly kind: 'max';
  readonly name: string;
  readonly input: string;
  readonly windows: Windows;
  /** Entries that are lifted so that they win on the regions; absent before the network is policed. */
  readonly lifts?: Lifts;
}

export type NetworkNode = InputNode | AffineNode | ActivationNode | SumNode | ConcatNode | MaxNode;

/** The names of the nodes a node reads. */
export function inputsOf(node: NetworkNode): readonly string[] {
  if (node.kind === 'input') return [];
  return node.kind === 'sum' || node.kind === 'concat' ? node.inputs : [node.input];
}

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
  const inSizes = inputsOf(node).map(name => {
    const size = sizes.get(name);
    if (size === undefined) throw invalid(node.name, 'an input among the nodes before it', `'${name}'`);
    return size;
  });
  const [inSize] = inSizes;
  switch (node.kind) {
    case 'input':
      return node.size;
    case 'affine':
      assertSize(inSize, node.operator.inSize, node.name, `input (from '${node.input}')`);
      for (const values of node.operator.parameters) assertFinite(values, node.name);
      return node.operator.outSize;
    case 'activation':
      assertActivationFits(node.activation, inSize, node.name);
      if (node.shift) {
        assertSize(node.shift.length, inSize, node.name, 'shift');
        assertFinite(node.shift, `${node.name} shift`);
      }
      return inSize;
    case 'sum':
      if (inSizes.length === 0) throw invalid(node.name, 'at least one input', 'none');
      inSizes.forEach((size, i) => {
        assertSize(size, inSize, node.name, `input '${node.inputs[i]}'`);
      });
      if (node.coefficients) {
        assertSize(node.coefficients.length, node.inputs.length, node.name, 'coefficients');
        assertFinite(node.coefficients, `${node.name} coefficients`);
      }
      return inSize;
    case 'concat':
      if (inSizes.length === 0) throw invalid(node.name, 'at least one input', 'none');
      return inSizes.reduce((sum, size) => sum + size, 0);
    case 'max':
      assertWindowsFit(node.windows, inSize, node.name, node.lifts);
      return windowCount(node.windows);
  }
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

/** Evaluates the network on rows, `[n, inputSize] → [n, outputSize]`, in float64. */
export function forward(net: Network, x: Matrix): Matrix {
  return forwardValues(net, x).get(net.nodes.at(-1)!.name)!;
}

/** The values after every node, `[n, size]` by name. */
export function forwardValues(net: Network, x: Matrix): Map<string, Matrix> {
  assertSize(x.cols, net.inputSize, 'forward', 'input rows');
  const values = new Map<string, Matrix>();
  for (const node of net.nodes) {
    const inputs = inputsOf(node).map(name => values.get(name)!);
    values.set(node.name, node.kind === 'input' ? x : applyNode(node, inputs));
  }
  return values;
}

/** One node on rows. */
export function applyNode(node: Exclude<NetworkNode, InputNode>, inputs: readonly Matrix[]): Matrix {
  const [x] = inputs;
  switch (node.kind) {
    case 'affine':
      return applyAffine(node.operator, x);
    case 'activation':
      return applyActivation(node.activation, x, node.shift);
    case 'sum':
      return linearCombination(inputs, node.coefficients);
    case 'concat':
      return concatColumns(inputs);
    case 'max':
      return applyMax(node.windows, x, node.lifts);
  }
}

/** dLoss/dinput of a sum or a concatenation, one block `[n, size]` per input, from dLoss/dy. */
export function linearNodeAdjoint(net: Network, node: SumNode | ConcatNode, dy: Matrix): Matrix[] {
  if (node.kind === 'sum') {
    return node.inputs.map((_, i) => linearCombination([dy], [node.coefficients ? node.coefficients[i] : 1]));
  }
  let start = 0;
  return node.inputs.map(name => {
    const from = start;
    start += net.sizes.get(name)!;
    return columnRange(dy, from, start);
  });
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
  const consumers = net.nodes.filter(other => inputsOf(other).includes(node.input));
  const isItsAlone = source?.kind === 'affine' && consumers.length === 1;
  return isItsAlone && source.operator.storesBias ? source : undefined;
}

/** Moves every shift into the bias before it where that bias can hold it; elsewhere the shift stays on the node. */
export function foldShifts(net: Network): Network {
  const biases = new Map<string, Float64Array>();
  const folded = net.nodes.map((node): NetworkNode => {
    if (node.kind !== 'activation' || !node.shift) return node;
    const owner = biasOwner(net, node);
    if (!owner || !isSharedAlike(node.shift, owner.operator.biasGroups)) return node;
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

/** Whether all units of a group have the same shift, so that their common bias can take it. */
export function isSharedAlike(shift: Float64Array, groups?: Int32Array): boolean {
  if (!groups) return true;
  const first = new Map<number, number>();
  return shift.every((c, j) => {
    if (!first.has(groups[j])) first.set(groups[j], c);
    return first.get(groups[j]) === c;
  });
}
