import { type ConvGeometry, fanIn, kernelSize } from './conv-geometry.js';

/** One way through a convolution: from its inputs to its outputs, or back. */
export type Way = 'forward' | 'back';

interface Route {
  /** Channels per group. */
  readonly fromChannels: number;
  readonly toChannels: number;
  readonly fromHeight: number;
  readonly fromWidth: number;
  readonly toPlane: number;
  readonly toWidth: number;
  /** What each position of an axis meets through each kernel entry, `[size, kernel]`. */
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  /** Distance in the weights between neighbouring channels. */
  readonly fromStep: number;
  readonly toStep: number;
}

function routeOf(geometry: ConvGeometry, way: Way): Route {
  const { inChannels, outChannels, height, width } = geometry;
  const inputs = {
    channels: inChannels,
    height: height.inSize,
    width: width.inSize,
    step: kernelSize(geometry),
  };
  const outputs = {
    channels: outChannels,
    height: height.outSize,
    width: width.outSize,
    step: fanIn(geometry),
  };
  const [from, to] = way === 'forward' ? [inputs, outputs] : [outputs, inputs];
  const table = way === 'forward' ? 'outputOf' : 'inputOf';
  return {
    fromChannels: from.channels,
    toChannels: to.channels,
    fromHeight: from.height,
    fromWidth: from.width,
    toPlane: to.height * to.width,
    toWidth: to.width,
    rows: height[table],
    columns: width[table],
    fromStep: from.step,
    toStep: to.step,
  };
}

/** Products of non-zeros of a row with one channel of the other side; the next channel's lie a fixed step further. */
class Taps {
  /** Few enough to stay in a core's first cache. */
  static readonly MOST = 512;
  count = 0;
  readonly values: Float64Array = new Float64Array(Taps.MOST);
  readonly targets: Int32Array = new Int32Array(Taps.MOST);
  readonly weights: Int32Array = new Int32Array(Taps.MOST);
}

/**
 * Visits every product of a non-zero of `from` with a weight, in order of `from`, once for each channel they may go
 * to: entry s of the taps is `values[s]` times the weight at `weight + weights[s]`, for `target + targets[s]`.
 */
function eachTaps(
  geometry: ConvGeometry,
  way: Way,
  from: Float64Array,
  visit: (taps: Taps, target: number, weight: number) => void,
): void {
  const route = routeOf(geometry, way);
  const { fromChannels, toChannels, fromHeight, fromWidth, toPlane, toWidth, rows, columns } = route;
  const kernelHeight = geometry.height.kernel;
  const kernelWidth = geometry.width.kernel;
  const taps = new Taps();
  let at = 0;
  for (let group = 0; group < geometry.groups; group++) {
    const firstTarget = group * toChannels * toPlane;
    const firstWeight = group * geometry.outChannels * fanIn(geometry);
    const flush = () => {
      for (let c = 0; c < toChannels && taps.count > 0; c++) {
        visit(taps, firstTarget + c * toPlane, firstWeight + c * route.toStep);
      }
      taps.count = 0;
    };
    for (let channel = 0; channel < fromChannels; channel++) {
      for (let h = 0; h < fromHeight; h++) {
        for (let w = 0; w < fromWidth; w++, at++) {
          const value = from[at];
          if (value === 0) continue;
          for (let t = 0; t < kernelHeight; t++) {
            const row = rows[h * kernelHeight + t];
            if (row < 0) continue;
            for (let u = 0; u < kernelWidth; u++) {
              const column = columns[w * kernelWidth + u];
              if (column < 0) continue;
              if (taps.count === Taps.MOST) flush();
              taps.values[taps.count] = value;
              taps.targets[taps.count] = row * toWidth + column;
              taps.weights[taps.count++] = channel * route.fromStep + t * kernelWidth + u;
            }
          }
        }
      }
    }
    flush();
  }
}

/** Adds to `to` what each non-zero of the row `from` contributes; with way `back` this is the adjoint. */
export function convolveEntries(
  geometry: ConvGeometry,
  way: Way,
  weight: Float64Array,
  from: Float64Array,
  to: Float64Array,
): void {
  eachTaps(geometry, way, from, ({ count, values, targets, weights }, t, w) => {
    for (let s = 0; s < count; s++) to[t + targets[s]] += values[s] * weight[w + weights[s]];
  });
}

/** Adds dLoss/dweight to `into`; `from` is the sparse one of the inputs and dLoss/doutputs, `to` the other. */
export function addEntriesGradient(
  geometry: ConvGeometry,
  way: Way,
  into: Float64Array,
  from: Float64Array,
  to: Float64Array,
): void {
  eachTaps(geometry, way, from, ({ count, values, targets, weights }, t, w) => {
    for (let s = 0; s < count; s++) into[w + weights[s]] += values[s] * to[t + targets[s]];
  });
}
