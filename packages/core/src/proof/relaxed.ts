import { PoliceError } from '../errors.js';
import type { FramePropagator } from '../frames/propagator.js';
import { propagatorsFor } from '../frames/propagators-for.js';
import type { Network } from '../network/network.js';
import { type Rules, walk } from '../network/walk.js';
import { matrix } from '../numeric/matrix.js';
import { float32 } from '../numeric/precision.js';
import { upTo } from '../numeric/up-to.js';
import { once } from '../regions/directions.js';
import type { Region } from '../regions/region.js';
import { activationRelaxed, clampRelaxed, maxRelaxed } from './relaxed-bends.js';
import { affineRelaxed, concatRelaxed, sumRelaxed } from './relaxed-linear.js';
import { isExactZero, type Relaxed, type Relaxing } from './relaxed-value.js';

/** The memory allowed. */
export interface RelaxedOptions {
  /**
   * Bytes that frames may take; larger ones are carried in blocks, see `streamedPropagator`.
   * @defaultValue 2 GiB
   */
  readonly memory?: number;
  /**
   * Whose values are bounded: the network's in exact arithmetic, or those that a float32 runtime computes, in any order of summation, from
   * inputs in float32. Infinite where float32 may overflow.
   * @defaultValue 'exact'
   */
  readonly arithmetic?: 'exact' | 'float32';
}

/** A node's stand-in, made when first asked for: what a clamp of radius 0 holds is never asked. */
type OnDemand = () => Relaxed;

/**
 * Sound bounds of any network on a region, its parameters taken as exact real numbers: an affine stand-in and how far from it the
 * network is at most, all rounding in computing them included. Where `certify` proves the network affine the stand-in is the affine
 * map and the error its rounding; a unit that straddles a kink takes its chord (the relaxation of DeepZ: Singh et al. 2018).
 *
 * Throws `shape` or `too-large` (a frame beyond `memory`, or a clamp that must be followed in a frame carried in blocks).
 *
 * @example
 * const { values, error } = relaxed(net, regions[0]);
 * regions[0].range(values).hi[0] + error[0]; // no output 0 on the region is larger, but for the rounding of `range`
 */
export function relaxed(net: Network, region: Region, options: RelaxedOptions = {}): Relaxed {
  return relaxedNodes(net, region, options)(net.nodes.at(-1)!.name);
}

/** The same of every node, by name: only what a node needs is computed. */
export function relaxedNodes(
  net: Network,
  region: Region,
  { memory, arithmetic = 'exact' }: RelaxedOptions = {},
): (name: string) => Relaxed {
  const [propagator] = propagatorsFor(net, [region], memory);
  const found = walk(net, rulesOn({ propagator, runtime: arithmetic === 'exact' ? undefined : float32 }));
  return name => {
    const node = found.get(name)!();
    if (isWhole(propagator)) return node;
    return { ...node, values: propagator.columns(name, node.values, upTo(node.error.length)) };
  };
}

function rulesOn(relaxing: Relaxing): Rules<OnDemand> {
  const { propagator } = relaxing;
  const all = (inputs: readonly OnDemand[]) => inputs.map(input => input());
  return {
    input: () => once(() => ({ values: propagator.start(), error: propagator.region.slack, isAffine: true })),
    affine: (node, [input]) => once(() => affineRelaxed(relaxing, node, input())),
    sum: (node, inputs) => once(() => sumRelaxed(relaxing, node, all(inputs))),
    concat: (node, inputs) => once(() => concatRelaxed(relaxing, node, all(inputs))),
    activation: (node, [input]) => once(() => activationRelaxed(relaxing, node, input())),
    max: (node, [input]) => once(() => maxRelaxed(relaxing, node, input())),
    clamp: ({ name }, [value, centre, radius]) =>
      once(() => {
        assertWhole(propagator, name);
        if (isZero(radius())) return centre();
        return clampRelaxed(relaxing, value(), centre(), radius());
      }),
    opaque: ({ name, size }) =>
      once(() => {
        assertWhole(propagator, name);
        const error = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
        return { values: matrix(propagator.start().rows, size), error, isAffine: false };
      }),
  };
}

const isZero = (radius: Relaxed) => radius.error.every((_, j) => isExactZero(radius, j));

const isWhole = ({ region, reader }: FramePropagator) => reader === region;

/** Blocks of directions go through affine pieces only. */
function assertWhole(propagator: FramePropagator, name: string): void {
  if (isWhole(propagator)) return;
  throw new PoliceError({
    code: 'too-large',
    where: name,
    expected: 'a frame that fits in memory',
    actual: `one of ${propagator.region.frame.rows} rows, carried in blocks, which a clamp or a part that is not read cannot follow`,
    remedy: 'Allow more memory (option memory, in bytes).',
  });
}
