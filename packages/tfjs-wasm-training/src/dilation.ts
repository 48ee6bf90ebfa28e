import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  backend_util,
  Dilation2D,
  type Dilation2DAttrs,
  Dilation2DBackpropFilter,
  Dilation2DBackpropInput,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { assertFits } from './fit.js';
import { values, zeros } from './heap.js';
import { type Replacement, replacement } from './kernel.js';
import { eachTap, type Geometry, geometry2d } from './taps.js';

/** The greatest sum of each window, and where it is first found; −1 for a window without any pixel. */
interface Maxima {
  sums: Float64Array;
  inputs: Int32Array;
  taps: Int32Array;
}

/**
 * Grey dilation, `y[o, c] = max x[i, c] + w[tap, c]` over the window. Upstream starts its search for the maximum at the least
 * positive number, and so is wrong for windows without a positive sum.
 */
export const dilation2d: Replacement = replacement<'x' | 'filter', Dilation2DAttrs>(
  Dilation2D,
  ({ inputs: { x, filter }, attrs, backend }) => {
    const geometry = geometryOf(x, filter, attrs);
    const [, height, width] = geometry.output;
    const out = backend.makeOutput([geometry.batchSize, height, width, geometry.inChannels], x.dtype);
    values(backend, out)[0].set(maximaOf(backend, x, filter, geometry).sums);
    return out;
  },
);

/** The gradient of each window goes to its first maximum. */
export const dilation2dBackpropInput: Replacement = replacement<'x' | 'filter' | 'dy', Dilation2DAttrs>(
  Dilation2DBackpropInput,
  ({ inputs, attrs, backend }) =>
    toMaxima(backend, Dilation2DBackpropInput, inputs, attrs, inputs.x, maxima => maxima.inputs),
);

/** As `dilation2dBackpropInput`. */
export const dilation2dBackpropFilter: Replacement = replacement<'x' | 'filter' | 'dy', Dilation2DAttrs>(
  Dilation2DBackpropFilter,
  ({ inputs, attrs, backend }) =>
    toMaxima(backend, Dilation2DBackpropFilter, inputs, attrs, inputs.filter, maxima => maxima.taps),
);

function geometryOf(
  x: TensorInfo,
  filter: TensorInfo,
  { strides, pad, dilations }: Dilation2DAttrs,
): Geometry {
  const [image, window] = [
    x.shape as [number, number, number, number],
    filter.shape as [number, number, number],
  ];
  return geometry2d(
    backend_util.computeDilation2DInfo(image, window, strides, pad as 'same' | 'valid', 'NHWC', dilations),
  );
}

function maximaOf(backend: BackendWasm, x: TensorInfo, filter: TensorInfo, geometry: Geometry): Maxima {
  const channels = geometry.inChannels;
  const [, height, width] = geometry.output;
  const size = geometry.batchSize * height * width * channels;
  const sums = new Float64Array(size).fill(Number.MIN_SAFE_INTEGER); // as on cpu
  const [inputs, taps] = [new Int32Array(size).fill(-1), new Int32Array(size).fill(-1)];
  const [image, weights] = values(backend, x, filter);
  eachTap(geometry, (inputPixel, outputPixel, tap) => {
    const [i, o, w] = [inputPixel * channels, outputPixel * channels, tap * channels];
    for (let c = 0; c < channels; c++) {
      const sum = image[i + c] + weights[w + c];
      if (!(sum > sums[o + c])) continue;
      sums[o + c] = sum;
      inputs[o + c] = i + c;
      taps[o + c] = w + c;
    }
  });
  return { sums, inputs, taps };
}

/** dy summed in the shape of `like` over the windows whose maximum is there. */
function toMaxima(
  backend: BackendWasm,
  kernelName: string,
  { x, filter, dy }: Record<'x' | 'filter' | 'dy', TensorInfo>,
  attrs: Dilation2DAttrs,
  like: TensorInfo,
  places: (maxima: Maxima) => Int32Array,
): TensorInfo {
  const geometry = geometryOf(x, filter, attrs);
  assertFits(kernelName, { down: geometry, up: geometry }, dy.shape);
  const out = zeros(backend, like.shape, like.dtype);
  const at = places(maximaOf(backend, x, filter, geometry));
  const [to, from] = values(backend, out, dy);
  at.forEach((index, o) => {
    if (index >= 0) to[index] += from[o];
  });
  return out;
}
