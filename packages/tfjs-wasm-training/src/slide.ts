import type { backend_util } from '@tensorflow/tfjs-core';

type Info = ReturnType<typeof backend_util.computeConv2DInfo>;

/** A window that slides along one axis of an image. */
export interface Slide {
  pixels: number;
  /** Pixels from the first to the last of the window, dilated. */
  window: number;
  stride: number;
  /** Padding before the first pixel and after the last. */
  before: number;
  after: number;
  /** Places of the window, as core counts them. */
  places: number;
}

/** Along height and width. */
export const slidesOf = (info: Info): [Slide, Slide] => [
  {
    pixels: info.inHeight,
    window: info.effectiveFilterHeight,
    stride: info.strideHeight,
    before: info.padInfo.top,
    after: info.padInfo.bottom,
    places: info.outHeight,
  },
  {
    pixels: info.inWidth,
    window: info.effectiveFilterWidth,
    stride: info.strideWidth,
    before: info.padInfo.left,
    after: info.padInfo.right,
    places: info.outWidth,
  },
];

/**
 * The places that XNNPACK computes. core counts others where it rounds up, and where the padding is a number: then it takes the
 * height and the vertical stride of the window for its width too. Upstream allocates core's, so that the output has an
 * uninitialised tail, or is written beyond its end.
 */
export const placesWithin = ({ pixels, window, stride, before, after }: Slide): number =>
  Math.floor((pixels + before + after - window) / stride) + 1;

/** Whether the window has a place without any pixel. */
export const leavesImage = ({ pixels, window, stride, before, places }: Slide): boolean =>
  before >= window || (places - 1) * stride - before >= pixels;

/** The least padding after the last pixel for all places to be within; there may still be more of them. */
export const afterFor = ({ pixels, window, stride, before, places }: Slide): number =>
  Math.max(0, (places - 1) * stride + window - pixels - before);

/** Whether a window is larger than the padded image: the output is empty, where XNNPACK writes nonetheless. */
export const hasNoPlaces = (slides: Slide[]): boolean => slides.some(({ places }) => places <= 0);

/** The shape of an output without places; core counts them below 0. */
export const emptyShape = (info: Info): number[] => info.outShape.map(size => Math.max(0, size));
