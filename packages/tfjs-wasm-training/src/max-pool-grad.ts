import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  backend_util,
  MaxPool3DGrad,
  type MaxPool3DGradAttrs,
  MaxPoolGrad,
  type MaxPoolGradAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { geometryOf, rounded } from './fit.js';
import { floats, sizeOf, zeros } from './heap.js';
import { type Replacement, replacement } from './kernel.js';
import { eachTap, type Geometry, geometry2d, geometry3d } from './taps.js';

type Names = 'dy' | 'input' | 'output';

/**
 * The gradient of each window goes to its first maximum. Upstream starts its search for it at 0, and so sends the
 * gradient of a window without a positive element to element 0 of the input.
 */
export const maxPoolGrad: Replacement = replacement<Names, MaxPoolGradAttrs>(
  MaxPoolGrad,
  ({ inputs, attrs, backend }) => {
    const shape = inputs.input.shape as [number, number, number, number];
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const possible = rounded(
      rounding => geometry2d(backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, rounding)),
      dimRoundingMode,
    );
    return maximumGradient(backend, inputs, geometryOf(MaxPoolGrad, possible, inputs.dy.shape));
  },
);

/** As `maxPoolGrad`. */
export const maxPool3dGrad: Replacement = replacement<Names, MaxPool3DGradAttrs>(
  MaxPool3DGrad,
  ({ inputs, attrs, backend }) => {
    const shape = inputs.input.shape as [number, number, number, number, number];
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const possible = rounded(
      rounding => geometry3d(backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, rounding)),
      dimRoundingMode,
    );
    return maximumGradient(backend, inputs, geometryOf(MaxPool3DGrad, possible, inputs.dy.shape));
  },
);

function maximumGradient(
  backend: BackendWasm,
  { dy, input, output }: Record<Names, TensorInfo>,
  geometry: Geometry,
): TensorInfo {
  const dx = zeros(backend, input.shape, 'float32');
  const [to, from, x, y] = floats(backend, dx, dy, input, output);
  const given = new Uint8Array(sizeOf(output));
  const channels = geometry.inChannels;
  eachTap(geometry, (inputPixel, outputPixel) => {
    const [i, o] = [inputPixel * channels, outputPixel * channels];
    for (let c = 0; c < channels; c++) {
      if (x[i + c] === y[o + c] && given[o + c] === 0) {
        given[o + c] = 1;
        to[i + c] += from[o + c];
      }
    }
  });
  return dx;
}
