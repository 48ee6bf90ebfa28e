import type { Enforced, FrozenLayer, Network, Precision } from '@police/core';
import { mapNodes } from '@police/core/adapter';

/** The original network plus the shifts and lifts that `enforce` reports: what a policed file is to compute anywhere. */
export function withReported(
  original: Network,
  { shifts, sides }: Pick<Enforced, 'shifts' | 'sides'>,
): Network {
  const plus = (added: Float64Array, before: Float64Array | undefined) =>
    before ? added.map((c, j) => c + before[j]) : added;
  return mapNodes(original, {
    activation: node => ({ ...node, shift: plus(shifts[node.name], node.shift) }),
    max: node => ({
      ...node,
      lifts: { winner: sides[node.name] as Int32Array, lift: plus(shifts[node.name], node.lifts?.lift) },
    }),
  });
}

/**
 * By how much, besides, any shift of a nonlinearity is another in the file, by the nonlinearity's name: it is rounded to the
 * file's format together with a bias or a constant (outwards: two units in the last place), and corrected as freezing
 * reports. `rounds`: what each freezing reports; from the second on names are those of a file with further nodes, so that its
 * largest correction counts everywhere.
 */
export function deviations(
  reported: Network,
  rounds: readonly (readonly FrozenLayer[])[],
  { roundoff, smallest }: Precision,
): Map<string, number> {
  const [first, ...again] = rounds.map(layers =>
    layers.map(({ name, largestCorrection }) => [name, largestCorrection] as const),
  );
  const corrections = new Map(first);
  const later = again.map(layers => Math.max(0, ...layers.map(([, by]) => by)));
  const everywhere = later.reduce((sum, by) => sum + by, 0);
  const bias = Math.max(
    0,
    ...reported.nodes.map(node => (node.kind === 'affine' ? largest(node.operator.bias) : 0)),
  );
  return new Map(
    reported.nodes.flatMap(node => {
      if (node.kind !== 'activation' && node.kind !== 'max') return [];
      const shift = node.kind === 'max' ? node.lifts?.lift : node.shift;
      const rounding = 4 * roundoff * (bias + (shift ? largest(shift) : 0)) + smallest;
      return [
        [node.name, rounding * rounds.length + (corrections.get(node.name) ?? 0) + everywhere] as const,
      ];
    }),
  );
}

function largest(values: Float64Array): number {
  return values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}
