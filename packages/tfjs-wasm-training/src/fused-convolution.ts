import {
  Conv2D,
  DepthwiseConv2dNative,
  FusedConv2D,
  type FusedConv2DAttrs,
  FusedDepthwiseConv2D,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { convolve } from './convolution.js';
import { type Finish, finished, isPerChannel } from './fused.js';
import { sizeOf } from './heap.js';
import { compose, type Replacement, replacement, view } from './kernel.js';

type Names = 'x' | 'filter' | 'bias' | 'preluActivationWeights';

/**
 * As the convolutions they fuse. With channels first, and with a bias or weights of PReLU that upstream does not take, the bias
 * and the activation are kernels of their own.
 */
const fusedConvolution = (kernelName: string, unfused: string): Replacement =>
  replacement<Names, FusedConv2DAttrs>(kernelName, call => {
    const { inputs, attrs, backend } = call;
    const { x, filter, bias, preluActivationWeights } = inputs;
    const isDepthwise = unfused === DepthwiseConv2dNative;
    const channels = isDepthwise ? filter.shape[2] * filter.shape[3] : filter.shape[3];
    const isFirst = attrs.dataFormat === 'NCHW' && !isDepthwise;
    if (!isFirst && isPerChannel(inputs, channels)) return convolve(call, isDepthwise);
    const { strides, pad, dilations, dataFormat, dimRoundingMode, activation, leakyreluAlpha } = attrs;
    const aligned = (of: TensorInfo | undefined) => (isFirst ? alignedFirst(of) : of);
    return compose(backend, run => {
      const y = run(unfused, { x, filter }, { strides, pad, dilations, dataFormat, dimRoundingMode });
      const finish: Finish = {
        bias: aligned(bias),
        preluActivationWeights: aligned(preluActivationWeights),
        activation,
        leakyreluAlpha,
      };
      return finished(run, y, finish);
    });
  });

/** With channels first, a vector has a number for each of them. */
const alignedFirst = (x: TensorInfo | undefined): TensorInfo | undefined =>
  x && x.shape.length === 1 && sizeOf(x) !== 1 ? view(x, [x.shape[0], 1, 1]) : x;

export const fusedConvolutions: Replacement[] = [
  fusedConvolution(FusedConv2D, Conv2D),
  fusedConvolution(FusedDepthwiseConv2D, DepthwiseConv2dNative),
];
