import { backend_util, MaxPool3D, type MaxPool3DAttrs } from '@tensorflow/tfjs-core';
import { floats } from './heap.js';
import { type Replacement, replacement } from './kernel.js';
import { eachTap, geometry3d } from './taps.js';

/** Upstream's starts its search for the maximum at 0, and so is wrong for windows without a positive element. */
export const maxPool3d: Replacement = replacement<'x', MaxPool3DAttrs>(
  MaxPool3D,
  ({ inputs, attrs, backend }) => {
    const shape = inputs.x.shape as [number, number, number, number, number];
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const info = backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    const out = backend.makeOutput(info.outShape, 'float32');
    const [to, from] = floats(backend, out, inputs.x);
    to.fill(Number.NEGATIVE_INFINITY);
    const channels = info.inChannels;
    eachTap(geometry3d(info), (inputPixel, outputPixel) => {
      const [i, o] = [inputPixel * channels, outputPixel * channels];
      for (let c = 0; c < channels; c++) if (from[i + c] > to[o + c]) to[o + c] = from[i + c];
    });
    return out;
  },
);
