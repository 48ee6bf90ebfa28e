import { type Matrix, matrix } from '../numeric/matrix.js';
import type { Range, Region } from '../regions/region.js';
import { type Policy, sideWish } from '../rule/policy.js';
import { type ForbiddenIntervals, noIntervals, type Shifts } from '../rule/shift.js';
import type { FlatLayer, FlatNetwork } from './flat-network.js';

/** Where one region's rows of frame values lie. */
export interface RegionRows {
  readonly region: Region;
  /** Row of its origin; its d directions follow. */
  readonly start: number;
  /** One past its last row. */
  readonly end: number;
  /** Whether every direction has one coordinate only, as those of boxes and balls: see {@link FramePass.axes}. */
  readonly isAxial: boolean;
}

/** The frames of all regions at one layer, one below the other, and what was made of them. */
export interface LayerFrames extends Pick<Shifts, 'shift' | 'sides' | 'active'> {
  /** Pre-activations, without the shifts, `[rows, units]`. */
  readonly h: Float64Array;
  /** Values after the activation, `[rows, units]`; those of the last layer nobody reads, and they are not computed. */
  readonly y: Float64Array;
  /** −dLoss/dy, then −dLoss/dh, `[rows, units]`. */
  readonly delta: Float64Array;
  /** Slope of each unit on each region, `[regions, units]`. */
  readonly slopes: Float64Array;
  /** What policy `sticky` keeps: the sides of the last pass that went through, 0 for no wish, as `sides`. */
  readonly kept: Int8Array;
  /** −dLoss/dc `[units]`: what the data say, summed by the caller; `backwardFrames` uses it up. */
  readonly pull: Float64Array;
  /** The same rows h of each region. */
  readonly blocks: readonly Matrix[];
  readonly ranges: readonly Range[];
  readonly intervals: ForbiddenIntervals;
  /** How far, at most, smooth activations leave pre-activations and values off these affine ones, `[units]` per region. */
  readonly errorsIn: readonly Float64Array[];
  readonly errorsOut: readonly Float64Array[];
  /** What `chooseShifts` asks. */
  readonly wanted: () => (constraint: number, unit: number) => number;
}

/** One pass of the frames through a flat network, and its gradient: everything allocated once. */
export interface FramePass {
  readonly net: FlatNetwork;
  readonly regions: readonly RegionRows[];
  /** Number of all rows. */
  readonly rows: number;
  /** The regions' own frames, `[rows, inputSize]`. */
  readonly input: Float64Array;
  /** The only coordinate that a row of an axial region has, `[rows]`. */
  readonly axes: Int32Array;
  /** Up to the last layer with a kink: what follows is never shifted. */
  readonly layers: readonly LayerFrames[];
  /** Zeros `[inputSize]` per region: inputs are exact. */
  readonly inputErrors: readonly Float64Array[];
  /** Scratch, `[largest d + 1]`. */
  readonly point: Float64Array;
}

/** Buffers for the frames of the regions, none of them filled in yet. */
export function framePass(net: FlatNetwork, regions: readonly Region[], policy: Policy): FramePass {
  const { inputSize, layers } = net;
  const kinked = layers.map(({ activation }) => activation.kinks.length > 0);
  const last = regions.length === 0 ? -1 : kinked.lastIndexOf(true);
  const input = Float64Array.from(regions.flatMap(({ frame }) => Array.from(frame.data)));
  const axes = axesOf(input, inputSize);
  let end = 0;
  const placed = regions.map((region): RegionRows => {
    const start = end;
    end += region.frame.rows;
    return { region, start, end, isAxial: axes.subarray(start + 1, end).every(axis => axis >= 0) };
  });
  return {
    net,
    regions: placed,
    rows: end,
    input,
    axes,
    layers: layers.slice(0, last + 1).map(layer => layerFrames(layer, placed, end, policy)),
    inputErrors: regions.map(() => new Float64Array(inputSize)),
    point: new Float64Array(regions.reduce((most, { frame }) => Math.max(most, frame.rows), 0)),
  };
}

function layerFrames(
  layer: FlatLayer,
  regions: readonly RegionRows[],
  rows: number,
  policy: Policy,
): LayerFrames {
  const { units } = layer;
  const count = regions.length * layer.activation.kinks.length;
  const perRegion = () => regions.map(() => new Float64Array(units));
  const h = new Float64Array(rows * units);
  const blocks = regions.map(({ start, end }) =>
    matrix(end - start, units, h.subarray(start * units, end * units)),
  );
  const kept = new Int8Array(count * units);
  const ranges = regions.map(() => ({ lo: new Float64Array(units), hi: new Float64Array(units) }));
  return {
    h,
    y: new Float64Array(rows * units),
    delta: new Float64Array(rows * units),
    slopes: new Float64Array(regions.length * units),
    shift: new Float64Array(units),
    sides: new Int8Array(count * units),
    kept,
    active: new Int32Array(units).fill(-1),
    pull: new Float64Array(units),
    blocks,
    ranges,
    intervals: noIntervals(count, units),
    errorsIn: perRegion(),
    errorsOut: perRegion(),
    wanted: wishOf(policy, layer, regions, { blocks, ranges, kept }),
  };
}

/** Policies that vote allocate. */
function wishOf(
  policy: Policy,
  layer: FlatLayer,
  regions: readonly RegionRows[],
  { blocks, ranges, kept }: Pick<LayerFrames, 'blocks' | 'ranges' | 'kept'>,
): LayerFrames['wanted'] {
  const { units } = layer;
  const readers = regions.map(({ region }) => region);
  if (policy !== 'sticky') return () => sideWish(policy, readers, blocks, ranges, layer.activation);
  const asKept = (constraint: number, unit: number) => kept[constraint * units + unit];
  return () => asKept;
}

/** Of each row the only coordinate that is not 0, −1 where there are more or none. */
function axesOf(input: Float64Array, size: number): Int32Array {
  return Int32Array.from({ length: size === 0 ? 0 : input.length / size }, (_, t) => {
    const row = input.subarray(t * size, (t + 1) * size);
    const axis = row.findIndex(x => x !== 0);
    return row.some((x, k) => x !== 0 && k !== axis) ? -1 : axis;
  });
}
