import { assertFinite, assertSize } from '../../errors.js';
import { assertIntegers, assertShape, invalidOption, type Shape, sizeOf } from './shapes.js';

/** What a convolution and a transposed one share, named and ordered as in ONNX. */
export interface ConvOptions {
  /** `[C, H, W]`, or `[C, L]` for 1-D. */
  readonly inShape: Shape;
  /** Flat, of shape `weightShape`. Copied. */
  readonly weight: ArrayLike<number>;
  /** `[outC, C / groups, kH, kW]`, transposed `[C, outC / groups, kH, kW]`; 1-D without kH. */
  readonly weightShape: Shape;
  /**
   * `[outC]`. Copied.
   * @defaultValue zeros
   */
  readonly bias?: ArrayLike<number>;
  /** @defaultValue 1 each */
  readonly strides?: readonly number[];
  /**
   * `[top, left, bottom, right]`, 1-D `[begin, end]`, as ONNX `pads`.
   * @defaultValue 0 each
   */
  readonly padding?: readonly number[];
  /** @defaultValue 1 each */
  readonly dilations?: readonly number[];
  /** @defaultValue 1 */
  readonly groups?: number;
}

/** Checked, with all defaults in place. */
export interface ConvSpec {
  readonly inShape: Shape;
  readonly weightShape: Shape;
  readonly strides: readonly number[];
  readonly padding: readonly number[];
  readonly dilations: readonly number[];
  readonly groups: number;
}

/** Throws `shape` or `invalid-option` on all that does not depend on which way the convolution goes. */
export function convSpec(options: ConvOptions, where: string): ConvSpec {
  const { inShape, weightShape, groups = 1 } = options;
  assertShape(inShape, `${where} inShape`, [2, 3]);
  assertShape(weightShape, `${where} weightShape`, [inShape.length + 1]);
  const plane = inShape.slice(1);
  const {
    strides = plane.map(() => 1),
    padding = [...plane, ...plane].map(() => 0),
    dilations = plane.map(() => 1),
  } = options;
  assertIntegers(strides, plane.length, `${where} strides`, 1);
  assertIntegers(padding, 2 * plane.length, `${where} padding`, 0);
  assertIntegers(dilations, plane.length, `${where} dilations`, 1);
  assertIntegers([groups], 1, `${where} groups`, 1);
  for (const [what, channels] of [
    ['inShape', inShape[0]],
    ['weightShape', weightShape[0]],
  ] as const) {
    if (channels % groups !== 0) {
      throw invalidOption(`${where} groups`, `a divisor of the ${channels} channels of ${what}`, `${groups}`);
    }
  }
  return { inShape, weightShape, strides, padding, dilations, groups };
}

/** Copies, checked: `shape` or `not-finite`. */
export function convParameters(
  options: ConvOptions,
  outChannels: number,
  where: string,
): { weight: Float64Array; bias: Float64Array } {
  const weight = Float64Array.from(options.weight);
  const bias = options.bias ? Float64Array.from(options.bias) : new Float64Array(outChannels);
  assertSize(weight.length, sizeOf(options.weightShape), where, 'weight');
  assertSize(bias.length, outChannels, where, 'bias');
  assertFinite(weight, `${where} weight`);
  assertFinite(bias, `${where} bias`);
  return { weight, bias };
}
