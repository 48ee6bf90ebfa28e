import { float32 } from '@police/core';
import * as operators from '@police/core/operators';
import type { Shape } from '../operation.js';

type Nearest = Extract<operators.GatherOrigin, { kind: 'resizeNearest' }>;

/**
 * The float32 scales of a nearest resize, for each axis of `shape`; undefined where a runtime that computes coordinates
 * in float32 may round one of them to another position than core, which computes with fractions.
 */
export function nearestScales(origin: Nearest, outShape: Shape): number[] | undefined {
  const { shape, coordinates, rounding } = origin;
  const scales = shape.map((inSize, axis) => {
    const meant = origin.scales
      ? { scaleNumerator: origin.scales[axis], scaleDenominator: 1 }
      : { scaleNumerator: outShape[axis], scaleDenominator: inSize };
    const resized: operators.ResizedAxis = { inSize, outSize: outShape[axis], ...meant };
    const scale = resizeScale(inSize, outShape[axis], meant.scaleNumerator / meant.scaleDenominator);
    return scale !== undefined && isDecidedAlike(resized, scale, coordinates, rounding) ? scale : undefined;
  });
  return scales.every(scale => scale !== undefined) ? scales : undefined;
}

/**
 * The float32 value nearest to the scale with ⌊inSize · scale⌋ = outSize, be the product rounded to float32 or not:
 * runtimes do both. Undefined if there is none near.
 */
export function resizeScale(inSize: number, outSize: number, scale: number): number | undefined {
  const candidates = [float32.round(scale), float32.up(scale), float32.down(scale)];
  return candidates.find(candidate => {
    const product = inSize * candidate;
    return Math.floor(product) === outSize && Math.floor(Math.fround(product)) === outSize;
  });
}

/** Roundings in a float32 coordinate, that of the scale included, with room for other ways to compute it. */
const ROUNDINGS = 8;

/**
 * Whether every coordinate is rounded to one position in float32 too: because it is further from where the rounding
 * changes than float32 can be off, or because ONNX's formula is exact there. It divides by the scale, or for aligned
 * corners by a number of positions: exact where the quotient is a half-integer, provided that the divisor is, and where
 * it is 0.
 */
function isDecidedAlike(
  axis: operators.ResizedAxis,
  scale: number,
  coordinates: operators.CoordinateMode,
  rounding: operators.NearestMode,
): boolean {
  const hasExactDivisor =
    coordinates === 'align_corners' || scale * axis.scaleDenominator === axis.scaleNumerator;
  const turn = rounding === 'floor' || rounding === 'ceil' ? 0 : 1 / 2;
  return Array.from({ length: axis.outSize }, (_, o) => {
    const { numerator, denominator } = operators.inputCoordinate(o, axis, coordinates);
    const coordinate = numerator / denominator;
    const fromTurn = Math.abs(coordinate - turn - Math.round(coordinate - turn));
    if (fromTurn === 0) return hasExactDivisor || (o === 0 && coordinates === 'asymmetric');
    return fromTurn > ROUNDINGS * float32.roundoff * (Math.abs(coordinate) + 1);
  }).every(Boolean);
}
