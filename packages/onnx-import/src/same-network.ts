import {
  type Activation,
  type AffineOperator,
  type Network,
  type NetworkNode,
  PoliceError,
} from '@police/core';
import { byKind, inputsOf, type NodeTable } from '@police/core/adapter';

/**
 * Throws `invalid-network` unless `frozen` is `imported` but for biases, shifts, lifts and the weights that the file holds
 * (`hasWeights`, by name): nothing else can be written into it.
 */
export function assertSameButForParameters(
  imported: Network,
  frozen: Network,
  hasWeights: (name: string) => boolean,
): void {
  const fail = (where: string, expected: string, actual: string): never => {
    throw new PoliceError({
      code: 'invalid-network',
      where,
      expected,
      actual,
      remedy:
        'Write back what freeze(enforce(imported.network, regions).network, regions) gives, in imported.precision.',
    });
  };
  if (imported.nodes.length !== frozen.nodes.length) {
    fail('writeBack', `the ${imported.nodes.length} nodes read from the model`, `${frozen.nodes.length}`);
  }
  imported.nodes.forEach((before, i) => {
    const after = frozen.nodes[i];
    const describe = (node: NetworkNode) => `'${node.name}', ${node.kind} of ${inputsOf(node).join(', ')}`;
    if (describe(before) !== describe(after)) fail(before.name, describe(before), describe(after));
    const flaw = differenceOf(before, after, hasWeights(before.name));
    if (flaw) fail(before.name, `the model's own ${flaw}`, 'another');
  });
}

/** The numbers of a node that no file takes back, and what they are called. */
interface Kept {
  readonly what: string;
  readonly values: readonly ArrayLike<number>[];
}

const KEPT: NodeTable<Kept> = {
  input: ({ size }) => ({ what: 'size', values: [[size]] }),
  affine: ({ operator }) => ({ what: 'weights', values: weightsOf(operator) }),
  activation: ({ activation }) => ({ what: 'constants', values: constantsOf(activation) }),
  sum: ({ coefficients = [] }) => ({ what: 'coefficients', values: [coefficients] }),
  concat: () => ({ what: 'inputs', values: [] }), // compared by name
  clamp: () => ({ what: 'inputs', values: [] }),
  opaque: ({ size }) => ({ what: 'size', values: [[size]] }),
  max: ({ windows }) => ({ what: 'windows', values: [windows.offsets, windows.members] }),
};

/** What two nodes of one kind differ in that the file does not take back; weights that it takes back, in their number only. */
function differenceOf(before: NetworkNode, after: NetworkNode, hasWeights: boolean): string | undefined {
  const { what, values } = byKind(KEPT, before);
  const now = byKind(KEPT, after).values;
  if (!hasWeights) return sameLists(values, now) ? undefined : what;
  const [[weights, ...rest], [nowWeights, ...nowRest]] = [values, now];
  return weights.length === nowWeights.length && sameLists(rest, nowRest) ? undefined : 'sizes';
}

/** The parameters other than the bias, which comes last. */
function weightsOf({ parameters, storesBias, inSize, outSize }: AffineOperator): ArrayLike<number>[] {
  return [...(storesBias ? parameters.slice(0, -1) : parameters), [inSize, outSize]];
}

function constantsOf({ pieces, alpha = 0 }: Activation): ArrayLike<number>[] {
  return [
    [alpha],
    ...pieces.map(({ slope, offset }) => (typeof slope === 'number' ? [slope, offset] : slope)),
  ];
}

function sameLists(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): boolean {
  return (
    a.length === b.length &&
    a.every(
      (list, i) => list.length === b[i].length && Array.prototype.every.call(list, (x, j) => x === b[i][j]),
    )
  );
}
