import { PoliceError } from '../errors.js';
import { linearPart } from '../network/forward.js';
import { windowCount } from '../network/max-windows.js';
import type { Network } from '../network/network.js';
import type { MaxNode } from '../network/nodes.js';
import { ifKind } from '../network/walk.js';
import { allColumns, forRanges, markRanges } from '../numeric/live.js';
import {
  type Matrix,
  matrix,
  matrixFromRows,
  pickColumns,
  room,
  rowOf,
  rowRange,
  unsetRoom,
} from '../numeric/matrix.js';
import { copyRange } from '../numeric/spans.js';
import { widthsAlong } from '../regions/directions.js';
import type { Region } from '../regions/region.js';
import { symmetricReader } from '../regions/symmetric-reader.js';
import type { UnitBall } from '../regions/unit-balls.js';
import { type Pairs, pairOffsets, pairsOf, writeDifferences } from '../rule/winners.js';
import { DirectionBlocks } from './direction-blocks.js';
import { type FoundRadii, foundIn, radiusKnown } from './found-radii.js';
import type { FramePropagator } from './propagator.js';

/** Share of the memory that a block of directions on its way through the network may take. */
const WORKING_SHARE = 1 / 4;

/** Bytes beyond which a larger block gains nothing: its rows go through main memory instead of the caches. */
const WORKING_BYTES = 2 ** 22;

/** Rows that products are made of at a time, and how many a block has at least where memory allows: weights are read once per block. */
const ROWS_TOGETHER = 4;
const LEAST_ROWS = 16;

const wholeGroups = (rows: number): number => (rows < ROWS_TOGETHER ? rows : rows - (rows % ROWS_TOGETHER));

/** Reads two rows, values at the origin and how far they range from these. */
const ORIGIN_AND_RADIUS = symmetricReader(1, ({ cols, data }, into) => {
  for (let j = 0; j < cols; j++) into[j] = Math.abs(data[cols + j]);
});

/**
 * Carries a frame that would not fit in memory: of every node it gives two rows, the origin's value and the *radius*, half
 * the width of the range (the dual norm of the directional rows; see {@link UnitBall}). A radius is found by sending the
 * directions through the network in blocks, from the nodes whose directions are stored, which are as many as fit.
 *
 * Bound on the memory: `memory` bytes for stored directions and a quarter of it for the blocks. Time: where a layer's
 * directions do not fit, those after it are computed once for every nonlinearity that follows until one fits.
 *
 * `before`: what was found of the same region and network, its biases aside; only what is not the same is computed.
 *
 * Throws `too-large` for a region that is no image of a unit ball, or where not even one direction's values fit.
 */
export function streamedPropagator(
  net: Network,
  region: Region,
  memory: number,
  before?: FoundRadii,
): FramePropagator {
  const { unitBall } = region.body;
  const fitting = Math.min(memory * WORKING_SHARE, Math.max(WORKING_BYTES, LEAST_ROWS * 8 * largestRow(net)));
  const blockRows = wholeGroups(Math.floor(fitting / (8 * largestRow(net))));
  if (!unitBall || blockRows < 1) throw tooLarge(net, region, memory, unitBall);
  const found = foundIn(net);
  const known = radiusKnown(found, before);
  const blocks = new DirectionBlocks(net, region, blockRows, memory, found.pieces);

  const radiusOf = (name: string): Float64Array => {
    if (!known(name)) {
      blocks.advance(
        each => !known(each),
        (each, block) => {
          const radius = found.radii.get(each) ?? new Float64Array(block.cols);
          widen(unitBall, radius, block);
          found.radii.set(each, radius);
        },
      );
    }
    return found.radii.get(name)!;
  };

  const pairRadii = ({ name, input, windows }: MaxNode): Float64Array => {
    if (!known(name)) {
      const pairs = pairsOf(windows, 0, windowCount(windows));
      const radius = new Float64Array(pairs.first.length);
      blocks.sweep([input], (_name, block) => widenPairs(unitBall, radius, pairs, block));
      found.radii.set(name, radius);
    }
    return found.radii.get(name)!;
  };

  return {
    region,
    reader: ORIGIN_AND_RADIUS,
    start: () => {
      const { axes, frame, size } = region;
      const radius = axes ? widthsAlong(axes, size) : unitBall.dual(rowRange(frame, 1, frame.rows));
      return matrixFromRows([rowOf(frame, 0), radius]);
    },
    linear: (node, inputs) => {
      const origins = inputs.map(input => rowRange(input, 0, 1));
      return matrixFromRows([linearPart(node, origins).data, radiusOf(node.name)]);
    },
    leads: (node, input) => leadsOf(node, input, pairRadii(node)),
    fixPiece: (name, piece) => found.pieces.set(name, piece),
    found,
    columns: (name, values, units) => {
      const frame = matrix(region.frame.rows, units.length);
      frame.data.set(pickColumns(rowRange(values, 0, 1), units).data);
      blocks.sweep([name], (_name, block, directions) => {
        const picked = pickColumns(block, units);
        directions.forEach((number, i) => {
          frame.data.set(rowOf(picked, i), (number + 1) * frame.cols);
        });
      });
      return frame;
    },
  };
}

