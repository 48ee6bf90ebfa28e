import { isOfType, nameOfType } from './element-type.js';
import type { Problems } from './problems.js';
import {
  type Comparison,
  type Equivalence,
  type Formula,
  leavesOf,
  type Network,
  type Tensor,
} from './query.js';

/** Real tensors stand in a query alone: where one is real, all are. */
export function checkRealAlone(networks: readonly Network[], problems: Problems): void {
  const tensors = networks.flatMap(({ inputs, hidden, outputs }) => [...inputs, ...hidden, ...outputs]);
  const other = tensors.find(({ elementType }) => elementType !== 'real');
  if (!other) return;
  for (const { name, elementType, at } of tensors) {
    if (elementType === 'real') {
      const actual = `${name} of Real beside ${other.name} of ${nameOfType(other.elementType)}`;
      problems.report(at, { code: 'type', expected: 'Real of all tensors or of none', actual });
    }
  }
}

/** The other network is declared before, and its own; its inputs, outputs and shared hidden tensors fit. */
export function checkEquivalence(
  network: Network,
  { kind, network: name, at }: Equivalence,
  before: ReadonlyMap<string, Network>,
  problems: Problems,
): void {
  const other = before.get(name);
  if (!other) {
    problems.report(at, { code: 'undeclared', expected: 'a network declared before', actual: `'${name}'` });
    return;
  }
  if (other.equivalence) {
    const actual = `${name}, which is ${other.equivalence.kind} ${other.equivalence.network}`;
    const remedy = { remedy: `Name ${other.equivalence.network} itself.` };
    problems.report(at, {
      code: 'type',
      expected: 'a network without equal-to or isomorphic-to',
      actual,
      ...remedy,
    });
  }
  const withTypes = kind === 'equal-to';
  checkAlike('inputs', network.inputs, other.inputs);
  checkAlike('outputs', network.outputs, other.outputs);
  // The names of an isomorphic model's nodes may differ, so that only an equal one's hidden tensors are comparable.
  if (withTypes) {
    const theirs = new Map(other.hidden.map(tensor => [tensor.onnxName, tensor]));
    const shared = network.hidden.filter(tensor => theirs.has(tensor.onnxName));
    checkAlike(
      'hidden tensors',
      shared,
      shared.map(tensor => theirs.get(tensor.onnxName)!),
    );
  }

  function checkAlike(what: string, mine: readonly Tensor[], theirs: readonly Tensor[]): void {
    const [actual, expected] = [mine, theirs].map(tensors =>
      tensors.map(t => signature(t, withTypes)).join(', '),
    );
    if (actual === expected) return;
    problems.report(at, { code: 'type', expected: `${what} like those of ${name}, ${expected}`, actual });
  }
}

function signature({ elementType, shape }: Tensor, withType: boolean): string {
  return `${withType ? nameOfType(elementType) : ''}[${shape}]`;
}

/** Both sides of each comparison are of one element type, which an element in it decides and its constants have. */
export function checkComparisonTypes(
  formula: Formula,
  tensors: ReadonlyMap<string, Tensor>,
  problems: Problems,
): void {
  const formulas: Formula[] = [formula];
  for (let next = formulas.pop(); next; next = formulas.pop()) {
    if (next.kind === 'comparison') checkComparison(next, tensors, problems);
    else for (const operand of next.operands) formulas.push(operand);
  }
}

function checkComparison(
  { left, right, at }: Comparison,
  tensors: ReadonlyMap<string, Tensor>,
  problems: Problems,
): void {
  const leaves = leavesOf(left, right);
  let first: Tensor | undefined;
  for (const leaf of leaves) {
    if (leaf.kind !== 'element') continue;
    const tensor = tensors.get(leaf.tensor)!;
    first ??= tensor;
    if (tensor.elementType !== first.elementType) {
      const expected = `elements of ${nameOfType(first.elementType)} like ${first.name}`;
      const actual = `${tensor.name} of ${nameOfType(tensor.elementType)}`;
      problems.report(leaf.at, { code: 'type', expected, actual });
    }
  }
  if (!first) {
    // Among reals there is one type that constants can have; among ONNX's there is none to choose.
    if ([...tensors.values()].every(({ elementType }) => elementType === 'real')) return;
    problems.report(at, {
      code: 'type',
      expected: 'an element of a tensor in each comparison',
      actual: 'constants alone',
    });
    return;
  }
  for (const leaf of leaves) {
    if (leaf.kind !== 'constant' || isOfType(leaf.text, first.elementType)) continue;
    const expected = `a constant of ${nameOfType(first.elementType)} like ${first.name}`;
    problems.report(leaf.at, { code: 'type', expected, actual: leaf.text });
  }
}
