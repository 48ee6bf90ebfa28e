import type { Network, Region } from '@police/core';
import { type ActivationNode, type AffineNode, type MaxNode, UNRESOLVED, walk } from '@police/core/adapter';
import { asDense } from '../as-dense.js';
import { add, approximate, compare, type Dyadic, dot, exact, multiply, subtract, zero } from './rational.js';
import { exactRegion } from './region.js';

/** `[rows, size]` exact values. */
type Block = readonly (readonly Dyadic[])[];

const exactRow = (values: ArrayLike<number>) => Array.from(values, exact);

/**
 * Evaluates a network on a region in exact arithmetic, its weights taken as real numbers, and lists the units that
 * take values on both sides of a kink there. Past the first node that has some, nothing is affine any more, so the
 * search ends there.
 */
export function mixedUnits(net: Network, region: Region): string[] {
  const { rows: exactRows, isMixed } = exactRegion(region.toJSON());
  const weights = exactRows.map(({ weight }) => weight);
  const unlessMixed = ({ block, mixed }: { block: Block; mixed: string[] }): Block => {
    if (mixed.length > 0) throw new Mixed(mixed.map(where => `${where} on a ${region.kind}`));
    return block;
  };
  try {
    walk<Block>(net, {
      ...UNRESOLVED,
      input: () => exactRows.map(({ coordinates }) => coordinates),
      affine: (node, [x]) => affine(node, x, weights),
      sum: ({ coefficients }, inputs) =>
        inputs[0].map((row, i) =>
          row.map((_, j) =>
            inputs
              .map((block, k) => multiply(block[i][j], exact(coefficients?.[k] ?? 1)))
              .reduce((total, term) => add(total, term)),
          ),
        ),
      concat: (_node, inputs) => exactRows.map((_, i) => inputs.flatMap(block => block[i])),
      activation: (node, [x]) => unlessMixed(activated(node, x, weights, isMixed)),
      max: (node, [x]) => unlessMixed(maximum(node, x, weights, isMixed)),
    });
  } catch (error) {
    if (error instanceof Mixed) return error.units;
    throw error;
  }
  return [];
}

/** Ends the walk. */
class Mixed extends Error {
  constructor(readonly units: string[]) {
    super('not affine');
  }
}

function affine({ operator }: AffineNode, x: Block, weights: readonly Dyadic[]): Block {
  const { weight, bias } = asDense(operator);
  const rows = Array.from({ length: weight.rows }, (_, j) =>
    exactRow(weight.data.subarray(j * weight.cols, (j + 1) * weight.cols)),
  );
  const offsets = exactRow(bias);
  return x.map((row, i) => rows.map((w, j) => add(dot(w, row), multiply(weights[i], offsets[j]))));
}

function activated(
  { name, activation, shift }: ActivationNode,
  h: Block,
  weights: readonly Dyadic[],
  isMixed: (values: readonly Dyadic[]) => boolean,
): { block: Block; mixed: string[] } {
  const mixed: string[] = [];
  const moved = h.map((row, i) =>
    shift ? row.map((value, j) => add(value, multiply(weights[i], exact(shift[j])))) : row,
  );
  const pieces = moved[0].map((_, j) => {
    let piece = 0;
    for (const { lo } of activation.kinks) {
      const relative = moved.map((row, i) => subtract(row[j], multiply(weights[i], exact(lo))));
      if (isMixed(relative))
        mixed.push(`${name} unit ${j} at kink ${lo} (${approximate(relative[0])} at the first row)`);
      if (relative.some((value, i) => weights[i].mantissa !== 0n && compare(value, zero) > 0)) piece++;
    }
    return activation.pieces[piece];
  });
  const block = moved.map((row, i) =>
    row.map((value, j) => {
      const { slope, offset } = pieces[j];
      const scaled = multiply(value, exact(typeof slope === 'number' ? slope : slope[j]));
      return add(scaled, multiply(weights[i], exact(offset)));
    }),
  );
  return { block, mixed };
}

/** Each window's winner: the entry, lift included, that no other exceeds anywhere on the region. */
function maximum(
  { name, windows, lifts }: MaxNode,
  x: Block,
  weights: readonly Dyadic[],
  isMixed: (values: readonly Dyadic[]) => boolean,
): { block: Block; mixed: string[] } {
  const mixed: string[] = [];
  const winners = Array.from({ length: windows.offsets.length - 1 }, (_, w) => {
    const entries = windows.members.subarray(windows.offsets[w], windows.offsets[w + 1]);
    const candidates = Array.from(entries, index => x.map(row => row[index]));
    const lifted = lifts?.winner[w] ?? -1;
    if (lifted >= 0) {
      candidates.push(x.map((row, i) => add(row[lifted], multiply(weights[i], exact(lifts!.lift[w])))));
    }
    const wins = (candidate: readonly Dyadic[]) =>
      candidates.every(rival => {
        const lead = candidate.map((value, i) => subtract(value, rival[i]));
        const isBehind = lead.some((value, i) => weights[i].mantissa !== 0n && compare(value, zero) < 0);
        return !isMixed(lead) && !isBehind;
      });
    const winner = candidates.find(wins);
    if (!winner) mixed.push(`${name} window ${w}`);
    return winner ?? candidates[0];
  });
  return { block: x.map((_, i) => winners.map(winner => winner[i])), mixed };
}
