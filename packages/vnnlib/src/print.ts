import { nameOfType } from './element-type.js';
import { VnnLibError } from './errors.js';
import { elementName } from './names.js';
import {
  type Formula,
  type Network,
  type Operation,
  type Query,
  sizeOf,
  type Tensor,
  type Term,
  tensorsOf,
} from './query.js';

/**
 * The text of a query, in its version and the standard's form: parsing it gives the same query but for places.
 * Throws `unsupported` for a query of version 1 with more than version 1 can say.
 */
export function print(query: Query): string {
  const { version, networks, assertions } = query;
  const head =
    version.major === 1
      ? declarations(query)
      : [
          `(vnnlib-version <${version.major}.${version.minor}>)`,
          '',
          ...networks.flatMap(network => [...networkLines(network), '']),
        ];
  const tensors = tensorsOf(query);
  const lines = assertions.map(({ formula }) => `(assert ${expression(formula, query, tensors)})`);
  return `${[...head, ...lines].join('\n')}\n`;
}

/** Version 1's declarations, `X` then `Y`. */
function declarations({ networks }: Query): string[] {
  const [{ inputs, hidden, outputs, equivalence }] = networks;
  const tensors: Tensor[] = [...inputs, ...hidden, ...outputs];
  const isPlain = tensors.every(({ elementType, shape }) => elementType === 'real' && shape.length === 1);
  const names = tensors.map(({ name }) => name).join();
  if (networks.length !== 1 || names !== 'X,Y' || hidden.length > 0 || equivalence || !isPlain) {
    throw new VnnLibError({
      code: 'unsupported',
      where: 'print, version 1',
      expected: 'one network of a real vector X and a real vector Y',
      actual: `${networks.length} network(s) of ${names}`,
    });
  }
  return tensors.flatMap(tensor => [
    ...Array.from({ length: sizeOf(tensor) }, (_, i) => `(declare-const ${tensor.name}_${i} Real)`),
    '',
  ]);
}

function networkLines({ name, equivalence, inputs, hidden, outputs }: Network): string[] {
  const tensors: Tensor[] = [...inputs, ...hidden, ...outputs];
  return [
    `(declare-network ${name}`,
    ...(equivalence ? [`  (${equivalence.kind} ${equivalence.network})`] : []),
    ...tensors.map(tensor => `  (${tensorText(tensor)})`),
    ')',
  ];
}

function tensorText(tensor: Tensor): string {
  const { role, name, elementType, shape } = tensor;
  const text = `declare-${role} ${name} ${nameOfType(elementType)} [${shape}]`;
  if (tensor.role === 'hidden') return `${text} "${escaped(tensor.onnxName)}"`;
  return tensor.role === 'input' && tensor.isInitialized ? `${text} initialized` : text;
}

function escaped(text: string): string {
  return text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** The text of a formula, written from left to right with what is still to come on a stack. */
function expression(formula: Formula, query: Query, tensors: ReadonlyMap<string, Tensor>): string {
  const isFirst = query.version.major === 1;
  const parts: string[] = [];
  const stack: (Formula | Term | string)[] = [formula];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (typeof next === 'string') parts.push(next);
    else if (next.kind === 'constant') parts.push(next.text);
    else if (next.kind === 'element') {
      parts.push(elementName(query.version, tensors.get(next.tensor)!, next.index));
    } else {
      const operands = 'operands' in next ? next.operands : [next.left, next.right];
      parts.push(`(${headOf(next, isFirst)}`);
      stack.push(')');
      for (let i = operands.length - 1; i >= 0; i--) stack.push(operands[i], ' ');
    }
  }
  return parts.join('');
}

function headOf(node: Formula | Operation, isFirst: boolean): string {
  if (!('operator' in node)) return node.kind;
  if (!isFirst) return node.operator;
  return node.operator === '==' ? '=' : node.operator === '!=' ? 'distinct' : node.operator;
}
