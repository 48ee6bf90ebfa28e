import type { Activation, Region } from '@police/core';
import { bodyKernel } from './body-kernel.js';
import type { Block, FlatNetwork } from './flat-network.js';
import type { Settings } from './options.js';
import { addOuter, addProduct, addTransposed } from './products.js';
import { type RegionRows, type ShiftRule, type ShiftState, shiftRule } from './shift-rule.js';
import { type Tails, tailsInto, tailsOutOf } from './tails.js';

/** The frames of all regions at one layer, `[rows, units]` each, and what was made of them. */
export interface LayerFrames extends ShiftState {
  /** Pre-activations, without the shifts. */
  readonly h: Float64Array;
  /** After the activation; of the layer before it, none but the last one's is missing. */
  readonly y: Float64Array;
  /** −dLoss/dy, then −dLoss/dh, times the rate. */
  readonly dy: Float64Array;
  /** Slope of each unit on each region, `[regions, units]`. */
  readonly slopes: Float64Array;
  /** −dLoss/dc times the rate, summed over the updates since the shifts were chosen, `[units]`. */
  readonly pull: Float64Array;
}

/** Everything the constraint needs beside the weights. Allocated once. */
export interface Frames {
  readonly rows: readonly RegionRows[];
  /** The regions' own frames, `[rows, inputSize]`. */
  readonly input: Float64Array;
  /** Of each row the only coordinate that is not 0, or −1 where there are more: boxes and balls have axes. */
  readonly axes: Int32Array;
  /** Up to the last layer with a kink: what follows is never shifted. */
  readonly layers: readonly LayerFrames[];
  readonly rules: readonly ShiftRule[];
  /** Whether some activation is affine up to an error only. */
  readonly isSmooth: boolean;
  /** `[largest d + 1]`. */
  readonly point: Float64Array;
}

export function framesOf(net: FlatNetwork, { regions, policy }: Settings): Frames {
  const kinked = net.layers.map(({ activation }) => activation.kinks.length > 0);
  const last = regions.length === 0 ? -1 : kinked.lastIndexOf(true);
  let next = 0;
  const rows = regions.map(region => {
    const start = next;
    next += region.frame.rows;
    return { region, kernel: bodyKernel(region), start };
  });
  const shifted = net.layers.slice(0, last + 1);
  const input = Float64Array.from(regions.flatMap(({ frame }) => Array.from(frame.data)));
  return {
    rows,
    input,
    axes: axesOf(input, next, net.inputSize),
    layers: shifted.map(({ units, activation }) => layerFrames(next, regions, units, activation)),
    rules: shifted.map(({ units, activation }) => shiftRule(rows, units, activation, policy)),
    isSmooth: shifted.some(({ activation }) => activation.approximationError !== undefined),
    point: new Float64Array(regions.reduce((most, { frame }) => Math.max(most, frame.rows), 0)),
  };
}

function layerFrames(
  rows: number,
  regions: readonly Region[],
  units: number,
  { kinks }: Activation,
): LayerFrames {
  return {
    h: new Float64Array(rows * units),
    y: new Float64Array(rows * units),
    dy: new Float64Array(rows * units),
    slopes: new Float64Array(regions.length * units),
    shift: new Float64Array(units),
    sides: new Int8Array(regions.length * kinks.length * units),
    active: new Int32Array(units).fill(-1),
    pull: new Float64Array(units),
  };
}

function axesOf(input: Float64Array, rows: number, size: number): Int32Array {
  return Int32Array.from({ length: rows }, (_, t) => {
    const row = input.subarray(t * size, (t + 1) * size);
    const entries = row.reduce((count, x) => count + Number(x !== 0), 0);
    return entries === 1 ? row.findIndex(x => x !== 0) : -1;
  });
}

/**
 * Carries the frames through the network and chooses every shift (core's `policedPass` in place; allocates where there are
 * smooth activations). Returns
 * undefined, or the layer and unit whose pre-activation is not finite on a region; the shifts are then half done.
 */
export function forwardFrames(
  net: FlatNetwork,
  frames: Frames,
): { readonly layer: number; readonly unit: number } | undefined {
  const tails: Tails[] | undefined = frames.isSmooth
    ? [frames.rows.map(() => new Float64Array(net.inputSize))]
    : undefined;
  for (let l = 0; l < frames.layers.length; l++) {
    const state = frames.layers[l];
    preActivations(net, frames, l);
    // NaN would make every comparison false and pass for a unit that needs no shift.
    const bad = firstNonFinite(state.h);
    if (bad >= 0) return { layer: l, unit: bad % state.shift.length };
    const margins = tails && tailsInto(net.layers[l], tails);
    frames.rules[l](state.h, state, margins);
    activateFrames(net.layers[l].activation, frames.rows, state);
    if (margins) tails?.push(tailsOutOf(net.layers[l], margins, state.sides));
  }
  return undefined;
}

