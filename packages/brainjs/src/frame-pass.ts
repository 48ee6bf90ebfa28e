import { type Activation, type Matrix, matrix, PoliceError, type Policy, type Region } from '@police/core';
import { shiftCoordinates, shiftsOf } from '@police/core/adapter';
import { type BodyKind, bodyKind, writeExtreme, writeRange } from './body.js';
import { chooseShift } from './choose-shift.js';
import type { FlatLayer } from './flat-layer.js';
import { addProduct, addTransposedProduct } from './kernels.js';
import { layerName } from './names.js';
import { tailsInto, tailsOutOf } from './tails.js';

/** The regions as the loops read them: one below the other, the rows of all their frames. */
export interface FlatRegions {
  readonly regions: readonly Region[];
  readonly kinds: readonly BodyKind[];
  /** First row of each region's frame, and the number of all rows at the end: `[regions + 1]`. */
  readonly starts: Int32Array;
  /** `[rows, inputSize]`. */
  readonly frames: Float64Array;
  /** The only coordinate a frame row has, −1 where it has several or is an origin: `[rows]`. */
  readonly axes: Int32Array;
}

export function flatRegions(regions: readonly Region[], inputSize: number): FlatRegions {
  const starts = Int32Array.of(0, ...regions.map(({ frame }) => frame.rows));
  for (let r = 1; r < starts.length; r++) starts[r] += starts[r - 1];
  const rows = starts[regions.length];
  const frames = new Float64Array(rows * inputSize);
  regions.forEach(({ frame }, r) => {
    frames.set(frame.data, starts[r] * inputSize);
  });
  const axes = Int32Array.from({ length: rows }, (_, i) => {
    const row = frames.subarray(i * inputSize, (i + 1) * inputSize);
    const axis = row.findIndex(x => x !== 0);
    return starts.includes(i) || row.some((x, k) => x !== 0 && k !== axis) ? -1 : axis;
  });
  return { regions, kinds: regions.map(bodyKind), starts, frames, axes };
}

/** What one layer's frames are found to be, and what their gradient needs. R regions, M frame rows. */
export interface FrameLayer {
  /** Pre-activations without the shift, `[M, units]`. */
  readonly h: Float64Array;
  /** Values after the activation, `[M + 1, units]`: the last row is room for the sample's. */
  readonly y: Float64Array;
  /** `[R, units]`. */
  readonly lo: Float64Array;
  readonly hi: Float64Array;
  /** Side of each unit on each region, after the shift, `[R, units]`. */
  readonly sides: Int8Array;
  /** c `[units]`. */
  readonly shift: Float64Array;
  /** −dc/dframe `[M, units]`: see core's `shiftCoordinates`. */
  readonly coordinates: Float64Array;
  /** −dLoss/dh of the frames, times what the caller puts in, `[M, units]`. */
  readonly delta: Float64Array;
  /** −dLoss/dc from the data, `[units]`: what the caller puts in. */
  readonly dataDelta: Float64Array;
  /** −dLoss/dc from the data and the frames, `[units]`. */
  readonly shiftDelta: Float64Array;
}

/** Buffers for one pass of the frames through the network, and its gradient. */
export interface FramePass {
  readonly flat: FlatRegions;
  readonly policy: Policy;
  readonly layers: readonly FrameLayer[];
  /** Scratch, one number for each frame row and the sample. */
  readonly rowFactors: Float64Array;
}

export function framePass(flat: FlatRegions, policy: Policy, params: readonly FlatLayer[]): FramePass {
  const R = flat.regions.length;
  const M = flat.starts[R];
  return {
    flat,
    policy,
    layers: params.map(({ outSize: n }) => ({
      h: new Float64Array(M * n),
      y: new Float64Array((M + 1) * n),
      lo: new Float64Array(R * n),
      hi: new Float64Array(R * n),
      sides: new Int8Array(R * n),
      shift: new Float64Array(n),
      coordinates: new Float64Array(M * n),
      delta: new Float64Array(M * n),
      dataDelta: new Float64Array(n),
      shiftDelta: new Float64Array(n),
    })),
    rowFactors: new Float64Array(M + 1),
  };
}

