import { type Matrix, matrix } from '../numeric/matrix.js';
import type { Rng } from '../numeric/random.js';
import type { TapProduct } from '../numeric/tap-product.js';
import { upTo } from '../numeric/up-to.js';
import type { FittedRows } from './ridge.js';

/** Patches that a group of channels is fitted on: many more would say little more, and cost as much more. */
const MOST_PATCHES = 2 ** 15;

/** Entries of patches at a time, 8 MB. */
const BLOCK_ENTRIES = 2 ** 20;

/**
 * What one group of a product sees of the rows x `[n, inSize]`, and what is missing of its outputs, `[n, outSize]`: by position, the inputs
 * that its weights meet, 0 in the padding, `[inChannels, taps]`. Where that is more than `most` patches, an equal number of random
 * positions of every row.
 */
export function patchesOf(
  product: TapProduct,
  group: number,
  x: Matrix,
  missing: Matrix,
  rng: Rng,
  most: number = MOST_PATCHES,
): FittedRows {
  const { inChannels, outChannels, inPlane, outPlane, taps, positionOf } = product;
  const inputs = inChannels * taps;
  const each = Math.max(1, Math.min(outPlane, Math.floor(most / x.rows)));
  const positions = drawnPositions(x.rows, outPlane, each, rng);
  const patch: Met = { channels: inChannels, plane: inPlane, taps, positionOf };
  const itself: Met = { channels: outChannels, plane: outPlane, taps: 1, positionOf: upTo(outPlane) };
  const atOnce = Math.max(1, Math.floor(BLOCK_ENTRIES / inputs));
  return {
    inputs,
    outputs: outChannels,
    count: positions.length,
    *blocks() {
      for (let from = 0; from < positions.length; from += atOnce) {
        const to = Math.min(positions.length, from + atOnce);
        const block = { x: matrix(to - from, inputs), y: matrix(to - from, outChannels) };
        for (let i = from; i < to; i++) {
          const row = Math.floor(i / each);
          writeMet(patch, group, x, row, positions[i], block.x.data, (i - from) * inputs);
          writeMet(itself, group, missing, row, positions[i], block.y.data, (i - from) * outChannels);
        }
        yield block;
      }
    },
  };
}

/** For each of so many rows `each` different positions of a plane, all in order where it is all of them: `[rows, each]`. */
function drawnPositions(rows: number, plane: number, each: number, rng: Rng): Int32Array {
  const drawn = new Int32Array(rows * each);
  const order = upTo(plane);
  for (let at = 0; at < drawn.length; at += each) {
    // The first steps of a shuffle, of whatever order the last row left.
    for (let k = 0; k < each && each < plane; k++) {
      const other = k + Math.floor(rng() * (plane - k));
      [order[k], order[other]] = [order[other], order[k]];
    }
    drawn.set(order.subarray(0, each), at);
  }
  return drawn;
}

/** What a position of a plane meets in each channel of a block of rows: entries at `positionOf[position · taps + t]`, −1 for none. */
interface Met {
  readonly channels: number;
  readonly plane: number;
  readonly taps: number;
  readonly positionOf: Int32Array;
}

/** Writes what a position meets of one row, `[channels, taps]` of a group, over zeros. */
function writeMet(
  { channels, plane, taps, positionOf }: Met,
  group: number,
  { cols, data }: Matrix,
  row: number,
  position: number,
  into: Float64Array,
  at: number,
): void {
  const first = position * taps;
  let channel = row * cols + group * channels * plane;
  for (let c = 0; c < channels; c++, channel += plane) {
    for (let t = 0; t < taps; t++, at++) {
      const met = positionOf[first + t];
      if (met >= 0) into[at] = data[channel + met];
    }
  }
}