function firstNonFinite(values: Float64Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/** The bias moves the origins, directions see only the weights. */
function preActivations({ inputSize, layers }: FlatNetwork, frames: Frames, l: number): void {
  const { units, bias, blocks } = layers[l];
  const { h } = frames.layers[l];
  h.fill(0);
  for (const { start } of frames.rows) h.set(bias, start * units);
  for (const { source, sourceSize, weights } of blocks) {
    const x = source === 0 ? frames.input : frames.layers[source - 1].y;
    for (let t = 0; t < frames.axes.length; t++) {
      const axis = source === 0 ? frames.axes[t] : -1;
      if (axis < 0) addProduct(weights, units, sourceSize, x, t * sourceSize, h, t * units);
      else {
        const factor = x[t * inputSize + axis];
        for (let j = 0; j < units; j++) h[t * units + j] += factor * weights[j * sourceSize + axis];
      }
    }
  }
}

/** Through the pieces the sides select: `slope · (h₀ + c) + offset` at origins, `slope · hᵢ` along directions. */
function activateFrames(
  { kinks, pieces }: Activation,
  rows: readonly RegionRows[],
  { h, y, slopes, shift, sides }: LayerFrames,
): void {
  const units = shift.length;
  for (let r = 0; r < rows.length; r++) {
    const { region, start } = rows[r];
    const end = (start + region.frame.rows) * units;
    for (let j = 0; j < units; j++) {
      let index = 0;
      for (let k = 0; k < kinks.length; k++) if (sides[(r * kinks.length + k) * units + j] > 0) index++;
      const { slope, offset } = pieces[index];
      const factor = slope as number;
      slopes[r * units + j] = factor;
      let at = start * units + j;
      y[at] = factor * (h[at] + shift[j]) + offset;
      for (at += units; at < end; at += units) y[at] = factor * h[at];
    }
  }
}

/** Adds what an update would do to the shifts: −dLoss/dc is a unit's error, times the rate. */
export function collectPull(frames: Frames, errors: readonly Float64Array[], rate: number): void {
  for (let l = 0; l < frames.layers.length; l++) {
    const { pull } = frames.layers[l];
    const error = errors[l + 1];
    for (let j = 0; j < pull.length; j++) pull[j] += rate * error[j];
  }
}

/**
 * The update of weights and biases through the shifts (core's `shiftGradient` and the frames' part of its
 * `policedBackward`), for all pull collected; resets the pull. Each layer's errors are taken from its weights before
 * they change.
 *
 * `isLocal` leaves out the way through earlier layers.
 */
export function learnFrames({ layers }: FlatNetwork, frames: Frames, isLocal: boolean): void {
  for (const { dy } of frames.layers) dy.fill(0);
  for (let l = frames.layers.length - 1; l >= 0; l--) {
    const state = frames.layers[l];
    backThroughActivation(layers[l].activation.kinks.length, frames, state);
    for (const block of layers[l].blocks) learnFrameBlock(frames, block, state, isLocal);
    const { bias, units } = layers[l];
    for (const { start } of frames.rows) {
      for (let j = 0; j < units; j++) bias[j] += state.dy[start * units + j];
    }
  }
}

/** dy → dh: along the pieces, and through the shifts. */
function backThroughActivation(kinkCount: number, { rows, point }: Frames, state: LayerFrames): void {
  const { h, dy, slopes, shift, active, pull } = state;
  const units = shift.length;
  for (let r = 0; r < rows.length; r++) {
    const { region, start } = rows[r];
    for (let t = start; t < start + region.frame.rows; t++) {
      for (let j = 0; j < units; j++) dy[t * units + j] *= slopes[r * units + j];
    }
    for (let j = 0; j < units; j++) pull[j] += dy[start * units + j];
  }
  for (let j = 0; j < units; j++) {
    if (active[j] >= 0 && pull[j] !== 0) {
      const { region, kernel, start } = rows[Math.floor(active[j] / kinkCount)];
      // A positive shift lifts the minimum over the kink, a negative one lowers the maximum under it.
      kernel.extreme(h, start * units, units, j, shift[j] > 0 ? -1 : 1, point);
      for (let i = 0; i < region.frame.rows; i++) dy[(start + i) * units + j] -= point[i] * pull[j];
    }
    pull[j] = 0;
  }
}

function learnFrameBlock(
  { axes, input, layers }: Frames,
  { source, sourceSize, weights }: Block,
  { dy, shift }: LayerFrames,
  isLocal: boolean,
): void {
  const units = shift.length;
  if (source > 0) {
    const below = layers[source - 1];
    if (!isLocal) addTransposed(weights, units, sourceSize, dy, below.dy, axes.length);
    addOuter(weights, units, sourceSize, dy, below.y, 0, axes.length);
    return;
  }
  for (let t = 0; t < axes.length; t++) {
    const axis = axes[t];
    if (axis < 0) addOuter(weights, units, sourceSize, dy, input, t, t + 1);
    else {
      const factor = input[t * sourceSize + axis];
      for (let j = 0; j < units; j++) weights[j * sourceSize + axis] += factor * dy[t * units + j];
    }
  }
}
