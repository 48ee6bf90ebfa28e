import { type PoliceSettings, policedPass, settledSides } from '../frames/policed-pass.js';
import { totalShift } from '../gradient/adjoint.js';
import type { AffineOperator } from '../network/affine-operator.js';
import { valuesAt } from '../network/forward.js';
import { mapNodes, type Network } from '../network/network.js';
import type { AffineNode } from '../network/nodes.js';
import { onDemand, type Rules } from '../network/walk.js';
import type { Matrix } from '../numeric/matrix.js';
import { seededRng } from '../numeric/random.js';
import type { Region } from '../regions/region.js';
import type { AffinePieces } from '../rule/pieces.js';
import type { Candidate } from './candidate.js';
import { leastDamage } from './damage.js';
import { fittedLayer } from './fit-layer.js';

export interface RefitPassOptions extends Pick<PoliceSettings, 'sharing' | 'margin'> {
  /** The values after each node of the original on x, `[n, size]` by name. */
  readonly was: ReadonlyMap<string, Matrix>;
  /** Whether the weights of an affine node may change. */
  readonly isFree: (node: AffineNode) => boolean;
  /** Sides to keep; absent, they are chosen by {@link leastDamage}. */
  readonly sides: PoliceSettings['previous'] | undefined;
  readonly ridge: number;
  /** The weight of {@link Narrowing}, for every layer before the last nonlinearity; 0 for none. */
  readonly narrowing: number;
  /** Of the positions that convolutions are fitted at. */
  readonly seed: number;
}

/**
 * One pass from the input to the output: at every free layer the weights that, on what the layers before it now are on x, best
 * reproduce the original's pre-activations; at every nonlinearity the shifts anew. A layer whose inputs are the original's stays, unless it
 * is to be narrowed.
 */
export function refitPass(
  net: Network,
  regions: readonly Region[],
  x: Matrix,
  { was, isFree, sides, ridge, narrowing, seed, ...shared }: RefitPassOptions,
): Candidate {
  const operators = new Map<string, AffineOperator>();
  const plain = valuesAt(x);
  const rng = seededRng(seed);
  const isShifted = beforeLastBend(net);
  let before: AffinePieces;
  const rules: Rules<Matrix> = {
    ...plain,
    affine: (node, inputs) =>
      plain.affine({ ...node, operator: operators.get(node.name) ?? node.operator }, inputs),
    activation: (node, inputs) =>
      plain.activation({ ...node, shift: totalShift(node, before.layers.get(node.name)!) }, inputs),
    max: (node, inputs) => plain.max({ ...node, lifts: before.maxima.get(node.name)!.lifts }, inputs),
  };
  const now = onDemand(net, rules);
  const settings: PoliceSettings = {
    ...shared,
    policy: 'sticky',
    ...(sides ? { previous: sides } : {}),
    operatorOf: (node, pieces, frames) => {
      before = pieces;
      if (!isFree(node)) return node.operator;
      const input = now(node.input);
      const weight = isShifted(node) ? narrowing : 0;
      if (weight === 0 && isSame(input, was.get(node.input)!)) return node.operator;
      const target = was.get(node.name)!;
      const narrowed = weight > 0 ? { frames, weight } : undefined;
      const operator = fittedLayer(node.operator, input, target, ridge, rng, narrowed);
      operators.set(node.name, operator);
      return operator;
    },
    ...(sides
      ? {}
      : {
          policyOf: (node, pieces) => {
            before = pieces;
            return leastDamage(node.activation, was.get(node.input)!, now(node.input));
          },
        }),
  };
  const pass = policedPass(net, regions, settings);
  const network = mapNodes(net, {
    affine: node => ({ ...node, operator: operators.get(node.name) ?? node.operator }),
  });
  return { network, sides: settledSides(pass) };
}

function isSame(a: Matrix, b: Matrix): boolean {
  return a.data.every((value, i) => value === b.data[i]);
}

/** Whether a nonlinearity comes after a node: of what none comes after nothing is shifted. */
function beforeLastBend({ nodes }: Network): (node: AffineNode) => boolean {
  const last = nodes.map(({ kind }) => kind === 'activation' || kind === 'max').lastIndexOf(true);
  const names = new Set(nodes.slice(0, Math.max(0, last)).map(({ name }) => name));
  return ({ name }) => names.has(name);
}
