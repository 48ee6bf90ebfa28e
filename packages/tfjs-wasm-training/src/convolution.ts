import {
  backend_util,
  Conv2D,
  type Conv2DAttrs,
  DepthwiseConv2dNative,
  Slice,
  type TensorInfo,
  Transpose,
  util,
} from '@tensorflow/tfjs-core';
import { type Call, compose, type Replacement, replacement } from './kernel.js';
import { afterFor, emptyShape, hasNoPlaces, placesWithin, slidesOf } from './slide.js';

type Shape4 = [number, number, number, number];

export const conv2d: Replacement = replacement<'x' | 'filter', Conv2DAttrs>(Conv2D, call =>
  call.attrs.dataFormat === 'NCHW' ? channelsFirst(call) : convolve(call, false),
);

export const depthwiseConv2d: Replacement = replacement<'x' | 'filter', Conv2DAttrs>(
  DepthwiseConv2dNative,
  call => convolve(call, true),
);

/**
 * Upstream's convolution, by a padding in numbers where XNNPACK would compute other places of the filter than core has counted
 * (see `placesWithin`), or nothing but zeros: its own 'same' padding where a stride exceeds the filter.
 */
export function convolve<Names extends string, Attrs extends Conv2DAttrs>(
  { inputs, attrs, backend, stock }: Call<Names | 'x' | 'filter', Attrs>,
  isDepthwise: boolean,
): TensorInfo {
  const { strides, pad, dimRoundingMode } = attrs;
  const dilations = attrs.dilations ?? [1, 1]; // layers give null
  const [x, filter] = [inputs.x.shape as Shape4, inputs.filter.shape as Shape4];
  const info = backend_util.computeConv2DInfo(
    x,
    filter,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    isDepthwise,
  );
  const slides = slidesOf(info);
  const isRight =
    pad === 'same'
      ? slides.every(({ stride, window }) => stride <= window)
      : slides.every(slide => placesWithin(slide) === slide.places);
  if (hasNoPlaces(slides)) return backend.makeOutput(emptyShape(info), 'float32');
  if (isRight) return stock(inputs, attrs);
  const [vertical, horizontal] = slides.map(slide => [slide.before, afterFor(slide)]);
  const padding = [[0, 0], vertical, horizontal, [0, 0]] as backend_util.ExplicitPadding;
  return compose(backend, (run, own) => {
    const whole = own(stock(inputs, { ...attrs, pad: padding, dimRoundingMode: 'floor' }));
    if (util.arraysEqual(whole.shape, info.outShape)) return whole;
    return run(Slice, { x: whole }, { begin: [0, 0, 0, 0], size: info.outShape });
  });
}

/** Upstream's is channels-last only. */
function channelsFirst({ inputs, attrs, backend }: Call<'x' | 'filter', Conv2DAttrs>): TensorInfo {
  const { pad } = attrs;
  const last = Array.isArray(pad) ? ([pad[0], pad[2], pad[3], pad[1]] as typeof pad) : pad;
  return compose(backend, run => {
    const x = run(Transpose, { x: inputs.x }, { perm: [0, 2, 3, 1] });
    const y = run(Conv2D, { x, filter: inputs.filter }, { ...attrs, pad: last, dataFormat: 'NHWC' });
    return run(Transpose, { x: y }, { perm: [0, 3, 1, 2] });
  });
}
