import { PoliceError } from '../errors.js';
import { type Activation, slopeAt } from '../network/activation.js';
import { addProduct, addProducts } from '../numeric/products.js';
import { writeIntervals, writeShifts } from '../rule/shift.js';
import type { FlatLayer } from './flat-network.js';
import type { FramePass, LayerFrames } from './frame-pass.js';

/**
 * Carries the frames through the layers and chooses every shift, as `policedPass` does, in place; policy `sticky` keeps the
 * sides `kept` in the layers. Allocates nothing, but where a policy votes or linear programs find a range.
 *
 * Throws `not-finite`, naming the layer, where weights overflow on a region, or `no-free-shift` where the layer's biases, in
 * their format, could not hold a shift. What is kept is then as it was.
 */
export function forwardFrames(pass: FramePass): void {
  const { net, layers } = pass;
  let isApproximate = false;
  for (let l = 0; l < layers.length; l++) {
    const { activation } = net.layers[l];
    writePreActivations(pass, l);
    assertFiniteFrames(layers[l], net.layers[l]);
    if (isApproximate) writeErrorsIn(pass, l);
    chooseLayer(pass, l, isApproximate);
    isApproximate ||= activation.approximationError !== undefined;
    if (l + 1 === layers.length) break;
    activateFrames(pass, layers[l], activation);
    if (isApproximate) writeErrorsOut(pass, layers[l], activation);
  }
  for (let l = 0; l < layers.length; l++) layers[l].kept.set(layers[l].sides);
}

/** The bias moves the origins, directions see only the weights. */
function writePreActivations({ net, regions, rows, input, axes, layers }: FramePass, l: number): void {
  const { units, bias, blocks } = net.layers[l];
  const { h } = layers[l];
  h.fill(0);
  for (let r = 0; r < regions.length; r++) {
    for (let j = 0, at = regions[r].start * units; j < units; j++, at++) h[at] = bias[j];
  }
  for (let b = 0; b < blocks.length; b++) {
    const { source, sourceSize: size, weights } = blocks[b];
    if (source > 0) {
      addProducts(weights, units, size, layers[source - 1].y, 0, h, 0, rows);
      continue;
    }
    for (let r = 0; r < regions.length; r++) {
      const { start, end, isAxial } = regions[r];
      if (!isAxial) {
        addProducts(weights, units, size, input, start * size, h, start * units, end - start);
        continue;
      }
      addProduct(weights, units, size, input, start * size, h, start * units);
      for (let t = start + 1; t < end; t++) {
        // Along one coordinate the product is a column of the weights.
        const length = input[t * size + axes[t]];
        for (let j = 0, w = axes[t], at = t * units; j < units; j++, w += size, at++)
          h[at] += length * weights[w];
      }
    }
  }
}

/** NaN would make every comparison false and pass for a unit that needs no shift. */
function assertFiniteFrames({ h }: LayerFrames, { name, units }: FlatLayer): void {
  for (let i = 0; i < h.length; i++) if (h[i] - h[i] !== 0) throw notFinite(name, h[i], i % units);
}

function chooseLayer({ net, regions, layers }: FramePass, l: number, hasErrors: boolean): void {
  const { name, units, bias, activation } = net.layers[l];
  const state = layers[l];
  const { blocks, ranges, intervals, shift } = state;
  for (let r = 0; r < regions.length; r++) {
    const { lo, hi } = ranges[r];
    regions[r].region.body.rangeInto(blocks[r], lo, hi);
    for (let j = 0; j < units; j++) {
      if (!(lo[j] > -Infinity && hi[j] < Infinity)) throw notFinite(name, hi[j] - lo[j], j);
    }
  }
  writeIntervals(intervals, ranges, activation.kinks, hasErrors ? state.errorsIn : undefined);
  writeShifts(state, intervals, state.wanted());
  if (bias instanceof Float64Array) return;
  for (let j = 0; j < units; j++) {
    if (Number.isFinite(Math.fround(bias[j] + shift[j]))) continue;
    throw new PoliceError({
      code: 'no-free-shift',
      where: name,
      expected: 'a float32 bias that keeps every unit off its kinks',
      actual: `${bias[j] + shift[j]} for unit ${j}`,
      remedy: REMEDY,
    });
  }
}

const REMEDY = 'The weights have grown too large: lower the learning rate, or scale the inputs.';

function notFinite(name: string, value: number, unit: number): PoliceError {
  return new PoliceError({
    code: 'not-finite',
    where: name,
    expected: 'finite pre-activations on the region',
    actual: `${value} at unit ${unit}`,
    remedy: REMEDY,
  });
}

/** Through the pieces the sides select: `slope · (h₀ + c) + offset` at origins, `slope · hᵢ` along directions. */
function activateFrames(
  { regions }: FramePass,
  { h, y, slopes, shift, sides }: LayerFrames,
  { kinks, pieces }: Activation,
): void {
  const units = shift.length;
  for (let r = 0; r < regions.length; r++) {
    const first = r * units;
    let at = regions[r].start * units;
    for (let j = 0; j < units; j++, at++) {
      let index = 0;
      for (let k = 0; k < kinks.length; k++) if (sides[(r * kinks.length + k) * units + j] > 0) index++;
      const slope = slopeAt(pieces[index], j);
      slopes[first + j] = slope;
      y[at] = slope * (h[at] + shift[j]) + pieces[index].offset;
    }
    for (let t = regions[r].start + 1; t < regions[r].end; t++) {
      for (let j = 0; j < units; j++, at++) y[at] = slopes[first + j] * h[at];
    }
  }
}

/** Outweighs the rounding of computing a bound. */
const BOUND_INFLATION = 1 + 2 ** -20;

/** Errors of values through the weights: `|W| e`. */
function writeErrorsIn({ net, regions, layers, inputErrors }: FramePass, l: number): void {
  const { units, blocks } = net.layers[l];
  for (let r = 0; r < regions.length; r++) {
    const into = layers[l].errorsIn[r];
    into.fill(0);
    for (let b = 0; b < blocks.length; b++) {
      const { source, sourceSize: size, weights } = blocks[b];
      const errors = (source > 0 ? layers[source - 1].errorsOut : inputErrors)[r];
      for (let j = 0, w = 0; j < units; j++) {
        let sum = 0;
        for (let p = 0; p < size; p++, w++) sum += Math.abs(weights[w]) * errors[p];
        into[j] += sum;
      }
    }
    for (let j = 0; j < units; j++) into[j] *= BOUND_INFLATION;
  }
}

/** Through the pieces, plus what the activation itself is off them. */
function writeErrorsOut(
  { regions }: FramePass,
  { errorsIn, errorsOut, slopes }: LayerFrames,
  { kinks, approximationError = 0 }: Activation,
): void {
  // An identity is no node of core's networks, and rounds nothing.
  const inflation = kinks.length > 0 ? BOUND_INFLATION : 1;
  for (let r = 0; r < regions.length; r++) {
    const into = errorsOut[r];
    for (let j = 0; j < into.length; j++) {
      into[j] = (Math.abs(slopes[r * into.length + j]) * errorsIn[r][j] + approximationError) * inflation;
    }
  }
}
