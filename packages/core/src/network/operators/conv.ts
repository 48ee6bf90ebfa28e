import { assertSize } from '../../errors.js';
import { type ConvAxis, convAxis, SINGLE_POSITION } from './conv-geometry.js';
import { type ConvOperator, convOperator } from './conv-operator.js';
import { type ConvOptions, type ConvSpec, convParameters, convSpec } from './conv-options.js';
import { invalidOption } from './shapes.js';

/** A convolution layer; all outputs of a channel share one bias. */
export type Conv = ConvOperator<'conv'>;

/**
 * ONNX Conv (a cross-correlation), 1-D or 2-D; depthwise is `groups` = channels. `weightShape` is
 * `[outC, C / groups, kH, kW]`. Its `withBias` throws `invalid-option` where outputs of one channel differ. Throws
 * `shape`, `not-finite` or `invalid-option`.
 *
 * @example
 * conv({ inShape: [3, 32, 32], weight, weightShape: [16, 3, 3, 3], bias, padding: [1, 1, 1, 1] }).outShape // [16, 32, 32]
 */
export function conv(options: ConvOptions): Conv {
  const spec = convSpec(options, 'conv');
  const { inShape, weightShape, groups } = spec;
  const [outChannels, inChannels] = weightShape;
  assertSize(inChannels, inShape[0] / groups, 'conv', 'weightShape[1], the channels per group,');
  const parameters = convParameters(options, outChannels, 'conv');
  const plane = inShape.slice(1).map((_, axis) => convolvedAxis(spec, axis));
  const [height, width] = plane.length === 2 ? plane : [SINGLE_POSITION, plane[0]];
  return convOperator({
    kind: 'conv',
    spec,
    geometry: { groups, inChannels, outChannels: outChannels / groups, height, width },
    way: 'forward',
    outShape: [outChannels, ...plane.map(({ outSize }) => outSize)],
    ...parameters,
  });
}

function convolvedAxis(spec: ConvSpec, axis: number): ConvAxis {
  const inSize = spec.inShape[axis + 1];
  const kernel = spec.weightShape[axis + 2];
  const stride = spec.strides[axis];
  const dilation = spec.dilations[axis];
  const padding = spec.padding[axis];
  const padded = padding + inSize + spec.padding[axis + spec.strides.length];
  const reach = (kernel - 1) * dilation + 1;
  if (reach > padded) {
    throw invalidOption('conv', `a dilated kernel of at most ${padded} on spatial axis ${axis}`, `${reach}`);
  }
  const outSize = Math.floor((padded - reach) / stride) + 1;
  return convAxis({ inSize, outSize, kernel, stride, dilation, padding });
}
