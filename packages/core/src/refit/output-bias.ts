import type { ShiftSharing } from '../frames/policed-pass.js';
import { forward } from '../network/forward.js';
import { mapNodes } from '../network/network.js';
import type { AffineNode } from '../network/nodes.js';
import { productOf } from '../network/product-layer.js';
import type { Matrix } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { type Candidate, shifted } from './candidate.js';

/**
 * The network with its output bias moved by the median residual on x, of every output or of those that share one; undefined where the output is no free
 * dense layer or convolution. Least squares moves all of a plateau a little; the median puts it back where it was.
 */
export function withMedianBias(
  { network, sides }: Candidate,
  regions: readonly Region[],
  x: Matrix,
  targets: Matrix,
  { isFree, sharing }: { readonly isFree: (node: AffineNode) => boolean; readonly sharing: ShiftSharing },
): Candidate | undefined {
  const output = network.nodes.at(-1)!;
  if (output.kind !== 'affine' || !productOf(output.operator) || !isFree(output)) return undefined;
  const now = forward(shifted({ network, sides }, regions, sharing).network, x);
  const { bias, biasGroups } = output.operator;
  const medians = new Map<number, number>();
  const groupOf = (j: number) => biasGroups?.[j] ?? j;
  for (const [group, members] of membersOf(bias.length, groupOf)) {
    const residuals = Float64Array.from({ length: x.rows * members.length }, (_, i) => {
      const at = Math.floor(i / members.length) * now.cols + members[i % members.length];
      return targets.data[at] - now.data[at];
    }).sort();
    medians.set(group, residuals[Math.floor(residuals.length / 2)]);
  }
  const moved = bias.map((b, j) => b + medians.get(groupOf(j))!);
  return {
    network: mapNodes(network, {
      affine: node =>
        node.name === output.name ? { ...node, operator: node.operator.withBias(moved) } : node,
    }),
    sides,
  };
}

/** The outputs of each group. */
function membersOf(count: number, groupOf: (j: number) => number): Map<number, number[]> {
  const members = new Map<number, number[]>();
  for (let j = 0; j < count; j++) {
    const group = groupOf(j);
    const known = members.get(group) ?? [];
    known.push(j);
    members.set(group, known);
  }
  return members;
}
