import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  BatchMatMul,
  backend_util,
  Conv2DBackpropInput,
  type Conv2DBackpropInputAttrs,
  Conv3DBackpropInputV2,
  type Conv3DBackpropInputV2Attrs,
  Slice,
  type TensorInfo,
  Transpose,
} from '@tensorflow/tfjs-core';
import { deferred } from './deferred.js';
import { assertFits, fitted, rounded } from './fit.js';
import { floats, sizeOf, zeros } from './heap.js';
import { compose, type Replacement, replacement, view } from './kernel.js';
import { eachTap, type Geometry, geometry2d, geometry3d, volume } from './taps.js';

/** Floats of patches at a time: 4 MB. */
const CHUNK = 1 << 20;

/** Upstream's scalar loops are 2 to 9 times slower. Also the transposed convolution itself. */
export const conv2dBackpropInput: Replacement = replacement<'dy' | 'filter', Conv2DBackpropInputAttrs>(
  Conv2DBackpropInput,
  ({ inputs, attrs, backend, stock }) => {
    const { strides, pad, dataFormat, dimRoundingMode, inputShape } = attrs;
    if (dataFormat === 'NCHW') return stock(inputs, attrs);
    const filterShape = inputs.filter.shape as [number, number, number, number];
    const geometry = rounded(
      rounding =>
        geometry2d(backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, rounding)),
      dimRoundingMode,
    );
    assertFits(Conv2DBackpropInput, geometry, inputs.dy.shape);
    return inputGradient(backend, inputs, geometry.down, inputShape);
  },
);

/** Upstream's is wrong: `⟨dy, conv(x)⟩` and `⟨dx, x⟩` differ, for any shape. */
export const conv3dBackpropInput: Replacement = replacement<'dy' | 'filter', Conv3DBackpropInputV2Attrs>(
  Conv3DBackpropInputV2,
  ({ inputs, attrs, backend }) => {
    const { strides, pad, inputShape } = attrs;
    const filterShape = inputs.filter.shape as [number, number, number, number, number];
    const geometry = geometry3d(backend_util.computeConv3DInfo(inputShape, filterShape, strides, 1, pad));
    assertFits(Conv3DBackpropInputV2, { down: geometry, up: geometry }, inputs.dy.shape);
    return inputGradient(backend, inputs, geometry, inputShape);
  },
);

/**
 * The gradient of a convolution to its input: `dy Wᵀ` for all patches by one product, then their overlapping sum. What dy has
 * beyond the geometry is left out: see `assertFits`.
 */
function inputGradient(
  backend: BackendWasm,
  { dy, filter }: Record<'dy' | 'filter', TensorInfo>,
  geometry: Geometry,
  inputShape: number[],
): TensorInfo {
  if (sizeOf(dy) * sizeOf(filter) * volume(geometry.output) === 0)
    return zeros(backend, inputShape, 'float32');
  const { inChannels, outChannels } = geometry;
  const patch = volume(geometry.filter) * inChannels;
  const places = volume(geometry.output);
  const images = Math.max(1, Math.floor(CHUNK / (places * patch)));
  const compute = (y: TensorInfo, w: TensorInfo) => {
    const dx = zeros(backend, inputShape, 'float32');
    return compose(backend, run => {
      const whole = fitted(run, y, geometry);
      const weights = run(Transpose, { x: view(w, [1, patch, outChannels]) }, { perm: [0, 2, 1] });
      for (let first = 0; first < geometry.batchSize; first += images) {
        const some = { ...geometry, batchSize: Math.min(images, geometry.batchSize - first) };
        compose(backend, chunk => {
          const size = [1, some.batchSize * places, outChannels];
          const all = view(whole, [1, geometry.batchSize * places, outChannels]);
          const a = chunk(Slice, { x: all }, { begin: [0, first * places, 0], size });
          const patches = chunk(BatchMatMul, { a, b: weights }, { transposeA: false, transposeB: false });
          addPatches(backend, dx, patches, some, first);
          return dx;
        });
      }
      return dx;
    });
  };
  // The first layer has no use for it.
  return deferred(backend, inputShape, 'float32', [dy, filter], compute);
}

/** Adds each tap of each patch to its pixel, the patches being of the images from `first`. */
function addPatches(
  backend: BackendWasm,
  dx: TensorInfo,
  patches: TensorInfo,
  geometry: Geometry,
  first: number,
): void {
  const [to, from] = floats(backend, dx, patches);
  const channels = geometry.inChannels;
  const taps = volume(geometry.filter);
  const start = first * volume(geometry.input);
  eachTap(geometry, (inputPixel, outputPixel, tap) => {
    const i = (start + inputPixel) * channels;
    const o = (outputPixel * taps + tap) * channels;
    for (let c = 0; c < channels; c++) to[i + c] += from[o + c];
  });
}
