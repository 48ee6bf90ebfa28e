import type { TapProduct } from '../../numeric/tap-product.js';
import { type ConvAxis, type ConvGeometry, inPlane, kernelSize, outPlane } from './conv-geometry.js';
import type { Way } from './conv-sparse.js';

/** Tables that were made, by geometry: operators that differ in their parameters alone share them. */
const tables = new WeakMap<ConvGeometry, Partial<Record<Way, Int32Array>>>();

function tableOf(geometry: ConvGeometry, way: Way): Int32Array {
  const known = tables.get(geometry) ?? {};
  tables.set(geometry, known);
  known[way] ??= positionsMet(geometry, way);
  return known[way];
}

/** What each position on the way's far side meets on the near side through each kernel entry, −1 where none: `[positions, kH · kW]`. */
function positionsMet({ height, width }: ConvGeometry, way: Way): Int32Array {
  const isForward = way === 'forward';
  const met = ({ inputOf, outputOf }: ConvAxis) => (isForward ? inputOf : outputOf);
  const size = ({ inSize, outSize }: ConvAxis) => (isForward ? outSize : inSize);
  const nearWidth = isForward ? width.inSize : width.outSize;
  const table = new Int32Array(size(height) * size(width) * height.kernel * width.kernel);
  let at = 0;
  for (let h = 0; h < size(height); h++) {
    for (let w = 0; w < size(width); w++) {
      for (let t = 0; t < height.kernel; t++) {
        const row = met(height)[h * height.kernel + t];
        for (let u = 0; u < width.kernel; u++, at++) {
          const column = met(width)[w * width.kernel + u];
          table[at] = row < 0 || column < 0 ? -1 : row * nearWidth + column;
        }
      }
    }
  }
  return table;
}

/** One way through a convolution as a product. */
export function tapsOf(geometry: ConvGeometry, way: Way, weight: Float64Array): TapProduct {
  const { groups, inChannels, outChannels } = geometry;
  const [near, far] = [inPlane(geometry), outPlane(geometry)];
  const shared = { groups, taps: kernelSize(geometry), positionOf: tableOf(geometry, way) };
  return way === 'forward'
    ? { ...shared, inChannels, outChannels, inPlane: near, outPlane: far, weight }
    : {
        ...shared,
        inChannels: outChannels,
        outChannels: inChannels,
        inPlane: far,
        outPlane: near,
        weight: channelsSwapped({ ...shared, inChannels, outChannels }, weight),
      };
}

/** Weights `[groups, outChannels, inChannels, taps]` with the channels of each group the other way round. */
export function channelsSwapped(
  {
    groups,
    inChannels,
    outChannels,
    taps,
  }: Pick<TapProduct, 'groups' | 'inChannels' | 'outChannels' | 'taps'>,
  weight: Float64Array,
): Float64Array {
  const fan = inChannels * taps;
  const swapped = new Float64Array(weight.length);
  for (let g = 0, to = 0; g < groups; g++) {
    for (let c = 0; c < inChannels; c++) {
      for (let o = 0; o < outChannels; o++, to += taps) {
        const from = (g * outChannels + o) * fan + c * taps;
        swapped.set(weight.subarray(from, from + taps), to);
      }
    }
  }
  return swapped;
}
