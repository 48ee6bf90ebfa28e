import { type ConvGeometry, inPlane, outPlane } from './conv-geometry.js';

/**
 * A convolution of dense rows weight by weight, one input plane to one output plane: for few output channels per
 * group, as in depthwise convolutions, where gathering patches costs more than it saves. All three add to their
 * result.
 */

export function convolvePlanes(
  geometry: ConvGeometry,
  weight: Float64Array,
  x: Float64Array,
  y: Float64Array,
): void {
  eachWeight(geometry, (k, from, to, lines, columns) => {
    const w = weight[k];
    for (let l = 0; l < lines.length; l += 2) {
      const source = from + lines[l];
      const target = to + lines[l + 1];
      for (let m = 0; m < columns.length; m += 2) y[target + columns[m + 1]] += w * x[source + columns[m]];
    }
  });
}

export function convolvePlanesBack(
  geometry: ConvGeometry,
  weight: Float64Array,
  y: Float64Array,
  x: Float64Array,
): void {
  eachWeight(geometry, (k, from, to, lines, columns) => {
    const w = weight[k];
    for (let l = 0; l < lines.length; l += 2) {
      const target = from + lines[l];
      const source = to + lines[l + 1];
      for (let m = 0; m < columns.length; m += 2) x[target + columns[m]] += w * y[source + columns[m + 1]];
    }
  });
}

export function addPlanesGradient(
  geometry: ConvGeometry,
  into: Float64Array,
  x: Float64Array,
  dy: Float64Array,
): void {
  eachWeight(geometry, (k, from, to, lines, columns) => {
    let sum = 0;
    for (let l = 0; l < lines.length; l += 2) {
      const source = from + lines[l];
      const target = to + lines[l + 1];
      for (let m = 0; m < columns.length; m += 2) sum += x[source + columns[m]] * dy[target + columns[m + 1]];
    }
    into[k] += sum;
  });
}

/**
 * Visits the weights in order, each with the starts of its two planes and the pairs (input, output) of lines and of
 * columns that meet through it, as offsets.
 */
function eachWeight(
  geometry: ConvGeometry,
  visit: (k: number, from: number, to: number, lines: Int32Array, columns: Int32Array) => void,
): void {
  const { groups, inChannels, outChannels, height, width } = geometry;
  const lines = pairs(height.inputOf, height.kernel, width.inSize, width.outSize);
  const columns = pairs(width.inputOf, width.kernel, 1, 1);
  let k = 0;
  for (let o = 0; o < groups * outChannels; o++) {
    const group = Math.floor(o / outChannels);
    for (let c = group * inChannels; c < (group + 1) * inChannels; c++) {
      for (const linesOfT of lines) {
        for (const columnsOfU of columns) {
          visit(k++, c * inPlane(geometry), o * outPlane(geometry), linesOfT, columnsOfU);
        }
      }
    }
  }
}

/** For each kernel entry the pairs (input, output) that meet through it, times their strides. */
function pairs(inputOf: Int32Array, kernel: number, inStride: number, outStride: number): Int32Array[] {
  return Array.from({ length: kernel }, (_, t) => {
    const list: number[] = [];
    for (let o = 0; o * kernel < inputOf.length; o++) {
      const input = inputOf[o * kernel + t];
      if (input >= 0) list.push(input * inStride, o * outStride);
    }
    return Int32Array.from(list);
  });
}