/** The largest leads of a maximum's pairs: a pair's difference at the origin and its radius. */
function leadsOf({ windows }: MaxNode, input: Matrix, radius: Float64Array): Float64Array {
  const pairs = pairsOf(windows, 0, windowCount(windows));
  const atOrigin = new Float64Array(radius.length);
  writeDifferences(pairs, rowRange(input, 0, 1), atOrigin);
  const leads = new Float64Array(pairOffsets(windows).at(-1)!);
  atOrigin.forEach((difference, k) => {
    leads[pairs.ahead[k]] = difference + radius[k];
    leads[pairs.behind[k]] = radius[k] - difference;
  });
  return leads;
}

/** Pairs whose differences are made together: there are more of them than entries. */
const PAIRS_AT_ONCE = 4096;

/** {@link widen} of the differences of pairs, those alone of which an entry is not 0 in the block. */
function widenPairs(unitBall: UnitBall, radius: Float64Array, pairs: Pairs, block: Matrix): void {
  const met = pairsMet(pairs, block);
  const memory = room(block.rows + 1, Math.min(PAIRS_AT_ONCE, radius.length)).data;
  for (let at = 0; at < met.length; at += PAIRS_AT_ONCE) {
    const some = met.subarray(at, at + PAIRS_AT_ONCE);
    const cols = some.length;
    const rows = { rows: block.rows + 1, cols, data: memory.subarray(0, (block.rows + 1) * cols) };
    for (let k = 0; k < cols; k++) rows.data[k] = radius[some[k]];
    writeDifferences(picked(pairs, some), block, rows.data.subarray(cols));
    const after = unitBall.dual(rows);
    for (let k = 0; k < cols; k++) radius[some[k]] = after[k];
  }
}

/** The numbers of the pairs of which an entry is not 0 in the block. */
function pairsMet({ first, second }: Pairs, { cols, live = allColumns(cols) }: Matrix): Int32Array {
  const isLive = new Uint8Array(cols);
  markRanges(live, isLive);
  const met = new Int32Array(first.length);
  let count = 0;
  for (let k = 0; k < first.length; k++) if (isLive[first[k]] | isLive[second[k]]) met[count++] = k;
  return met.subarray(0, count);
}

const picked = ({ first, second }: Pairs, numbers: Int32Array): Pick<Pairs, 'first' | 'second'> => ({
  first: numbers.map(k => first[k]),
  second: numbers.map(k => second[k]),
});

/** Makes a radius the dual norm of all rows so far: that of the norms of its parts, for the l1, l2 and l∞ norms alike. */
function widen(unitBall: UnitBall, radius: Float64Array, block: Matrix): void {
  const { cols, live = allColumns(cols) } = block;
  const parts = { ...unsetRoom(2, cols), live };
  const part = unitBall.dual(block);
  forRanges(live, (from, to) => {
    copyRange(radius, from, to - from, parts.data, from);
    copyRange(part, from, to - from, parts.data, cols + from);
  });
  const widened = unitBall.dual(parts);
  forRanges(live, (from, to) => copyRange(widened, from, to - from, radius, from));
}

/** Numbers that one direction takes on its way: all nodes' values, and pairs of a maximum. */
function largestRow(net: Network): number {
  const values = [...net.sizes.values()].reduce((sum, size) => sum + size, 0);
  const pairs = net.nodes.map(
    node => ifKind({ max: ({ windows }) => pairOffsets(windows).at(-1)! }, node) ?? 0,
  );
  return values + Math.max(...pairs);
}

/** Bytes of the whole frame after every node. */
export function frameBytes(net: Network, region: Region): number {
  return [...net.sizes.values()].reduce((sum, size) => sum + 8 * region.frame.rows * size, 0);
}

export function tooLarge(net: Network, region: Region, memory: number, unitBall?: UnitBall): PoliceError {
  const size = (bytes: number) => `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
  return new PoliceError({
    code: 'too-large',
    where: `the frame of a region (${region.kind})`,
    expected: `at most ${size(memory)}`,
    actual: `${region.frame.rows} rows through all layers, ${size(frameBytes(net, region))}`,
    remedy: `Allow more memory (option memory, in bytes)${unitBall ? '' : ', or use a box or ball, whose frame can be carried in blocks'}.`,
  });
}
