import type { backend_util } from '@tensorflow/tfjs-core';

/** Depth, height, width; depth 1 in two dimensions. */
export type Triple = readonly [number, number, number];

/** The sizes of a convolution or pooling, channels last. */
export interface Geometry {
  batchSize: number;
  /** Pixels of an image along each axis. */
  input: Triple;
  /** Places of the window along each axis: none where it is larger than the padded input. */
  output: Triple;
  filter: Triple;
  stride: Triple;
  dilation: Triple;
  /** Padding before the first pixel. */
  before: Triple;
  inChannels: number;
  outChannels: number;
}

export const geometry2d = (info: ReturnType<typeof backend_util.computeConv2DInfo>): Geometry => ({
  batchSize: info.batchSize,
  input: [1, info.inHeight, info.inWidth],
  output: [1, Math.max(0, info.outHeight), Math.max(0, info.outWidth)],
  filter: [1, info.filterHeight, info.filterWidth],
  stride: [1, info.strideHeight, info.strideWidth],
  dilation: [1, info.dilationHeight, info.dilationWidth],
  before: [0, info.padInfo.top, info.padInfo.left],
  inChannels: info.inChannels,
  outChannels: info.outChannels,
});

export const geometry3d = (info: ReturnType<typeof backend_util.computeConv3DInfo>): Geometry => ({
  batchSize: info.batchSize,
  input: [info.inDepth, info.inHeight, info.inWidth],
  output: [Math.max(0, info.outDepth), Math.max(0, info.outHeight), Math.max(0, info.outWidth)],
  filter: [info.filterDepth, info.filterHeight, info.filterWidth],
  stride: [info.strideDepth, info.strideHeight, info.strideWidth],
  dilation: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
  before: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
  inChannels: info.inChannels,
  outChannels: info.outChannels,
});

export const volume = ([depth, height, width]: Triple): number => depth * height * width;

/**
 * Calls `visit(inputPixel, outputPixel, tap)` for every place of the window and every tap of it that lies inside the
 * input: pixels are flat indices over [batch, ...input] and [batch, ...output], taps over `filter`. In the order of the
 * output pixels, and for each in that of the taps.
 */
export function eachTap(
  { batchSize, input, output, filter, stride, dilation, before }: Geometry,
  visit: (inputPixel: number, outputPixel: number, tap: number) => void,
): void {
  const [inDepth, inHeight, inWidth] = input;
  let outputPixel = 0;
  for (let n = 0; n < batchSize; n++) {
    for (let i = 0; i < output[0]; i++) {
      for (let j = 0; j < output[1]; j++) {
        for (let k = 0; k < output[2]; k++, outputPixel++) {
          for (let p = 0; p < filter[0]; p++) {
            const z = i * stride[0] - before[0] + p * dilation[0];
            if (z < 0 || z >= inDepth) continue;
            for (let q = 0; q < filter[1]; q++) {
              const y = j * stride[1] - before[1] + q * dilation[1];
              if (y < 0 || y >= inHeight) continue;
              const row = ((n * inDepth + z) * inHeight + y) * inWidth;
              const tap = (p * filter[1] + q) * filter[2];
              for (let r = 0; r < filter[2]; r++) {
                const x = k * stride[2] - before[2] + r * dilation[2];
                if (x >= 0 && x < inWidth) visit(row + x, outputPixel, tap + r);
              }
            }
          }
        }
      }
    }
  }
}
