import { Slice, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Run } from './kernel.js';
import { Refusal } from './refusal.js';
import type { Geometry } from './taps.js';

/** A padding in words leaves nothing to round; in numbers, each of height and width may be rounded either way. */
interface Rounded {
  down: Geometry;
  up: Geometry;
}

/** The geometry as the attributes have it, and where those leave the rounding open also rounded up. */
export const rounded = (
  geometry: (rounding: 'floor' | 'ceil' | 'round' | undefined) => Geometry,
  rounding: 'floor' | 'ceil' | 'round' | undefined,
): Rounded => ({ down: geometry(rounding), up: geometry(rounding ?? 'ceil') });

/**
 * The geometry of a forward pass with an output of this shape. core's gradients of pools do not say how it was rounded.
 *
 * @param shape of dy: [batch, height, width, channels], or with a depth
 * @throws Error if no rounding gives it
 */
export function geometryOf(kernelName: string, { down, up }: Rounded, shape: number[]): Geometry {
  const sizes = withDepth(shape.slice(1, -1));
  const possible = sizes.every((size, axis) => size === down.output[axis] || size === up.output[axis]);
  if (!possible || shape[0] !== down.batchSize || shape.at(-1) !== down.outChannels)
    throw misfit(kernelName, down, shape);
  return { ...down, output: sizes };
}

/**
 * Checks that dy has at least the output of the geometry. What it has beyond is left out, as cpu does in `fitted`.
 *
 * A convolution rounded up has such a dy as well. core does not hand its rounding mode to the gradients, and cpu leaves
 * out the last windows: neither reading of the call can be told from the other.
 *
 * @throws Error if dy is too small, or if it is the output of a convolution that is rounded up
 */
export function assertFits(kernelName: string, { down, up }: Rounded, shape: number[]): void {
  const sizes = withDepth(shape.slice(1, -1));
  const [batch, channels] = [shape[0], shape.at(-1)];
  if (
    batch < down.batchSize ||
    channels !== down.outChannels ||
    sizes.some((size, axis) => size < down.output[axis])
  )
    throw misfit(kernelName, down, shape);
  const isRoundedUp = sizes.every((size, axis) => size === down.output[axis] || size === up.output[axis]);
  if (isRoundedUp && !util.arraysEqual(sizes, [...down.output]))
    throw new Refusal({
      code: 'rounding-unknown',
      where: kernelName,
      expected: `dy of shape ${outputShape(down, shape.length)}`,
      actual: `${shape}, the output of a convolution with dimRoundingMode 'ceil' or 'round', which tfjs-core does not tell its gradient`,
      remedy:
        'Leave dimRoundingMode out and write the padding as [[0, 0], [top, bottom], [left, right], [0, 0]], with more at the end.',
    });
}

/** The part of dy that the geometry has: see `assertFits`. */
export function fitted(run: Run, dy: TensorInfo, geometry: Geometry): TensorInfo {
  const size = outputShape(geometry, dy.shape.length);
  if (util.arraysEqual(dy.shape, size)) return dy;
  return run(Slice, { x: dy }, { begin: size.map(() => 0), size });
}

const withDepth = (sizes: number[]): [number, number, number] =>
  (sizes.length === 2 ? [1, ...sizes] : sizes) as [number, number, number];

const outputShape = ({ batchSize, output, outChannels }: Geometry, rank: number): number[] => [
  batchSize,
  ...output.slice(5 - rank),
  outChannels,
];

const misfit = (kernelName: string, geometry: Geometry, shape: number[]): Refusal =>
  new Refusal({
    code: 'shape-mismatch',
    where: kernelName,
    expected: `dy of shape ${outputShape(geometry, shape.length)}, as its input, filter, strides and padding have it`,
    actual: String(shape),
    remedy: 'Give it the shape of the output of the forward pass.',
  });
