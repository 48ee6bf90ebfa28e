import { linearAdjoints } from '../network/forward.js';
import type { Network } from '../network/network.js';
import { rowsTogether } from '../network/rows-together.js';
import { UNRESOLVED } from '../network/unresolved.js';
import { type BackRules, walkBack } from '../network/walk.js';
import { rangesOf } from '../numeric/live.js';
import {
  addInto,
  type Matrix,
  matrix,
  multiplyTransposed,
  rowOf,
  scaleColumns,
  withLiveOf,
} from '../numeric/matrix.js';
import { upTo } from '../numeric/up-to.js';
import type { Region } from '../regions/region.js';
import { type AffinePieces, slopesOn } from '../rule/pieces.js';
import { maxFrameAdjoint } from '../rule/winners.js';

/** An affine map `y = A x + b`: `A` `[outSize, inSize]`, `b` `[outSize]`. */
export interface AffineMap {
  readonly A: Matrix;
  readonly b: Float64Array;
}

/**
 * A and b on a region: the rows of A by carrying unit output gradients back through the slopes the sides fix, b
 * from the value `atOrigin` of the output at the frame's origin. Where the region's hull is flat, A is the network's own Jacobian there.
 */
export function affineMapOn(
  net: Network,
  region: Region,
  pieces: AffinePieces,
  r: number,
  atOrigin: Float64Array,
): AffineMap {
  const { inputSize, outputSize } = net;
  const A = matrix(outputSize, inputSize);
  const width = [...net.sizes.values()].reduce((sum, size) => sum + size, 0);
  const blockRows = rowsTogether(width);
  const outputs = upTo(outputSize);
  for (let from = 0; from < outputSize; from += blockRows) {
    const rows = unitRows(outputs.subarray(from, from + blockRows), outputSize);
    const gradient = walkBack(net, rows, alongPieces(net, pieces, r), addInto);
    if (gradient) A.data.set(gradient.data, from * inputSize);
  }
  const linearPart = multiplyTransposed({ rows: 1, cols: region.size, data: rowOf(region.frame, 0) }, A).data;
  return { A, b: atOrigin.map((y, i) => y - linearPart[i]) };
}

/** Rows of the identity of a size. */
export function unitRows(units: Int32Array, size: number): Matrix {
  const rows = matrix(units.length, size);
  const isLive = new Uint8Array(size);
  units.forEach((unit, i) => {
    rows.data[i * size + unit] = 1;
    isLive[unit] = 1;
  });
  return { ...rows, live: rangesOf(isLive) };
}

/** Output gradients `[n, size]` carried back along the pieces that a region is on. */
export const alongPieces = (net: Network, pieces: AffinePieces, region: number): BackRules<Matrix> => ({
  ...linearAdjoints(net),
  ...UNRESOLVED,
  activation: ({ name, activation }, gradient) => {
    const { sides } = pieces.layers.get(name)!.shifts;
    return [scaleColumns(gradient, slopesOn(activation, sides, region, gradient.cols))];
  },
  max: ({ name, input }, gradient) => {
    const before = maxFrameAdjoint(gradient, pieces.maxima.get(name)!, region, net.sizes.get(input)!);
    return [withLiveOf([gradient], before)];
  },
});

/**
 * The maps of all regions, from the outputs' frame values `[dᵣ + 1, outSize]`, made when first asked for: A has
 * outSize · inSize entries. Keeps the pieces, not the frames.
 */
export function mapsOn(
  net: Network,
  regions: readonly Region[],
  { layers, maxima }: AffinePieces,
  outputs: readonly Matrix[],
): () => readonly AffineMap[] {
  const pieces: AffinePieces = {
    layers: new Map([...layers].map(([name, { shifts }]) => [name, { shifts }])),
    maxima,
  };
  const origins = outputs.map(values => rowOf(values, 0).slice());
  let maps: readonly AffineMap[] | undefined;
  return () => {
    maps ??= regions.map((region, r) => affineMapOn(net, region, pieces, r, origins[r]));
    return maps;
  };
}
