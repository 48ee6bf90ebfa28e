import {
  backend_util,
  DepthwiseConv2dNativeBackpropFilter,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInput,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { deferred } from './deferred.js';
import { geometryOf, rounded } from './fit.js';
import { floats, sizeOf, zeros } from './heap.js';
import { type Replacement, replacement } from './kernel.js';
import { eachTap, type Geometry, geometry2d } from './taps.js';

type Shape4 = [number, number, number, number];

/**
 * The gradient of a depthwise convolution `y[o, c m + q] = Σ x[i, c] w[tap, c, q]` to its filter, which upstream lacks:
 * `dw[tap, c, q] = Σ x[i, c] dy[o, c m + q]` over the pairs of pixels that the tap joins.
 */
export const depthwiseBackpropFilter: Replacement = replacement<
  'x' | 'dy',
  DepthwiseConv2dNativeBackpropFilterAttrs
>(DepthwiseConv2dNativeBackpropFilter, ({ inputs, attrs, backend }) => {
  const info = geometry(
    DepthwiseConv2dNativeBackpropFilter,
    inputs,
    inputs.x.shape,
    attrs.filterShape,
    attrs,
  );
  const dw = backend.makeOutput(attrs.filterShape, 'float32');
  const [to, x, dy] = floats(backend, dw, inputs.x, inputs.dy);
  const sums = new Float64Array(to.length); // thousands of terms each
  const { inChannels: channels, outChannels } = info;
  const multiplier = outChannels / channels;
  eachTap(info, (inputPixel, outputPixel, tap) => {
    const i = inputPixel * channels;
    let o = outputPixel * outChannels;
    let w = tap * outChannels;
    for (let c = 0; c < channels; c++) {
      for (let q = 0; q < multiplier; q++) sums[w++] += x[i + c] * dy[o++];
    }
  });
  to.set(sums);
  return dw;
});

/** The gradient to its input, which upstream lacks too: `dx[i, c] = Σ dy[o, c m + q] w[tap, c, q]`. */
export const depthwiseBackpropInput: Replacement = replacement<
  'dy' | 'filter',
  DepthwiseConv2dNativeBackpropInputAttrs
>(DepthwiseConv2dNativeBackpropInput, ({ inputs, attrs, backend }) => {
  const { inputShape } = attrs;
  const info = geometry(DepthwiseConv2dNativeBackpropInput, inputs, inputShape, inputs.filter.shape, attrs);
  const { inChannels: channels, outChannels } = info;
  const multiplier = outChannels / channels;
  // The first layer has no use for it.
  return deferred(backend, inputShape, 'float32', [inputs.dy, inputs.filter], (dyInfo, filter) => {
    const dx = zeros(backend, inputShape, 'float32');
    if (sizeOf(dyInfo) === 0) return dx;
    const [to, dy, weights] = floats(backend, dx, dyInfo, filter);
    eachTap(info, (inputPixel, outputPixel, tap) => {
      const i = inputPixel * channels;
      let o = outputPixel * outChannels;
      let w = tap * outChannels;
      for (let c = 0; c < channels; c++) {
        for (let q = 0; q < multiplier; q++) to[i + c] += dy[o++] * weights[w++];
      }
    });
    return dx;
  });
});

function geometry(
  kernelName: string,
  { dy }: Record<'dy', TensorInfo>,
  inputShape: number[],
  filterShape: number[],
  attrs: Pick<DepthwiseConv2dNativeBackpropInputAttrs, 'strides' | 'dilations' | 'pad' | 'dimRoundingMode'>,
): Geometry {
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  const [input, filter] = [inputShape as Shape4, filterShape as Shape4];
  const infoOf = (rounding: typeof dimRoundingMode) =>
    backend_util.computeConv2DInfo(input, filter, strides, dilations, pad, rounding, true);
  return geometryOf(
    kernelName,
    rounded(rounding => geometry2d(infoOf(rounding)), dimRoundingMode),
    dy.shape,
  );
}