/**
 * Carries the frames through the layers and finds every layer's shifts, keeping `previous` sides `[R, units]` where the
 * policy is sticky. The activation has one kink.
 *
 * Core's `policedPass` says what is computed. Allocates nothing for (leaky) ReLU under the policies `sticky` and `minimal` on
 * regions that `bodyKind` knows; else core itself chooses. Throws `not-finite`, naming the layer, when the weights overflow.
 */
export function findShifts(
  pass: FramePass,
  params: readonly FlatLayer[],
  activation: Activation,
  previous: readonly Int8Array[],
): void {
  let tails: readonly Float64Array[] | undefined;
  if (activation.approximationError !== undefined) {
    tails = pass.flat.regions.map(() => new Float64Array(params[0].inSize));
  }
  for (let l = 0; l < params.length; l++) {
    writePreActivations(pass, params, l);
    const margins = tails && tailsInto(params[l], tails);
    chooseLayer(pass, l, params[l].outSize, activation, previous[l], margins);
    if (l + 1 < params.length) activateFrames(pass, l, params[l].outSize, activation);
    tails = margins && tailsOutOf(activation, margins, pass.layers[l].sides);
  }
}

function writePreActivations(
  { flat: { starts, frames, axes, regions }, layers }: FramePass,
  params: readonly FlatLayer[],
  l: number,
): void {
  const { weights, biases, outSize, inSize } = params[l];
  const { h } = layers[l];
  const R = regions.length;
  const M = starts[R];
  h.fill(0);
  for (let r = 0; r < R; r++) for (let j = 0; j < outSize; j++) h[starts[r] * outSize + j] = biases[j];
  const x = l === 0 ? frames : layers[l - 1].y;
  for (let i = 0; i < M; i++) {
    if (l === 0 && axes[i] >= 0) {
      // Along one coordinate the product is a column of the weights.
      const length = frames[i * inSize + axes[i]];
      for (let j = 0, w = axes[i]; j < outSize; j++, w += inSize) h[i * outSize + j] += length * weights[w];
    } else {
      addProduct(weights, outSize, inSize, x, i * inSize, h, i * outSize);
    }
  }
}

function chooseLayer(
  pass: FramePass,
  l: number,
  units: number,
  activation: Activation,
  previous: Int8Array,
  margins: readonly Float64Array[] | undefined,
): void {
  const { regions, kinds, starts } = pass.flat;
  const { h, lo, hi, sides, shift, coordinates } = pass.layers[l];
  const R = regions.length;
  const isFlat = typeof pass.policy === 'string' && pass.policy !== 'majority' && !kinds.includes('general');
  if (!isFlat || margins) {
    assertFiniteFrames(h, units, l);
    chooseByCore(pass, l, units, activation, previous, margins);
    return;
  }
  const wanted = pass.policy === 'sticky' ? previous : noWish(previous);
  for (let r = 0; r < R; r++) {
    writeRange(kinds[r], h, units, starts[r], starts[r + 1], lo, hi, r * units);
  }
  assertFiniteRanges(lo, hi, units, l);
  coordinates.fill(0);
  for (let j = 0; j < units; j++) {
    const c = chooseShift(lo, hi, units, R, j, wanted);
    shift[j] = c;
    let active = -1;
    for (let r = 0, at = j; r < R; r++, at += units) {
      sides[at] = c >= -lo[at] ? 1 : -1;
      if (active < 0 && c !== 0 && c === (c > 0 ? -lo[at] : -hi[at])) active = r;
    }
    // A positive shift lifts the minimum over the kink, a negative one lowers the maximum under it.
    if (active >= 0) {
      const side = c > 0 ? -1 : 1;
      writeExtreme(kinds[active], h, units, starts[active], starts[active + 1], j, side, coordinates);
    }
  }
}

/** Zeros as long as `like`, kept for the next call. */
const noWishes = new Map<number, Int8Array>();
function noWish({ length }: Int8Array): Int8Array {
  const found = noWishes.get(length) ?? new Int8Array(length);
  noWishes.set(length, found);
  return found;
}

