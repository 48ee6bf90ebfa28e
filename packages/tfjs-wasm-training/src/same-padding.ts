import {
  backend_util,
  Conv2D,
  type Conv2DAttrs,
  DepthwiseConv2dNative,
  FusedConv2D,
  FusedDepthwiseConv2D,
} from '@tensorflow/tfjs-core';
import { type Replacement, replacement } from './kernel.js';

/**
 * XNNPACK's own 'same' padding gives nothing but zeros where a stride exceeds the filter, which upstream does not
 * notice. Say the same padding in numbers.
 */
export const samePadding: Replacement[] = [
  Conv2D,
  FusedConv2D,
  DepthwiseConv2dNative,
  FusedDepthwiseConv2D,
].map(kernelName =>
  replacement<'x' | 'filter', Conv2DAttrs>(kernelName, ({ inputs, attrs, stock }) => {
    const { pad, strides, dilations, dataFormat } = attrs;
    const [height, width] = inputs.filter.shape;
    const [down, right] = typeof strides === 'number' ? [strides, strides] : strides;
    if (pad !== 'same' || dataFormat === 'NCHW' || (down <= height && right <= width))
      return stock(inputs, attrs);
    const { padInfo } = backend_util.computeConv2DInfo(
      inputs.x.shape as [number, number, number, number],
      inputs.filter.shape as [number, number, number, number],
      strides,
      dilations,
      pad,
      undefined,
      kernelName === DepthwiseConv2dNative || kernelName === FusedDepthwiseConv2D,
    );
    return stock(inputs, {
      ...attrs,
      pad: [
        [0, 0],
        [padInfo.top, padInfo.bottom],
        [padInfo.left, padInfo.right],
        [0, 0],
      ],
    });
  }),
);
