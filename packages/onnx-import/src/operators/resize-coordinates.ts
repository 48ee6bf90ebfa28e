// Where a resized axis reads its input: in float32, step by step as ONNX Runtime computes it (upsamplebase.h).
import { unsupported } from '../errors.js';

const f32 = Math.fround;

/** One axis of a resize. */
export interface Axis {
  readonly inSize: number;
  readonly outSize: number;
  /** In float32. */
  readonly scale: number;
}

/** The axis that a scale makes: the size is cut, the scale kept as it is. */
export function axisByScale(inSize: number, scale: number): Axis {
  return { inSize, outSize: Math.floor(f32(inSize * f32(scale))), scale: f32(scale) };
}

export function axisBySize(inSize: number, outSize: number): Axis {
  return { inSize, outSize, scale: f32(outSize / inSize) };
}

function halfPixel(o: number, { scale }: Axis): number {
  return f32(f32(f32(o + 0.5) / scale) - 0.5);
}

/** The coordinate of output `o` on the input axis. Throws `unsupported-layer` for other modes. */
export function coordinateOf(o: number, axis: Axis, mode: string, where: string): number {
  const { inSize, outSize, scale } = axis;
  switch (mode) {
    case 'half_pixel':
      return halfPixel(o, axis);
    case 'pytorch_half_pixel':
      return outSize > 1 ? halfPixel(o, axis) : 0;
    case 'asymmetric':
      return f32(o / scale);
    case 'align_corners':
      return outSize === 1 ? 0 : f32(f32(o * (inSize - 1)) / (outSize - 1));
    default:
      throw unsupported(
        where,
        'coordinate_transformation_mode half_pixel, pytorch_half_pixel, asymmetric or align_corners',
        `'${mode}'`,
      );
  }
}

/** Recent versions of ONNX Runtime take coordinates for ties that are 1e-6 off (seen in 1.30); others need not. */
const NEARLY_TIED = 2 ** -18;

/** The coordinate, unless it is a tie but for its rounding. Throws `unsupported-layer`. */
function certain(x: number, where: string): number {
  const off = Math.abs(x - Math.floor(x) - 0.5);
  if (off === 0 || off > NEARLY_TIED) return x;
  const remedy = "Use nearest_mode 'floor' or 'ceil', or another scale.";
  throw unsupported(where, 'coordinates that are ties or clearly none', `${x}`, remedy);
}

/** Rounds a coordinate to a position. `cut_or_ceil`, of operator set 10: up where the axis shrinks, cut elsewhere. */
export function nearestTo(x: number, { scale }: Axis, mode: string, where: string): number {
  switch (mode) {
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'round_prefer_floor':
      return Math.ceil(certain(x, where) - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(certain(x, where) + 0.5);
    case 'cut_or_ceil':
      return scale < 1 ? Math.ceil(x) : Math.trunc(x);
    default:
      throw unsupported(
        where,
        'nearest_mode round_prefer_floor, round_prefer_ceil, floor or ceil',
        `'${mode}'`,
      );
  }
}

/** Two neighbouring positions of the input and their weights in float32; one position where its weight is 1. */
export type Taps = readonly { readonly at: number; readonly weight: number }[];

/** What linear interpolation takes for output `o`, clamped at the border. */
export function tapsOf(o: number, axis: Axis, mode: string, where: string): Taps {
  const { inSize, scale } = axis;
  const last = inSize - 1;
  const x = Math.max(0, Math.min(scale === 1 ? o : coordinateOf(o, axis, mode, where), last));
  const below = Math.min(Math.trunc(x), last);
  const above = Math.min(below + 1, last);
  if (below === above) return [{ at: below, weight: 1 }];
  const taps = [
    { at: below, weight: f32(above - x) },
    { at: above, weight: f32(x - below) },
  ];
  return taps.filter(({ weight }) => weight !== 0);
}
