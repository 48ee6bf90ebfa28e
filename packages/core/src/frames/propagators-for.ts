import { assertSize } from '../errors.js';
import type { Network } from '../network/network.js';
import { mostAtATime } from '../network/walk.js';
import type { Region } from '../regions/region.js';
import type { FoundRadii } from './found-radii.js';
import { type FramePropagator, wholePropagator } from './propagator.js';
import { frameBytes, streamedPropagator, tooLarge } from './streamed-propagator.js';

/** Bytes that frames may take unless the caller says otherwise. */
export const DEFAULT_MEMORY: number = 2 ** 31;

/** Copies of a node's frame that a pass makes on its way: before and after a bias, and while it is cut into tiles. */
const COPIES = 3;

/** Rows beside a frame's own: bounds on errors and reaches, and what is made of them. */
const ROWS_BESIDE = 8;

/** Bytes that whole frames take in a pass that lets go of what is not read any more. */
function passBytes(net: Network, region: Region): number {
  const largest = Math.max(...net.sizes.values());
  return 8 * (region.frame.rows + ROWS_BESIDE) * (mostAtATime(net, net.sizes) + COPIES * largest);
}

/** Throws `shape` for a region of another dimension than the network's input. */
export function assertRegionsFit(regions: readonly Region[], inputSize: number): void {
  regions.forEach((region, r) => {
    assertSize(region.size, inputSize, `region ${r} (${region.kind})`, 'a region in the input space');
  });
}

/** What passes found of streamed frames, by region: nothing of whole ones. */
export type FoundFrames = readonly (FoundRadii | undefined)[];

/**
 * FramePropagator for regions of a network, for passes by `walkToEnd`: of whole frames where they fit in `memory` bytes and are not 0 nearly everywhere,
 * else streamed ones, which take over what was found `before` of the same network, its
 * biases aside, and regions. Nothing is allocated before that is known. Throws `shape` or `too-large`.
 */
export function propagatorsFor(
  net: Network,
  regions: readonly Region[],
  memory: number = DEFAULT_MEMORY,
  before: FoundFrames = [],
): FramePropagator[] {
  assertRegionsFit(regions, net.inputSize);
  const share = memory / Math.max(1, regions.length);
  return regions.map((region, r) => {
    const bytes = passBytes(net, region);
    return bytes > share || (bytes > CACHED_BYTES && isMostlyZero(net, region))
      ? streamedPropagator(net, region, share, before[r])
      : wholePropagator(region);
  });
}

/** Whole frames of no more are in the caches all the same. */
const CACHED_BYTES = 2 ** 25;

/** Whether blocks of directions are 0 nearly everywhere: those of coordinates, in the first of several convolutions. */
function isMostlyZero(net: Network, { axes, body }: Region): boolean {
  if (!axes || !body.unitBall) return false;
  const isRead = net.nodes.every(({ kind }) => kind !== 'clamp' && kind !== 'opaque');
  return isRead && net.nodes.some(node => node.kind === 'affine' && node.operator.kind === 'conv');
}

/** FramePropagator of whole frames, as gradients need them. Throws `shape` or `too-large`. */
export function wholePropagators(
  net: Network,
  regions: readonly Region[],
  memory: number = DEFAULT_MEMORY,
): FramePropagator[] {
  assertRegionsFit(regions, net.inputSize);
  return regions.map(region => {
    if (frameBytes(net, region) * regions.length > memory) throw tooLarge(net, region, memory);
    return wholePropagator(region);
  });
}
