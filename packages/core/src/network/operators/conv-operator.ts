import { assertSize } from '../../errors.js';
import { type Matrix, matrix, rowOf } from '../../numeric/matrix.js';
import { roundAll } from '../../numeric/precision.js';
import { collectGroups } from './bias.js';
import type { ProductContract } from './contract.js';
import { type ConvGeometry, fanIn, inPlane, mostMeetings, outPlane } from './conv-geometry.js';
import type { ConvSpec } from './conv-options.js';
import { addPlanesGradient, convolvePlanes, convolvePlanesBack } from './conv-planes.js';
import { addEntriesGradient, convolveEntries, type Way } from './conv-sparse.js';
import { tapsOf } from './conv-taps.js';
import { ConvTiles } from './conv-tiles.js';
import { fastProduct } from './fast-product.js';
import { magnitudesOf } from './magnitudes.js';
import { channelGroups, expandGroups, type Shape } from './shapes.js';
import { countNonZeros } from './sparse.js';

/** A convolution or a transposed one, with all its options. */
export type ConvOperator<Kind extends string, Spec extends ConvSpec = ConvSpec> = ProductContract &
  Spec & {
    readonly kind: Kind;
    /** `[outC, H', W']` or `[outC, L']`. */
    readonly outShape: Shape;
    /** `[weightShape[0], product of the rest]`. */
    readonly weight: Matrix;
  };

export interface ConvDescription<Kind extends string, Spec extends ConvSpec> {
  readonly kind: Kind;
  readonly spec: Spec;
  readonly geometry: ConvGeometry;
  /** Which way through the geometry `linear` goes: a transposed convolution is the adjoint of a convolution. */
  readonly way: Way;
  readonly outShape: Shape;
  readonly weight: Float64Array;
  /** One per channel. */
  readonly bias: Float64Array;
  /** @defaultValue computed from outShape; passed on when only parameters change */
  readonly biasGroups?: Int32Array;
}

/** What both kinds of convolution do. */
export function convOperator<Kind extends string, Spec extends ConvSpec>(
  description: ConvDescription<Kind, Spec>,
): ConvOperator<Kind, Spec> {
  const { kind, spec, geometry, way, outShape, weight, bias } = description;
  const biasGroups = description.biasGroups ?? channelGroups(outShape);
  const [inSize, outSize] = (way === 'forward' ? [inputsOf, outputsOf] : [outputsOf, inputsOf]).map(of =>
    of(geometry),
  );
  const weightRows = spec.weightShape[0];
  const weightMatrix = matrix(weightRows, weight.length / weightRows, weight);
  const magnitudes = magnitudesOf(weight);
  return {
    ...spec,
    kind,
    outShape,
    weight: weightMatrix,
    inSize,
    outSize,
    bias: expandGroups(bias, biasGroups),
    storesBias: true,
    biasGroups,
    terms: mostProducts(geometry, way),
    parameters: [weight, bias],
    linear: x => convolved(geometry, way, weight, x),
    adjoint: y => convolved(geometry, way === 'forward' ? 'back' : 'forward', weight, y),
    magnitude: x => convolved(geometry, way, magnitudes(), x),
    zeroGradient: () => ({
      weight: matrix(weightMatrix.rows, weightMatrix.cols),
      bias: new Float64Array(bias.length),
    }),
    accumulateGradient: (into, x, dy) => {
      assertSize(x.rows, dy.rows, kind, 'rows of dLoss/dy');
      const [from, to] = way === 'forward' ? [x, dy] : [dy, x];
      addGradient(geometry, into.weight.data, from, to);
    },
    withBias: next =>
      convOperator({ ...description, biasGroups, bias: collectGroups(next, biasGroups, bias.length, kind) }),
    taps: () => tapsOf(geometry, way, weight),
    withParameters: (nextWeight, nextBias) =>
      convOperator({ ...description, biasGroups, weight: nextWeight, bias: nextBias }),
    rounded: precision =>
      convOperator({
        ...description,
        biasGroups,
        weight: roundAll(weight, precision),
        bias: roundAll(bias, precision),
      }),
  };
}

