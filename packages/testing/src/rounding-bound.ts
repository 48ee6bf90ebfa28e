import type { Network, NetworkNode, Region } from '@police/core';
import { inputsOf, UNRESOLVED } from '@police/core/adapter';

/**
 * How far float64 can put any value in the network wrong, and hence its shifts, on inputs of absolute value up to
 * `largest` `[inputSize]`: γₙ · magnitude (Higham, §3.1), where the magnitude is that of the network of absolute
 * weights, and n counts the roundings on a path: products and sums of each layer, and `extraTerms` for what is done
 * to its inputs. The factor covers the two sides of a comparison and the rounding of the frame, the shifts and the
 * maps, each of at most n roundings.
 */
export function roundingBound(net: Network, largest: ArrayLike<number>, extraTerms = 0): number {
  const COMPUTED_TIMES = 8;
  let terms = extraTerms + 8;
  let magnitude = 0;
  const sizes = new Map<string, Float64Array>();
  for (const node of net.nodes) {
    const before = inputsOf(node).map(name => sizes.get(name)!);
    const values = magnitudesAfter(node, before, largest);
    terms += node.kind === 'affine' ? node.operator.terms + 2 : before.length + 4;
    sizes.set(node.name, values);
    magnitude = values.reduce((most, x) => Math.max(most, x), magnitude);
  }
  return COMPUTED_TIMES * terms * Number.EPSILON * magnitude;
}

/** Magnitudes after one node, from those before it. */
function magnitudesAfter(
  node: NetworkNode,
  before: readonly Float64Array[],
  largest: ArrayLike<number>,
): Float64Array {
  const [first] = before;
  switch (node.kind) {
    case 'input':
      return Float64Array.from(largest);
    case 'affine': {
      const { operator } = node;
      const product = operator.magnitude({ rows: 1, cols: first.length, data: first }).data;
      return product.map((x, j) => x + Math.abs(operator.bias[j]));
    }
    case 'activation': {
      const { activation, shift } = node;
      const offset = Math.max(...activation.pieces.map(piece => Math.abs(piece.offset)));
      // No slope here exceeds 1, and a shift is no larger than what it moves and the kink it moves it to.
      return first.map((x, j) => 2 * x + Math.abs(shift?.[j] ?? 0) + offset);
    }
    case 'sum':
      return first.map((_, j) =>
        before.reduce((sum, block, i) => sum + Math.abs(node.coefficients?.[i] ?? 1) * block[j], 0),
      );
    case 'clamp':
      return first.map((_, j) => before.reduce((sum, block) => sum + block[j], 0));
    case 'opaque':
      return UNRESOLVED.opaque(node);
    case 'concat':
      return Float64Array.of(...before.flatMap(block => Array.from(block)));
    case 'max': {
      const { offsets, members } = node.windows;
      return Float64Array.from({ length: offsets.length - 1 }, (_, w) => {
        // A lift is no larger than the lead of one entry over another.
        const entries = members.subarray(offsets[w], offsets[w + 1]);
        return 3 * entries.reduce((most, i) => Math.max(most, first[i]), 0);
      });
    }
  }
}

/** {@link roundingBound} for inputs in the region, computed from its frame. */
export function roundingBoundOn(net: Network, region: Region): number {
  return roundingBound(net, region.reach(region.frame), 2 * region.frame.rows);
}
