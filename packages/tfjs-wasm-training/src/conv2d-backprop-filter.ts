import {
  backend_util,
  Conv2D,
  Conv2DBackpropFilter,
  type Conv2DBackpropFilterAttrs,
  Slice,
  type TensorInfo,
  Transpose,
  util,
} from '@tensorflow/tfjs-core';
import { assertFits, fitted, rounded } from './fit.js';
import { sizeOf, zeros } from './heap.js';
import { compose, type Replacement, type Run, replacement } from './kernel.js';
import { geometry2d, volume } from './taps.js';

/**
 * The gradient of a convolution to its filter, which upstream lacks:
 * `dw[p, q, c, o] = Σ x[n, i s + p, j s + q, c] dy[n, i, j, o]` over n, i, j.
 *
 * Read with c as the batch and n as the channels, that is itself a convolution: of x by dy, dilated by s. Tap by tap
 * with stridedSlice and matMul it is 1.5 to 20 times slower, as one matMul of gathered patches up to 1.5 times.
 */
export const conv2dBackpropFilter: Replacement = replacement<'x' | 'dy', Conv2DBackpropFilterAttrs>(
  Conv2DBackpropFilter,
  ({ inputs, attrs, backend }) => {
    const { strides, pad, dataFormat, dimRoundingMode, filterShape } = attrs;
    return compose(backend, run => {
      const channelsFirst = dataFormat === 'NCHW';
      const toLast = (x: TensorInfo) => (channelsFirst ? run(Transpose, { x }, { perm: [0, 2, 3, 1] }) : x);
      const x = toLast(inputs.x);
      const dy = toLast(inputs.dy);
      const infoOf = (rounding: typeof dimRoundingMode) =>
        backend_util.computeConv2DInfo(
          x.shape as [number, number, number, number],
          filterShape,
          strides,
          1,
          lastPad(pad, channelsFirst),
          rounding,
        );
      const geometry = rounded(rounding => geometry2d(infoOf(rounding)), dimRoundingMode);
      assertFits(Conv2DBackpropFilter, geometry, dy.shape);
      if (sizeOf(x) * sizeOf(dy) * volume(geometry.down.output) === 0)
        return zeros(backend, filterShape, 'float32');
      return filterGradient(run, x, fitted(run, dy, geometry.down), infoOf(dimRoundingMode));
    });
  },
);

function filterGradient(
  run: Run,
  x: TensorInfo,
  dy: TensorInfo,
  info: ReturnType<typeof backend_util.computeConv2DInfo>,
): TensorInfo {
  const { filterHeight, filterWidth, strideHeight, strideWidth, inChannels, outChannels } = info;
  const below = afterPad(filterHeight, info.outHeight, strideHeight, info.inHeight, info.padInfo.top);
  const right = afterPad(filterWidth, info.outWidth, strideWidth, info.inWidth, info.padInfo.left);
  const all = run(
    Conv2D,
    {
      x: run(Transpose, { x }, { perm: [3, 1, 2, 0] }),
      filter: run(Transpose, { x: dy }, { perm: [1, 2, 0, 3] }),
    },
    {
      strides: [1, 1],
      dilations: [strideHeight, strideWidth],
      pad: [
        [0, 0],
        [info.padInfo.top, below],
        [info.padInfo.left, right],
        [0, 0],
      ],
      dataFormat: 'NHWC',
    },
  );
  // Where the strides do not reach the input's last rows, these give taps that the filter does not have.
  const size = [inChannels, filterHeight, filterWidth, outChannels];
  const taps = util.arraysEqual(all.shape, size)
    ? all
    : run(Slice, { x: all }, { begin: [0, 0, 0, 0], size });
  return run(Transpose, { x: taps }, { perm: [1, 2, 0, 3] });
}

/** Rows of padding after the input for the last tap at the last place to be inside. */
const afterPad = (filter: number, out: number, stride: number, size: number, before: number): number =>
  Math.max(0, filter + (out - 1) * stride - size - before);

type Pad = Conv2DBackpropFilterAttrs['pad'];

/** The padding in channels-last order. */
function lastPad(pad: Pad, channelsFirst: boolean): Pad {
  if (!channelsFirst || !Array.isArray(pad)) return pad;
  const [batch, channels, rows, columns] = pad;
  return [batch, rows, columns, channels] as Pad;
}
