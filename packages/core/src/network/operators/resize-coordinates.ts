import { invalidOption } from './shapes.js';

/**
 * Where output position o of a resized axis lies on the input axis, named as ONNX `coordinate_transformation_mode`:
 * - `half_pixel`: (o + ½) / scale − ½
 * - `pytorch_half_pixel`: the same, but 0 for an output of size 1
 * - `asymmetric`: o / scale
 * - `align_corners`: o (in − 1) / (out − 1), and 0 for an output of size 1
 */
export type CoordinateMode = 'half_pixel' | 'pytorch_half_pixel' | 'asymmetric' | 'align_corners';

/** One axis of a resize: `scale = scaleNumerator / scaleDenominator`, integers where the sizes define the scale. */
export interface ResizedAxis {
  readonly inSize: number;
  readonly outSize: number;
  readonly scaleNumerator: number;
  readonly scaleDenominator: number;
}

/** A coordinate as a fraction, so that ties and interpolation weights are exact. */
export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

/** The axis whose scale is `outSize / inSize` exactly. */
export function axisBySizes(inSize: number, outSize: number): ResizedAxis {
  return { inSize, outSize, scaleNumerator: outSize, scaleDenominator: inSize };
}

/** The coordinate of output `o` on the input axis. Throws `invalid-option` on an unknown mode. */
export function inputCoordinate(o: number, axis: ResizedAxis, mode: CoordinateMode): Fraction {
  const { inSize, outSize, scaleNumerator: p, scaleDenominator: q } = axis;
  switch (mode) {
    case 'pytorch_half_pixel':
      return outSize === 1 ? { numerator: 0, denominator: 1 } : inputCoordinate(o, axis, 'half_pixel');
    case 'half_pixel':
      return { numerator: (2 * o + 1) * q - p, denominator: 2 * p };
    case 'asymmetric':
      return { numerator: o * q, denominator: p };
    case 'align_corners':
      return { numerator: o * (inSize - 1), denominator: Math.max(outSize - 1, 1) };
    default:
      throw invalidOption(
        'resize coordinates',
        "'half_pixel', 'pytorch_half_pixel', 'asymmetric' or 'align_corners'",
        `'${mode}'`,
      );
  }
}
