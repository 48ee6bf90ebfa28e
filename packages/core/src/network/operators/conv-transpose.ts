import { assertSize } from '../../errors.js';
import { type ConvAxis, convAxis, SINGLE_POSITION } from './conv-geometry.js';
import { type ConvOperator, convOperator } from './conv-operator.js';
import { type ConvOptions, type ConvSpec, convParameters, convSpec } from './conv-options.js';
import { assertIntegers, invalidOption } from './shapes.js';

export interface ConvTransposeOptions extends ConvOptions {
  /**
   * Added to each spatial size at its end; smaller than the stride or the dilation.
   * @defaultValue 0 each
   */
  readonly outputPadding?: readonly number[];
}

/** Checked, with all defaults in place. */
export interface ConvTransposeSpec extends ConvSpec {
  readonly outputPadding: readonly number[];
}

/** A transposed convolution layer; all outputs of a channel share one bias. */
export type ConvTranspose = ConvOperator<'convTranspose', ConvTransposeSpec>;

/**
 * ONNX ConvTranspose with explicit padding, 1-D or 2-D: the adjoint of the convolution from its outputs to its
 * inputs. `weightShape` is `[C, outC / groups, kH, kW]`; an axis of the result has size
 * stride · (size − 1) + outputPadding + (kernel − 1) · dilation + 1 − padding. Throws `shape`, `not-finite` or
 * `invalid-option`.
 */
export function convTranspose(options: ConvTransposeOptions): ConvTranspose {
  const spec = convSpec(options, 'convTranspose');
  const { inShape, weightShape, groups } = spec;
  assertSize(weightShape[0], inShape[0], 'convTranspose', 'weightShape[0], the input channels,');
  const outputPadding = options.outputPadding ?? spec.strides.map(() => 0);
  assertIntegers(outputPadding, spec.strides.length, 'convTranspose outputPadding', 0);
  const outChannels = weightShape[1] * groups;
  const parameters = convParameters(options, outChannels, 'convTranspose');
  const plane = outputPadding.map((extra, axis) => transposedAxis(spec, axis, extra));
  const [height, width] = plane.length === 2 ? plane : [SINGLE_POSITION, plane[0]];
  return convOperator({
    kind: 'convTranspose',
    spec: { ...spec, outputPadding },
    geometry: {
      groups,
      inChannels: weightShape[1],
      outChannels: weightShape[0] / groups,
      height,
      width,
    },
    way: 'back',
    outShape: [outChannels, ...plane.map(({ inSize }) => inSize)],
    ...parameters,
  });
}

/** The axis of the convolution that this one is the adjoint of: its outputs are the inputs here. */
function transposedAxis(spec: ConvSpec, axis: number, outputPadding: number): ConvAxis {
  const outSize = spec.inShape[axis + 1];
  const kernel = spec.weightShape[axis + 2];
  const stride = spec.strides[axis];
  const dilation = spec.dilations[axis];
  const padding = spec.padding[axis];
  if (outputPadding >= Math.max(stride, dilation)) {
    const expected = `less than the stride or the dilation, ${Math.max(stride, dilation)}, on spatial axis ${axis}`;
    throw invalidOption('convTranspose outputPadding', expected, `${outputPadding}`);
  }
  const full = stride * (outSize - 1) + outputPadding + (kernel - 1) * dilation + 1;
  const inSize = full - padding - spec.padding[axis + spec.strides.length];
  if (inSize < 1) {
    throw invalidOption(
      'convTranspose padding',
      `less than ${full} on spatial axis ${axis}`,
      `${full - inSize}`,
    );
  }
  return convAxis({ inSize, outSize, kernel, stride, dilation, padding });
}
