import { addCombination, addTransposed } from '../numeric/products.js';
import type { FramePass } from './frame-pass.js';

/**
 * The gradient through the shifts chosen last (`shiftGradient` and the frames' part of `policedBackward`, in place): from every
 * layer's `pull` to its frames' `delta`. Uses up the pull. Signs are downhill: what is −dLoss going in is so coming out, and a
 * factor stays.
 *
 * `isLocal` treats the frames that enter a layer as constants.
 */
export function backwardFrames({ net, regions, rows, layers, point }: FramePass, isLocal: boolean): void {
  for (let l = 0; l < layers.length; l++) layers[l].delta.fill(0);
  for (let l = layers.length - 1; l >= 0; l--) {
    const { units, blocks, activation } = net.layers[l];
    const { delta, slopes, shift, active, pull, blocks: frames } = layers[l];
    for (let r = 0; r < regions.length; r++) {
      const { start, end } = regions[r];
      for (let t = start, at = start * units; t < end; t++) {
        for (let j = 0; j < units; j++, at++) delta[at] *= slopes[r * units + j];
      }
      for (let j = 0, at = start * units; j < units; j++, at++) pull[j] += delta[at];
    }
    for (let j = 0; j < units; j++) {
      if (active[j] < 0 || pull[j] === 0) continue;
      const r = Math.floor(active[j] / activation.kinks.length);
      const { region, start, end } = regions[r];
      // A positive shift lifts the minimum over the kink, a negative one lowers the maximum under it.
      region.body.extremeInto(frames[r], j, shift[j] > 0 ? -1 : 1, point);
      for (let t = start, at = start * units + j; t < end; t++, at += units)
        delta[at] -= point[t - start] * pull[j];
    }
    pull.fill(0);
    if (isLocal) continue;
    for (let b = 0; b < blocks.length; b++) {
      const { source, sourceSize, weights } = blocks[b];
      if (source > 0) addTransposed(weights, units, sourceSize, delta, layers[source - 1].delta, rows);
    }
  }
}

/** Adds to `into` from `at` on what the frames' deltas say of one unit's weights `[sourceSize]` in a block: `Σ delta · x`. */
export function addUnitGradient(
  { net, regions, rows, input, axes, layers }: FramePass,
  l: number,
  block: number,
  unit: number,
  into: Float32Array | Float64Array,
  at: number,
): void {
  const { units, blocks } = net.layers[l];
  const { source, sourceSize: size } = blocks[block];
  const { delta } = layers[l];
  if (source > 0) {
    addCombination(into, at, size, layers[source - 1].y, 0, rows, delta, unit, units);
    return;
  }
  for (let r = 0; r < regions.length; r++) {
    const { start, end, isAxial } = regions[r];
    const first = start * units + unit;
    addCombination(into, at, size, input, start * size, isAxial ? 1 : end - start, delta, first, units);
    if (!isAxial) continue;
    for (let t = start + 1; t < end; t++) {
      into[at + axes[t]] += delta[t * units + unit] * input[t * size + axes[t]];
    }
  }
}

/** What they say of its bias, which moves the origins only. */
export function biasGradient({ net, regions, layers }: FramePass, l: number, unit: number): number {
  const { units } = net.layers[l];
  let sum = 0;
  for (let r = 0; r < regions.length; r++) sum += layers[l].delta[regions[r].start * units + unit];
  return sum;
}
