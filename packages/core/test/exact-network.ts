import {
  type ActivationNode,
  type AffineNode,
  type Dense,
  inputsOf,
  type MaxNode,
  type Network,
  type Region,
} from '@police/core';
import {
  absolute,
  add,
  approximate,
  compare,
  type Dyadic,
  dot,
  exact,
  half,
  multiply,
  subtract,
  sum,
  zero,
} from './exact.js';

/** `[rows, size]` exact values. */
type Block = readonly (readonly Dyadic[])[];

/** A region in exact arithmetic, written down anew from its JSON. */
interface ExactRegion {
  /** Vertices; or the centre and then the directions. */
  readonly rows: Block;
  /** Whether row i is a point (an affine map adds its bias) or a direction. */
  readonly isPoint: (row: number) => boolean;
  /** Whether a functional with these values on the rows takes values on both sides of 0. */
  readonly isMixed: (values: readonly Dyadic[]) => boolean;
}

const exactRow = (values: ArrayLike<number>) => Array.from(values, exact);

function exactRegion(region: Region): ExactRegion {
  const json = region.toJSON();
  if ('vertices' in json) {
    return {
      rows: json.vertices.map(exactRow),
      isPoint: () => true,
      isMixed: values => values.some(v => compare(v, zero) < 0) && values.some(v => compare(v, zero) > 0),
    };
  }
  const [centre, radii] = exactCentreAndRadii(json);
  const directions = radii.map((r, i) => radii.map((_, k) => (k === i ? r : zero)));
  // Mixed exactly when the distance of the value at the centre to 0 is less than the dual norm of the slopes.
  const isMixed = ([h, ...slopes]: readonly Dyadic[]) => {
    if (json.kind === 'ball') return compare(multiply(h, h), dot(slopes, slopes)) < 0;
    const sizes = slopes.map(absolute);
    const width =
      json.kind === 'box' ? sum(sizes) : sizes.reduce((most, g) => (compare(g, most) > 0 ? g : most), zero);
    return compare(absolute(h), width) < 0;
  };
  return { rows: [centre, ...directions], isPoint: row => row === 0, isMixed };
}

function exactCentreAndRadii(
  json: Exclude<ReturnType<Region['toJSON']>, { vertices: number[][] }>,
): Dyadic[][] {
  if ('lower' in json) {
    const lower = exactRow(json.lower);
    const upper = exactRow(json.upper);
    return [upper.map((u, i) => half(add(u, lower[i]))), upper.map((u, i) => half(subtract(u, lower[i])))];
  }
  const centre = exactRow(json.centre);
  return [centre, 'radii' in json ? exactRow(json.radii) : centre.map(() => exact(json.radius))];
}

/**
 * Evaluates a network on a region in exact arithmetic, its weights taken as real numbers, and lists the units that
 * take values on both sides of a kink there. Past the first node that has some, nothing is affine any more, so the
 * search ends there.
 */
export function mixedUnits(net: Network, region: Region): string[] {
  const { rows, isPoint, isMixed } = exactRegion(region);
  const values = new Map<string, Block>();
  for (const node of net.nodes) {
    const inputs = inputsOf(node).map(name => values.get(name)!);
    const [x] = inputs;
    switch (node.kind) {
      case 'input':
        values.set(node.name, rows);
        break;
      case 'affine':
        values.set(node.name, affine(node, x, isPoint));
        break;
      case 'sum':
        values.set(
          node.name,
          rows.map((_, i) =>
            x[i].map((_, j) =>
              inputs
                .map((block, k) => multiply(block[i][j], exact(node.coefficients?.[k] ?? 1)))
                .reduce((total, term) => add(total, term)),
            ),
          ),
        );
        break;
      case 'concat':
        values.set(
          node.name,
          rows.map((_, i) => inputs.flatMap(block => block[i])),
        );
        break;
      case 'activation':
      case 'max': {
        const { block, mixed } =
          node.kind === 'max' ? maximum(node, x, isPoint, isMixed) : activated(node, x, isPoint, isMixed);
        if (mixed.length > 0) return mixed.map(where => `${where} on a ${region.kind}`);
        values.set(node.name, block);
      }
    }
  }
  return [];
}

function affine({ operator }: AffineNode, x: Block, isPoint: (row: number) => boolean): Block {
  const { weight, bias } = operator as Dense;
  const rows = Array.from({ length: weight.rows }, (_, j) =>
    exactRow(weight.data.subarray(j * weight.cols, (j + 1) * weight.cols)),
  );
  const offsets = exactRow(bias);
  return x.map((row, i) => rows.map((w, j) => (isPoint(i) ? add(dot(w, row), offsets[j]) : dot(w, row))));
}

function activated(
  { name, activation, shift }: ActivationNode,
  h: Block,
  isPoint: (row: number) => boolean,
  isMixed: (values: readonly Dyadic[]) => boolean,
): { block: Block; mixed: string[] } {
  const mixed: string[] = [];
  const moved = h.map((row, i) =>
    shift && isPoint(i) ? row.map((value, j) => add(value, exact(shift[j]))) : row,
  );
  const pieces = moved[0].map((_, j) => {
    let piece = 0;
    for (const { lo } of activation.kinks) {
      const relative = moved.map((row, i) => (isPoint(i) ? subtract(row[j], exact(lo)) : row[j]));
      if (isMixed(relative))
        mixed.push(`${name} unit ${j} at kink ${lo} (${approximate(relative[0])} at the first row)`);
      if (relative.some((value, i) => isPoint(i) && compare(value, zero) > 0)) piece++;
    }
    return activation.pieces[piece];
  });
  const block = moved.map((row, i) =>
    row.map((value, j) => {
      const { slope, offset } = pieces[j];
      const scaled = multiply(value, exact(typeof slope === 'number' ? slope : slope[j]));
      return isPoint(i) ? add(scaled, exact(offset)) : scaled;
    }),
  );
  return { block, mixed };
}

/** Each window's winner: the entry, lift included, that no other exceeds anywhere on the region. */
function maximum(
  { name, windows, lifts }: MaxNode,
  x: Block,
  isPoint: (row: number) => boolean,
  isMixed: (values: readonly Dyadic[]) => boolean,
): { block: Block; mixed: string[] } {
  const mixed: string[] = [];
  const winners = Array.from({ length: windows.offsets.length - 1 }, (_, w) => {
    const entries = windows.members.subarray(windows.offsets[w], windows.offsets[w + 1]);
    const candidates = Array.from(entries, index => x.map(row => row[index]));
    const lifted = lifts?.winner[w] ?? -1;
    if (lifted >= 0) {
      candidates.push(
        x.map((row, i) => (isPoint(i) ? add(row[lifted], exact(lifts!.lift[w])) : row[lifted])),
      );
    }
    const wins = (candidate: readonly Dyadic[]) =>
      candidates.every(rival => {
        const lead = candidate.map((value, i) => subtract(value, rival[i]));
        const isBehind = lead.some((value, i) => isPoint(i) && compare(value, zero) < 0);
        return !isMixed(lead) && !isBehind;
      });
    const winner = candidates.find(wins);
    if (!winner) mixed.push(`${name} window ${w}`);
    return winner ?? candidates[0];
  });
  return { block: x.map((_, i) => winners.map(winner => winner[i])), mixed };
}
