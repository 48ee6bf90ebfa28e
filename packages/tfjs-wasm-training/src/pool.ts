import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  AvgPool,
  type AvgPoolAttrs,
  backend_util,
  type DataType,
  MaxPool,
  MaxPool3D,
  type MaxPool3DAttrs,
  type MaxPoolAttrs,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { values } from './heap.js';
import { type Replacement, replacement } from './kernel.js';
import { emptyShape, hasNoPlaces, leavesImage, placesWithin, slidesOf } from './slide.js';
import { eachTap, type Geometry, geometry2d, geometry3d } from './taps.js';

/** Upstream's is of float32, and not of all windows: see `isXnnpacks`. */
export const maxPool: Replacement = replacement<'x', MaxPoolAttrs>(
  MaxPool,
  ({ inputs, attrs, backend, stock }) => {
    const info = infoOf(inputs.x, attrs);
    if (isCopy(info)) return copyOf(backend, inputs.x);
    if (inputs.x.dtype === 'float32' && isXnnpacks(info)) return stock(inputs, attrs);
    return largest(backend, inputs.x, emptyShape(info), inputs.x.dtype, geometry2d(info));
  },
);

/** As `maxPool`. */
export const avgPool: Replacement = replacement<'x', AvgPoolAttrs>(
  AvgPool,
  ({ inputs, attrs, backend, stock }) => {
    const info = infoOf(inputs.x, attrs);
    if (isCopy(info)) return copyOf(backend, inputs.x);
    if (inputs.x.dtype === 'float32' && isXnnpacks(info)) return stock(inputs, attrs);
    return average(backend, inputs.x, emptyShape(info), geometry2d(info));
  },
);

/** Upstream's starts its search for the maximum at 0, and so is wrong for windows without a positive element. Float32, as on cpu. */
export const maxPool3d: Replacement = replacement<'x', MaxPool3DAttrs>(
  MaxPool3D,
  ({ inputs, attrs, backend }) => {
    const shape = inputs.x.shape as [number, number, number, number, number];
    const { filterSize, strides, pad, dimRoundingMode } = attrs;
    const info = backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    return largest(backend, inputs.x, info.outShape, 'float32', geometry3d(info));
  },
);

type Info = ReturnType<typeof backend_util.computePool2DInfo>;

const infoOf = ({ shape }: TensorInfo, { filterSize, strides, pad, dimRoundingMode }: MaxPoolAttrs): Info =>
  backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );

/**
 * Whether XNNPACK computes what core has counted (see `placesWithin`). It refuses windows of one pixel, which leaves the output
 * uninitialised, and reads beyond the image where a window has none of it.
 */
const isXnnpacks = (info: Info): boolean =>
  info.filterHeight * info.filterWidth > 1 &&
  !hasNoPlaces(slidesOf(info)) &&
  slidesOf(info).every(slide => placesWithin(slide) === slide.places && !leavesImage(slide));

/** One pixel at a time, as many as there are: a copy on every backend, though a stride greater than 1 passes some by. */
const isCopy = ({ filterHeight, filterWidth, inShape, outShape }: Info): boolean =>
  filterHeight * filterWidth === 1 && util.arraysEqual(inShape, outShape);

function copyOf(backend: BackendWasm, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/** Of nothing −∞, which is 0 in int32, as on cpu. */
function largest(
  backend: BackendWasm,
  x: TensorInfo,
  outShape: number[],
  dtype: DataType,
  geometry: Geometry,
): TensorInfo {
  const out = backend.makeOutput(outShape, dtype);
  const [to, from] = values(backend, out, x);
  if (to.length === 0) return out;
  const maxima = new Float64Array(to.length).fill(Number.NEGATIVE_INFINITY);
  const channels = geometry.inChannels;
  eachTap(geometry, (inputPixel, outputPixel) => {
    const [i, o] = [inputPixel * channels, outputPixel * channels];
    for (let c = 0; c < channels; c++) if (from[i + c] > maxima[o + c]) maxima[o + c] = from[i + c];
  });
  to.set(maxima);
  return out;
}

/** Over the pixels inside the image; of nothing NaN. */
function average(backend: BackendWasm, x: TensorInfo, outShape: number[], geometry: Geometry): TensorInfo {
  const out = backend.makeOutput(outShape, 'float32');
  const [to, from] = values(backend, out, x);
  if (to.length === 0) return out;
  const channels = geometry.inChannels;
  const sums = new Float64Array(to.length);
  const inside = new Uint32Array(to.length / channels);
  eachTap(geometry, (inputPixel, outputPixel) => {
    const [i, o] = [inputPixel * channels, outputPixel * channels];
    inside[outputPixel]++;
    for (let c = 0; c < channels; c++) sums[o + c] += from[i + c];
  });
  to.set(sums.map((sum, i) => sum / inside[Math.floor(i / channels)]));
  return out;
}
