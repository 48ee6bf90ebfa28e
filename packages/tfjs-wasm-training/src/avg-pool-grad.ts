import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  AvgPool3DGrad,
  type AvgPool3DGradAttrs,
  AvgPoolGrad,
  type AvgPoolGradAttrs,
  backend_util,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { geometryOf, rounded } from './fit.js';
import { floats, zeros } from './heap.js';
import { type Replacement, replacement } from './kernel.js';
import { eachTap, type Geometry, geometry2d, geometry3d, volume } from './taps.js';

/**
 * An average is over the pixels inside the input. Upstream, and cpu, divide the gradient by the size of the whole
 * window instead, and are wrong along padded edges; this one is not.
 */
export const avgPoolGrad: Replacement = replacement<'dy' | 'input', AvgPoolGradAttrs>(
  AvgPoolGrad,
  ({ inputs, attrs, backend }) => {
    const shape = inputs.input.shape as [number, number, number, number];
    const { filterSize, strides, pad } = attrs;
    const possible = rounded(
      rounding => geometry2d(backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, rounding)),
      undefined,
    );
    return averageGradient(backend, inputs, geometryOf(AvgPoolGrad, possible, inputs.dy.shape));
  },
);

/** As `avgPoolGrad`. */
export const avgPool3dGrad: Replacement = replacement<'dy' | 'input', AvgPool3DGradAttrs>(
  AvgPool3DGrad,
  ({ inputs, attrs, backend }) => {
    const shape = inputs.input.shape as [number, number, number, number, number];
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const possible = rounded(
      rounding => geometry3d(backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, rounding)),
      dimRoundingMode,
    );
    return averageGradient(backend, inputs, geometryOf(AvgPool3DGrad, possible, inputs.dy.shape));
  },
);

function averageGradient(
  backend: BackendWasm,
  { dy, input }: Record<'dy' | 'input', TensorInfo>,
  geometry: Geometry,
): TensorInfo {
  const dx = zeros(backend, input.shape, 'float32');
  const [to, from] = floats(backend, dx, dy);
  const channels = geometry.inChannels;
  const inside = new Uint32Array(geometry.batchSize * volume(geometry.output));
  eachTap(geometry, (_, outputPixel) => {
    inside[outputPixel]++;
  });
  eachTap(geometry, (inputPixel, outputPixel) => {
    const [i, o] = [inputPixel * channels, outputPixel * channels];
    const share = 1 / inside[outputPixel];
    for (let c = 0; c < channels; c++) to[i + c] += share * from[o + c];
  });
  return dx;
}
