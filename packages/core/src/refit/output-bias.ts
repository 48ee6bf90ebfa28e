import type { ShiftSharing } from '../frames/policed-pass.js';
import { forward } from '../network/forward.js';
import { mapNodes } from '../network/network.js';
import type { AffineNode } from '../network/nodes.js';
import type { Matrix } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { type Candidate, shifted } from './candidate.js';

/**
 * The network with its output bias moved by the median residual of every output on x; undefined where the output is no free dense
 * layer. Least squares moves all of a plateau a little; the median puts it back where it was.
 */
export function withMedianBias(
  { network, sides }: Candidate,
  regions: readonly Region[],
  x: Matrix,
  targets: Matrix,
  { isFree, sharing }: { readonly isFree: (node: AffineNode) => boolean; readonly sharing: ShiftSharing },
): Candidate | undefined {
  const output = network.nodes.at(-1)!;
  if (output.kind !== 'affine' || output.operator.kind !== 'dense' || !isFree(output)) return undefined;
  const now = forward(shifted({ network, sides }, regions, sharing).network, x);
  const bias = output.operator.bias.map((b, j) => {
    const residuals = Float64Array.from({ length: x.rows }, (_, i) => {
      const at = i * now.cols + j;
      return targets.data[at] - now.data[at];
    }).sort();
    return b + residuals[Math.floor(residuals.length / 2)];
  });
  return {
    network: mapNodes(network, {
      affine: node =>
        node.name === output.name ? { ...node, operator: node.operator.withBias(bias) } : node,
    }),
    sides,
  };
}
