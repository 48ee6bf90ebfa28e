import { type Activation, roundActivation, slopeAt } from './activation.js';
import { PoliceError } from './errors.js';
import { type Matrix, matrix } from './matrix.js';
import {
  type ActivationNode,
  type AffineNode,
  biasOwner,
  foldShifts,
  type Network,
  type NetworkNode,
  network,
} from './network.js';
import { activateFrame, assertRegionsFit } from './police.js';
import { float32, float64, type Precision, roundAll, sumErrorBound, UNIT_ROUNDOFF } from './precision.js';
import type { Region } from './regions/region.js';
import {
  chooseShifts,
  type ForbiddenIntervals,
  forbiddenIntervals,
  nearestFreeShift,
  piecesOn,
} from './shift.js';

export interface FreezeOptions {
  /**
   * The format the weights are stored in.
   * @defaultValue 'float32'
   */
  readonly precision?: 'float32' | 'float64';
}

/** What freezing did to one nonlinearity. */
export interface FrozenLayer {
  readonly name: string;
  /** Units whose bias had to move after rounding. */
  readonly corrected: number;
  /** The largest such move. */
  readonly largestCorrection: number;
  /**
   * Least distance, over units, regions and kinks, of a pre-activation's range to a kink, less the bound on all
   * rounding made in computing it. Never negative: that is the proof. Infinity for a layer without kinks.
   */
  readonly smallestMargin: number;
}

export interface Frozen {
  /** The plain network: no shifts but where no bias can hold them, every parameter representable. */
  readonly network: Network;
  readonly layers: readonly FrozenLayer[];
}

/**
 * Frame values on one region with a bound `[size]` on how far, at any point of the region, the value computed from
 * them lies from the true one.
 */
interface BoundedFrame {
  readonly values: Matrix;
  readonly error: Float64Array;
}

/**
 * Rounds a network to its storage format and makes it affine on every region *exactly*: for the stored weights
 * taken as real numbers no unit changes sign on a region.
 *
 * Shifts are folded, weights rounded, and the remaining correction is chosen layer by layer for the rounded
 * values: each bias moves to the nearest representable value that clears the kink by a running bound on the
 * rounding error (γₙ(|W||v| + |b|), see `sumErrorBound`). What is not constrained yet is constrained by the
 * smallest shifts, so `freeze(net, regions)` alone is enforcement by policy `minimal`. The network given is left
 * as it is.
 *
 * Throws `not-finite` (a weight overflows the format) or `no-free-shift`.
 */
export function freeze(net: Network, regions: readonly Region[], options: FreezeOptions = {}): Frozen {
  const precision = precisionOf(options.precision ?? 'float32');
  assertRegionsFit(regions, net.inputSize);
  const rounded = roundNetwork(foldShifts(net), precision);
  const nodes = new Map<string, NetworkNode>(rounded.nodes.map(node => [node.name, node]));
  const values = new Map<string, readonly BoundedFrame[]>();
  const linearParts = new Map<string, LinearPart[]>();
  const layers: FrozenLayer[] = [];

  for (const node of rounded.nodes) {
    if (node.kind === 'input') {
      values.set(
        node.name,
        regions.map(({ frame, slack }) => ({ values: frame, error: slack })),
      );
    } else if (node.kind === 'affine') {
      const parts = regions.map((region, r) => linearPart(node, region, values.get(node.input)![r]));
      linearParts.set(node.name, parts);
      values.set(
        node.name,
        parts.map(part => addBias(part, node.operator.bias)),
      );
    } else {
      const owner = biasOwner(rounded, node);
      const before = owner
        ? {
            bias: owner.operator.bias,
            frames: (bias: Float64Array) => linearParts.get(owner.name)!.map(part => addBias(part, bias)),
          }
        : {
            bias: node.shift ?? new Float64Array(rounded.sizes.get(node.name)!),
            frames: (bias: Float64Array) =>
              values.get(node.input)!.map((frame, r) => addShift(regions[r], frame, bias)),
          };
      const { bias, frames, layer } = clearKinks(node, regions, before.bias, before.frames, precision);
      layers.push(layer);
      if (owner) nodes.set(owner.name, { ...owner, operator: owner.operator.withBias(bias) });
      else if (bias.some(b => b !== 0)) nodes.set(node.name, { ...node, shift: bias });
      values.set(node.name, activateBounded(node.activation, regions, frames));
    }
  }
  return { network: network(rounded.nodes.map(({ name }) => nodes.get(name)!)), layers };
}

function precisionOf(name: string): Precision {
  if (name === 'float32') return float32;
  if (name === 'float64') return float64;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'precision',
    expected: "'float32' or 'float64'",
    actual: name,
  });
}

function roundNetwork(net: Network, precision: Precision): Network {
  return network(
    net.nodes.map((node): NetworkNode => {
      if (node.kind === 'affine') return { ...node, operator: node.operator.rounded(precision) };
      if (node.kind === 'input') return node;
      const activation = roundActivation(node.activation, precision);
      return node.shift
        ? { ...node, activation, shift: roundAll(node.shift, precision) }
        : { ...node, activation };
    }),
  );
}

/** A layer's frame values before its bias, which may still move. */
interface LinearPart {
  readonly product: Matrix;
  /** |W| applied to the incoming error bound, `[units]`. */
  readonly carried: Float64Array;
  /** |W| applied to the incoming values' reach, `[units]`. */
  readonly magnitude: Float64Array;
  readonly terms: number;
}

