import { PoliceError } from '../errors.js';
import { relu } from '../network/activation.js';
import { type Network, network } from '../network/network.js';
import type { NetworkNode } from '../network/nodes.js';
import { dense } from '../network/operators/dense.js';
import { precisionOf } from '../proof/rounding.js';
import type { Region } from '../regions/region.js';
import { type Gap, graftedGap, type PatchPrecision } from './gap.js';
import { gapApartFrom } from './probes.js';
import { leastGap } from './steepness.js';

/**
 * t(x) = relu(1 − d / width) of every region, d its gap: 1 on the region, 0 where its shifts have gone, and so on every other region.
 */
export interface Gates {
  readonly gaps: readonly Gap[];
  /** As nodes of a network whose input has this name. */
  nodes(input: string): readonly NetworkNode[];
  /** Name of t, `[n, regions]`. */
  readonly on: string;
  /** `[n, D] → [n, regions]`. */
  readonly network: Network;
}

/**
 * The gates of regions that lie outside each other's shells: where a region's own facets do not tell that, one more does. Their names begin
 * with `prefix`. Throws `invalid-option` for regions that lie nearer to each other than the width.
 */
export function gatesOf(
  regions: readonly Region[],
  width: number,
  precision: PatchPrecision,
  prefix: string,
): Gates {
  const gaps = regions.map((region, r) => {
    const others = regions.filter((_, s) => s !== r);
    const gap = gapApartFrom(region, others, precision);
    regions.forEach((other, s) => {
      if (s !== r) assertOutside(leastGap(gap.network, other), width, r, s);
    });
    return gap;
  });
  const slope = precisionOf(precision).round(-1 / width);
  const nameOf = (r: number) => (regions.length === 1 ? prefix : `${prefix}.${r}`);
  const gate = (r: number, input: string): NetworkNode[] => {
    const named = (part: string) => `${nameOf(r)}.${part}`;
    const { nodes } = gaps[r].network;
    return [
      ...graftedGap(gaps[r].network, nameOf(r), input),
      {
        kind: 'affine',
        name: named('nearness'),
        input: named(nodes.at(-1)!.name),
        operator: dense([[slope]], [1]),
      },
      { kind: 'activation', name: named('on'), input: named('nearness'), activation: relu() },
    ];
  };
  const on = `${prefix}.on`;
  const nodes = (input: string): NetworkNode[] => [
    ...gaps.flatMap((_, r) => gate(r, input)),
    ...(regions.length === 1
      ? []
      : [{ kind: 'concat' as const, name: on, inputs: regions.map((_, r) => `${nameOf(r)}.on`) }]),
  ];
  const input = 'input';
  return {
    gaps,
    nodes,
    on,
    get network() {
      return network([{ kind: 'input', name: input, size: regions[0].size }, ...nodes(input)]);
    },
  };
}

/** By so much more than the width a region is to lie outside another's shell: what rounding in the gap may take. */
const ALLOWANCE = 1 + 2 ** -10;

function assertOutside(gap: number, width: number, r: number, s: number): void {
  if (gap >= width * ALLOWANCE) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'fade width',
    expected: `region ${s} outside the shell of region ${r}, so that their shifts do not meet`,
    actual: `a width of ${width}, where a gap of ${gap} is all that lies between them, in radii of region ${r}`,
    remedy:
      gap > 0
        ? `Fade within less: width ${Number((gap / ALLOWANCE).toPrecision(2)) * 0.95} at most. Or put both into one region, or patch: patch(net, regions).`
        : 'Put both into one region, leave a space between them, or patch: patch(net, regions).',
  });
}

/** A prefix that no name among these begins with: `fade`, or after it. */
export function freePrefix(names: readonly string[]): string {
  const isFree = (prefix: string) => !names.some(name => name === prefix || name.startsWith(`${prefix}.`));
  if (isFree('fade')) return 'fade';
  let count = 2;
  while (!isFree(`fade_${count}`)) count++;
  return `fade_${count}`;
}
