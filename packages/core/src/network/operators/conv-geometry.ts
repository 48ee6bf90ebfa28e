/** Which positions of one spatial axis meet through which kernel entries, both ways; −1 where none. */
export interface ConvAxis {
  readonly inSize: number;
  readonly outSize: number;
  readonly kernel: number;
  /** The output that input h meets through kernel entry t: `[inSize, kernel]`. */
  readonly outputOf: Int32Array;
  /** The input that output o meets through kernel entry t, o · stride − padding + t · dilation: `[outSize, kernel]`. */
  readonly inputOf: Int32Array;
}

/**
 * A 2-D convolution `[groups · inChannels, H, W] → [groups · outChannels, H', W']`; 1-D ones have height 1. Its
 * weight is `[groups · outChannels, inChannels, kH, kW]`.
 */
export interface ConvGeometry {
  readonly groups: number;
  /** Per group. */
  readonly inChannels: number;
  /** Per group. */
  readonly outChannels: number;
  readonly height: ConvAxis;
  readonly width: ConvAxis;
}

export interface ConvAxisOptions {
  readonly inSize: number;
  readonly outSize: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Before the first input. */
  readonly padding: number;
}

export function convAxis({ inSize, outSize, kernel, stride, dilation, padding }: ConvAxisOptions): ConvAxis {
  const outputOf = new Int32Array(inSize * kernel).fill(-1);
  const inputOf = new Int32Array(outSize * kernel).fill(-1);
  for (let o = 0; o < outSize; o++) {
    for (let t = 0; t < kernel; t++) {
      const h = o * stride - padding + t * dilation;
      if (h < 0 || h >= inSize) continue;
      inputOf[o * kernel + t] = h;
      outputOf[h * kernel + t] = o;
    }
  }
  return { inSize, outSize, kernel, outputOf, inputOf };
}

/** The height of a 1-D convolution. */
export const SINGLE_POSITION: ConvAxis = convAxis({
  inSize: 1,
  outSize: 1,
  kernel: 1,
  stride: 1,
  dilation: 1,
  padding: 0,
});

/** Most inputs that one output meets along the axis, or with `outputOf` the other way round. */
export function mostMeetings(table: Int32Array, kernel: number): number {
  let most = 0;
  for (let start = 0; start < table.length; start += kernel) {
    let count = 0;
    for (let t = 0; t < kernel; t++) if (table[start + t] >= 0) count++;
    most = Math.max(most, count);
  }
  return most;
}

/** Kernel entries per channel, kH · kW. */
export function kernelSize({ height, width }: ConvGeometry): number {
  return height.kernel * width.kernel;
}

/** Kernel entries per output channel, inChannels · kH · kW. */
export function fanIn(geometry: ConvGeometry): number {
  return geometry.inChannels * kernelSize(geometry);
}

/** H · W. */
export function inPlane({ height, width }: ConvGeometry): number {
  return height.inSize * width.inSize;
}

/** H' · W'. */
export function outPlane({ height, width }: ConvGeometry): number {
  return height.outSize * width.outSize;
}