function linearPart({ operator }: AffineNode, region: Region, { values, error }: BoundedFrame): LinearPart {
  const row = (data: Float64Array): Matrix => ({ rows: 1, cols: data.length, data });
  return {
    product: operator.linear(values),
    carried: operator.magnitude(row(error)).data,
    magnitude: operator.magnitude(row(region.reach(values))).data,
    terms: operator.terms,
  };
}

function addBias({ product, carried, magnitude, terms }: LinearPart, bias: Float64Array): BoundedFrame {
  const values = matrix(product.rows, product.cols, product.data.slice());
  for (let j = 0; j < values.cols; j++) values.data[j] += bias[j];
  // One more term for the bias, one for the sum of the products over the frame's coordinates.
  const error = carried.map(
    (e, j) => (e + sumErrorBound(terms + 2, magnitude[j] + Math.abs(bias[j]))) * ROUND_UP,
  );
  return { values, error };
}

/** Outweighs the rounding of adding two bounds. */
const ROUND_UP = 1 + 2 ** -50;

function addShift(region: Region, { values, error }: BoundedFrame, shift: Float64Array): BoundedFrame {
  const moved = matrix(values.rows, values.cols, values.data.slice());
  for (let j = 0; j < moved.cols; j++) moved.data[j] += shift[j];
  const reach = region.reach(values);
  return {
    values: moved,
    error: error.map((e, j) => (e + sumErrorBound(2, reach[j] + Math.abs(shift[j]))) * ROUND_UP),
  };
}

/** Moves the bias, where it must, to the nearest representable value that keeps every unit off every kink. */
function clearKinks(
  { name, activation }: ActivationNode,
  regions: readonly Region[],
  bias: Float64Array,
  framesFor: (bias: Float64Array) => BoundedFrame[],
  precision: Precision,
): { bias: Float64Array; frames: BoundedFrame[]; layer: FrozenLayer } {
  // Chosen at twice the bound, so that the check below, at the bound itself, survives the correction's own rounding.
  const intervals = intervalsOf(activation, regions, framesFor(bias), 2);
  const corrections = bias.map((b, j) => {
    const snap = (c: number, direction: 1 | -1) => {
      // A little outward: rounding b + c must not bring the candidate back into the interval that c leaves.
      const target = b + c + direction * 4 * UNIT_ROUNDOFF * (Math.abs(b) + Math.abs(c));
      return (direction > 0 ? precision.up(target) : precision.down(target)) - b;
    };
    return intervals.count === 0 ? 0 : nearestFreeShift(intervals, j, snap);
  });
  const corrected = bias.map((b, j) => precision.round(b + corrections[j]));
  const frames = framesFor(corrected);
  const layer: FrozenLayer = {
    name,
    corrected: corrections.filter(c => c !== 0).length,
    largestCorrection: corrections.reduce((max, c) => Math.max(max, Math.abs(c)), 0),
    smallestMargin: smallestMargin(intervalsOf(activation, regions, frames, 1)),
  };
  if (!(layer.smallestMargin >= 0)) {
    throw new PoliceError({
      code: 'no-free-shift',
      where: name,
      expected: 'every unit clear of its kinks by the rounding bound',
      actual: `a margin of ${layer.smallestMargin}`,
      remedy: 'The weights are too large for their format on this region: scale them down.',
    });
  }
  return { bias: corrected, frames, layer };
}

function intervalsOf(
  activation: Activation,
  regions: readonly Region[],
  frames: readonly BoundedFrame[],
  safety: number,
): ForbiddenIntervals {
  const ranges = regions.map((region, r) => region.range(frames[r].values));
  const margins = regions.map((region, r) => {
    const reach = region.reach(frames[r].values);
    // The range itself is a sum over the frame's rows (and, for l2, a scaling, squares and a root).
    const terms = region.frame.rows + 8;
    return frames[r].error.map((e, j) => safety * (e + sumErrorBound(terms, reach[j])) * ROUND_UP);
  });
  return forbiddenIntervals(ranges, activation, margins);
}

function smallestMargin({ below, above }: ForbiddenIntervals): number {
  return below.reduce((least, b, i) => Math.min(least, Math.max(b, -above[i])), Number.POSITIVE_INFINITY);
}

function activateBounded(
  activation: Activation,
  regions: readonly Region[],
  frames: readonly BoundedFrame[],
): BoundedFrame[] {
  const units = frames[0]?.values.cols ?? 0;
  const settled = chooseShifts(intervalsOf(activation, regions, frames, 1), () => 0);
  return frames.map(({ values, error }, r) => {
    const pieces = piecesOn(r, activation, settled.sides, units);
    const reach = regions[r].reach(values);
    return {
      values: activateFrame(activation, values, settled, r),
      error: error.map((e, j) => {
        const { offset } = activation.pieces[pieces[j]];
        const slope = Math.abs(slopeAt(activation.pieces[pieces[j]], j));
        return (slope * e + sumErrorBound(4, slope * reach[j] + Math.abs(offset))) * ROUND_UP;
      }),
    };
  });
}

/** Whether every parameter is a value of the format, as after `freeze`. */
export function isRepresentable(net: Network, { round }: Precision): boolean {
  const fits = (values: Float64Array) => values.every(x => round(x) === x);
  return net.nodes.every(node => {
    if (node.kind === 'input') return true;
    if (node.kind === 'affine') return node.operator.parameters.every(fits);
    const slopes = node.activation.pieces.map(({ slope }) => slope);
    return (
      slopes.every(s => (typeof s === 'number' ? round(s) === s : fits(s))) &&
      (!node.shift || fits(node.shift))
    );
  });
}