/** The policies, regions and activations without a flat loop. */
function chooseByCore(
  { flat: { regions, starts }, policy, layers }: FramePass,
  l: number,
  units: number,
  activation: Activation,
  previous: Int8Array,
  margins: readonly Float64Array[] | undefined,
): void {
  const { h, sides, shift, coordinates } = layers[l];
  const frames = regions.map(
    (_, r): Matrix =>
      matrix(starts[r + 1] - starts[r], units, h.subarray(starts[r] * units, starts[r + 1] * units)),
  );
  const kept = policy === 'sticky' ? previous : undefined;
  const found = shiftsOf(regions, frames, activation, policy, kept, undefined, margins);
  shift.set(found.shift);
  sides.set(found.sides);
  shiftCoordinates(regions, frames, activation.kinks.length, found).forEach(({ data }, r) => {
    coordinates.set(data, starts[r] * units);
  });
}

/** Values through the piece that the sides select: at the origins `slope (h + c) + offset`, along directions `slope h`. */
function activateFrames(
  { flat: { starts, regions }, layers }: FramePass,
  l: number,
  units: number,
  { pieces: [below, above] }: Activation,
): void {
  const { h, y, sides, shift } = layers[l];
  const low = below.slope as number;
  const high = above.slope as number;
  for (let r = 0; r < regions.length; r++) {
    const from = starts[r];
    for (let j = 0, at = from * units; j < units; j++, at++) {
      const isAbove = sides[r * units + j] > 0;
      y[at] = (isAbove ? high : low) * (h[at] + shift[j]) + (isAbove ? above : below).offset;
    }
    for (let i = from + 1; i < starts[r + 1]; i++) {
      for (let j = 0, at = i * units; j < units; j++, at++) {
        y[at] = (sides[r * units + j] > 0 ? high : low) * h[at];
      }
    }
  }
}

/**
 * The gradient through the shifts: from every layer's `dataDelta` to its frames' `delta`, as core's `policedBackward`
 * does it. `isLocal` treats the frames that enter a layer as constants. Signs are brain.js's: deltas point downhill.
 */
export function backThroughShifts(
  { flat: { starts, regions }, layers }: FramePass,
  params: readonly FlatLayer[],
  { pieces: [below, above] }: Activation,
  isLocal: boolean,
): void {
  const low = below.slope as number;
  const high = above.slope as number;
  const R = regions.length;
  const M = starts[R];
  for (let l = params.length - 1; l >= 0; l--) {
    const units = params[l].outSize;
    const { delta, dataDelta, coordinates, sides, shiftDelta } = layers[l];
    shiftDelta.set(dataDelta);
    delta.fill(0);
    if (l + 1 < params.length && !isLocal) {
      const { weights, outSize, inSize } = params[l + 1];
      const after = layers[l + 1].delta;
      for (let i = 0; i < M; i++) {
        addTransposedProduct(weights, outSize, inSize, after, i * outSize, delta, i * inSize);
      }
      for (let r = 0; r < R; r++) {
        for (let i = starts[r]; i < starts[r + 1]; i++) {
          for (let j = 0, at = i * units; j < units; j++, at++) {
            delta[at] *= sides[r * units + j] > 0 ? high : low;
          }
        }
        for (let j = 0, at = starts[r] * units; j < units; j++, at++) shiftDelta[j] += delta[at];
      }
    }
    for (let i = 0; i < M; i++) {
      for (let j = 0, at = i * units; j < units; j++, at++) delta[at] -= coordinates[at] * shiftDelta[j];
    }
  }
}

function assertFiniteRanges(lo: Float64Array, hi: Float64Array, units: number, l: number): void {
  for (let i = 0; i < lo.length; i++) {
    // Infinite or NaN in any frame value makes one of them so.
    if (!(hi[i] - lo[i] < Infinity)) throw notFinite(hi[i] - lo[i], i % units, l);
  }
}

function assertFiniteFrames(h: Float64Array, units: number, l: number): void {
  for (let i = 0; i < h.length; i++) if (!Number.isFinite(h[i])) throw notFinite(h[i], i % units, l);
}

function notFinite(value: number, unit: number, l: number): PoliceError {
  return new PoliceError({
    code: 'not-finite',
    where: layerName(l),
    expected: 'finite pre-activations on the region',
    actual: `${value} at unit ${unit}`,
    remedy: 'The weights have grown too large: lower the learning rate, or scale the inputs.',
  });
}