/** Most products summed into one output: kernel entries that only ever meet padding do not count. */
function mostProducts({ height, width, inChannels, outChannels }: ConvGeometry, way: Way): number {
  return way === 'forward'
    ? inChannels * mostMeetings(height.inputOf, height.kernel) * mostMeetings(width.inputOf, width.kernel)
    : outChannels * mostMeetings(height.outputOf, height.kernel) * mostMeetings(width.outputOf, width.kernel);
}

/** A row with at most this share of non-zeros goes entry by entry, where a product costs about 8 times as much. */
const SPARSE_SHARE = 1 / 8;

/** From this many output channels per group on, dense rows go by tiles of patches, where a product is cheapest. */
const TILED_CHANNELS = 4;

function isSparse(row: Float64Array): boolean {
  return countNonZeros(row) <= SPARSE_SHARE * row.length;
}

/** Sends blocks of rows through the geometry with any weights, by the products that were loaded, if any. */
function convolved(geometry: ConvGeometry, way: Way, weight: Float64Array, x: Matrix): Matrix {
  const [from, to] = way === 'forward' ? [inputsOf, outputsOf] : [outputsOf, inputsOf];
  assertSize(x.cols, from(geometry), 'convolution', 'rows');
  const work = x.rows * to(geometry) * fanIn(geometry);
  return (
    fastProduct(() => tapsOf(geometry, way, weight), x, work) ??
    plainProduct(geometry, way, weight, x, to(geometry))
  );
}

const inputsOf = (geometry: ConvGeometry): number =>
  geometry.groups * geometry.inChannels * inPlane(geometry);
const outputsOf = (geometry: ConvGeometry): number =>
  geometry.groups * geometry.outChannels * outPlane(geometry);

function plainProduct(
  geometry: ConvGeometry,
  way: Way,
  weight: Float64Array,
  x: Matrix,
  outSize: number,
): Matrix {
  const y = matrix(x.rows, outSize);
  const convolve = denseConvolution(geometry, way, weight);
  for (let i = 0; i < x.rows; i++) {
    const from = rowOf(x, i);
    if (isSparse(from)) convolveEntries(geometry, way, weight, from, rowOf(y, i));
    else convolve(from, rowOf(y, i));
  }
  return y;
}

function denseConvolution(
  geometry: ConvGeometry,
  way: Way,
  weight: Float64Array,
): (from: Float64Array, to: Float64Array) => void {
  if (geometry.outChannels < TILED_CHANNELS) {
    const convolve = way === 'forward' ? convolvePlanes : convolvePlanesBack;
    return (from, to) => convolve(geometry, weight, from, to);
  }
  let tiles: ConvTiles | undefined;
  return (from, to) => {
    tiles ??= new ConvTiles(geometry);
    if (way === 'forward') tiles.convolve(weight, from, to);
    else tiles.convolveBack(weight, from, to);
  };
}

/** `x` on the inputs' side of the geometry, `y` on the outputs'. */
function addGradient(geometry: ConvGeometry, into: Float64Array, x: Matrix, y: Matrix): void {
  let tiles: ConvTiles | undefined;
  for (let i = 0; i < x.rows; i++) {
    const inputs = rowOf(x, i);
    const outputs = rowOf(y, i);
    if (isSparse(inputs)) addEntriesGradient(geometry, 'forward', into, inputs, outputs);
    else if (isSparse(outputs)) addEntriesGradient(geometry, 'back', into, outputs, inputs);
    else if (geometry.outChannels < TILED_CHANNELS) addPlanesGradient(geometry, into, inputs, outputs);
    else {
      tiles ??= new ConvTiles(geometry);
      tiles.addGradient(into, inputs, outputs);
    }
  }
}
