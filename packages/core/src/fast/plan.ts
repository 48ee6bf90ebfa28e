import type { TapProduct } from '../numeric/tap-product.js';
import { WIDE } from './kernel.js';
import { FLOAT_BYTES, LANE_BYTES } from './lanes.js';

/** Output channels of a group that are summed together: {@link WIDE} of them, or one. */
export interface Panel {
  readonly channel: number;
  readonly width: number;
}

/**
 * Where a product's terms lie. Positions that meet the same taps at the same distances share a list; of a convolution most do.
 * Addresses count from the begin of the lists, of the weights, of a group's inputs, of the outputs.
 */
export interface Plan {
  readonly product: TapProduct;
  readonly panels: readonly Panel[];
  /** The lists for wide panels, then those for single channels: pairs of addresses, of an input and of a weight. */
  readonly lists: Int32Array;
  /** Bytes of one of the two. */
  readonly listBytes: number;
  /** Positions that meet anything: list's begin, list's end, input, output: `[count, 4]`. */
  readonly positions: Int32Array;
  /** The number of the output position of each. */
  readonly outputs: Int32Array;
}

/** The plan of a product; the weights do not matter to it. */
export function planOf(product: TapProduct): Plan {
  const { outPlane, taps, positionOf } = product;
  const patterns = new Map<string, { begin: number; end: number }>();
  const steps: number[] = [];
  const positions: number[] = [];
  const outputs: number[] = [];
  for (let p = 0; p < outPlane; p++) {
    const met = meetings(positionOf, p, taps);
    if (met.length === 0) continue;
    const first = positionOf[p * taps + met[0]];
    const distances = met.map(t => positionOf[p * taps + t] - first);
    const key = `${met}:${distances}`;
    const begin = steps.length * 4;
    if (!patterns.has(key)) {
      appendTerms(steps, product, met, distances);
      patterns.set(key, { begin, end: steps.length * 4 });
    }
    const list = patterns.get(key)!;
    positions.push(list.begin, list.end, first * LANE_BYTES, p * LANE_BYTES);
    outputs.push(p);
  }
  const wide = Int32Array.from(steps);
  const single = wide.map((at, i) => (i % 2 === 0 ? at : at / WIDE));
  const lists = new Int32Array(2 * wide.length);
  lists.set(wide);
  lists.set(single, wide.length);
  return {
    product,
    panels: panelsOf(product.outChannels),
    lists,
    listBytes: 4 * wide.length,
    positions: Int32Array.from(positions),
    outputs: Int32Array.from(outputs),
  };
}

function meetings(positionOf: Int32Array, position: number, taps: number): number[] {
  const met: number[] = [];
  for (let t = 0; t < taps; t++) if (positionOf[position * taps + t] >= 0) met.push(t);
  return met;
}

function appendTerms(
  steps: number[],
  { inChannels, inPlane, taps }: TapProduct,
  met: readonly number[],
  distances: readonly number[],
): void {
  for (let c = 0; c < inChannels; c++) {
    met.forEach((t, i) => {
      steps.push((c * inPlane + distances[i]) * LANE_BYTES, (c * taps + t) * WIDE * FLOAT_BYTES);
    });
  }
}

function panelsOf(channels: number): Panel[] {
  const wide = Math.floor(channels / WIDE);
  return [
    ...Array.from({ length: wide }, (_, i) => ({ channel: i * WIDE, width: WIDE })),
    ...Array.from({ length: channels - wide * WIDE }, (_, i) => ({ channel: wide * WIDE + i, width: 1 })),
  ];
}

/** Writes the weights of all groups to `into`, panel after panel, in each term by term with its channels side by side. */
export function packWeights({ product, panels }: Plan, into: Float64Array): void {
  const { groups, outChannels, inChannels, taps, weight } = product;
  const length = inChannels * taps;
  let at = 0;
  for (let g = 0; g < groups; g++) {
    for (const { channel, width } of panels) {
      const from = (g * outChannels + channel) * length;
      for (let k = 0; k < length; k++) {
        for (let o = 0; o < width; o++) into[at++] = weight[from + o * length + k];
      }
    }
  }
}
