import { allColumns, columnsIn } from '../numeric/live.js';
import { copyLive, type Matrix, rowRange, unsetRoom } from '../numeric/matrix.js';
import type { TapProduct } from '../numeric/tap-product.js';
import type { Helpers } from './helpers.js';
import type { Kernels } from './kernel.js';
import { POSITION_BYTES, WIDE } from './kernel.js';
import { MARK_BYTES } from './lane-kernels.js';
import { FLOAT_BYTES, LANE_BYTES, LANES } from './lanes.js';
import { type Plan, packWeights, planOf } from './plan.js';
import {
  CONTROL_BYTES,
  controlOf,
  doTogether,
  type Job,
  MOST_SHARES,
  type Share,
  STEPS,
  writeShares,
} from './shares.js';

/** Bytes of rows, inputs and outputs on their way at a time: what a core's second cache holds beside a panel of weights. */
const SHARE_BYTES = 2 ** 20;

/** Multiply-adds that are worth a thread's while: waking it takes about as long as a tenth of them. */
const THREAD_WORK = 2 ** 20;

/** The kernels, the memory that they work in, and the threads that help. */
export interface Machine extends Helpers {
  readonly kernels: Kernels;
  /** This one and those that help. */
  readonly threads: number;
  /** Makes room for so many bytes; says whether it could. */
  reserve(bytes: number): boolean;
  /** The memory as it is now. */
  buffer(): ArrayBufferLike;
}

/** Where things lie in the memory, in bytes; a chunk is of several shares of several batches of {@link LANES} rows. */
interface Layout {
  readonly lists: number;
  readonly weights: number;
  /** Of the positions that meet a non-zero, for wide panels, then for single ones. */
  readonly positions: number;
  readonly shares: readonly Share[];
  readonly end: number;
}

const plans = new WeakMap<Int32Array, Map<string, Plan>>();

const NO_WEIGHTS = new Float64Array(0);

/** The plan of a product with its own weights; products that differ in their weights alone share the rest, which outlives them. */
function planFor(product: TapProduct): Plan {
  const { groups, inChannels, outChannels, inPlane } = product;
  const known = plans.get(product.positionOf) ?? new Map<string, Plan>();
  plans.set(product.positionOf, known);
  const key = `${[groups, inChannels, outChannels, inPlane]}`;
  if (!known.has(key)) known.set(key, planOf({ ...product, weight: NO_WEIGHTS }));
  return { ...known.get(key)!, product };
}

/**
 * {@link TapProduct} times x, into the rows of y. Gives the positions of a channel `[outPlane]`, 1 or 0, at which anything was
 * written; nothing where there was no room.
 */
export function multiplyRows(
  machine: Machine,
  product: TapProduct,
  x: Matrix,
  y: Matrix,
): Uint8Array | undefined {
  const plan = planFor(product);
  const layout = layoutOf(plan, x.rows, threadsFor(machine, plan, x));
  if (!machine.reserve(layout.end)) return undefined;
  if (layout.shares.length > 1) machine.gather();
  const isWritten = new Uint8Array(product.outPlane);
  const buffer = machine.buffer();
  new Int32Array(buffer, layout.lists, plan.lists.length).set(plan.lists);
  packWeights(plan, new Float64Array(buffer, layout.weights, product.weight.length));
  const chunkRows = layout.shares.length * layout.shares[0].batches * LANES;
  for (let first = 0; first < x.rows; first += chunkRows) {
    for (const i of multiplyChunk(machine, buffer, plan, layout, x, y, first)) isWritten[plan.outputs[i]] = 1;
  }
  return isWritten;
}

function threadsFor(
  { threads }: Machine,
  { product }: Plan,
  { rows, cols, live = allColumns(cols) }: Matrix,
): number {
  const share = columnsIn(live) / cols;
  const work = share * rows * outSize(product) * product.inChannels * product.taps;
  return Math.max(1, Math.min(threads, MOST_SHARES, Math.floor(work / THREAD_WORK)));
}

const inSize = ({ groups, inChannels, inPlane }: TapProduct): number => groups * inChannels * inPlane;
const outSize = ({ groups, outChannels, outPlane }: TapProduct): number => groups * outChannels * outPlane;

function layoutOf(plan: Plan, rows: number, threads: number): Layout {
  const { product } = plan;
  const [inBytes, outBytes] = [inSize(product) * LANE_BYTES, outSize(product) * LANE_BYTES];
  const rowsBytes = Math.max(inBytes, outBytes);
  const fitting = Math.max(1, Math.floor(SHARE_BYTES / (rowsBytes + inBytes + outBytes)));
  const needed = Math.ceil(rows / LANES);
  const batches = Math.max(1, Math.min(fitting, Math.ceil(needed / threads)));
  const count = Math.max(1, Math.min(threads, Math.ceil(needed / batches)));
  const lists = aligned(CONTROL_BYTES);
  const weights = aligned(lists + 4 * plan.lists.length);
  const positions = aligned(weights + FLOAT_BYTES * product.weight.length);
  let end = aligned(positions + 2 * plan.outputs.length * POSITION_BYTES);
  const take = (bytes: number): number => {
    const begin = end;
    end = aligned(begin + bytes);
    return begin;
  };
  const shares = Array.from({ length: count }, () => ({
    batches,
    rows: take(batches * rowsBytes),
    inputs: take(batches * inBytes),
    outputs: take(batches * outBytes),
    marks: take(product.inPlane * MARK_BYTES),
  }));
  return { lists, weights, positions, shares, end };
}

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** A share of a chunk, and the rows of the block that are in it. */
interface Loaded {
  readonly share: Share;
  readonly from: number;
  readonly to: number;
}

/** Gives the numbers of the plan's positions at which anything was written. */
function multiplyChunk(
  { kernels }: Machine,
  buffer: ArrayBufferLike,
  plan: Plan,
  layout: Layout,
  x: Matrix,
  y: Matrix,
  first: number,
): Int32Array {
  const control = controlOf(buffer);
  const loaded = layout.shares
    .map((share, i) => loadShare(buffer, plan.product.inPlane, share, x, first + i * share.batches * LANES))
    .filter(({ from, to }) => from < to);
  const shares = loaded.map(({ share }) => share);
  writeShares(control, jobOf(plan, layout, 0), shares);
  doTogether(control, kernels, STEPS.load, shares.length);
  const met = positionsMet(
    plan,
    shares.map(({ marks }) => new Int32Array(buffer, marks, plan.product.inPlane)),
  );
  writePositions(plan, layout, met, buffer);
  writeShares(control, jobOf(plan, layout, met.length), shares);
  doTogether(control, kernels, STEPS.multiply, shares.length);
  for (const each of loaded) storeShare(buffer, plan, each, met, y);
  return met;
}

/** Copies rows to a share, zeros where it has room for more in its last batch. */
function loadShare(buffer: ArrayBufferLike, inPlane: number, share: Share, x: Matrix, from: number): Loaded {
  const to = Math.min(x.rows, from + share.batches * LANES);
  if (to <= from) return { share, from, to };
  const batches = Math.ceil((to - from) / LANES);
  new Int32Array(buffer, share.marks, inPlane).fill(0);
  const rows = new Float64Array(buffer, share.rows, batches * LANES * x.cols);
  if (x.live) rows.fill(0);
  else rows.fill(0, (to - from) * x.cols);
  copyLive({ ...rowRange(x, from, to), ...(x.live ? { live: x.live } : {}) }, rows, 0);
  return { share: { ...share, batches }, from, to };
}

function jobOf({ product, panels }: Plan, { weights, positions }: Layout, met: number): Job {
  const { groups, inChannels, outPlane, inPlane, taps } = product;
  const singlePanelBytes = FLOAT_BYTES * inChannels * taps;
  const widePanels = panels.filter(({ width }) => width === WIDE).length;
  const tableBytes = met * POSITION_BYTES;
  return {
    groups,
    widePanels,
    singlePanels: panels.length - widePanels,
    wide: positions,
    wideEnd: positions + tableBytes,
    single: positions + tableBytes,
    singleEnd: positions + 2 * tableBytes,
    weights,
    widePanelBytes: WIDE * singlePanelBytes,
    singlePanelBytes,
    inRowBytes: FLOAT_BYTES * inSize(product),
    outRowBytes: FLOAT_BYTES * outSize(product),
    groupBytes: inChannels * inPlane * LANE_BYTES,
    channelBytes: outPlane * LANE_BYTES,
    markBytes: inPlane * MARK_BYTES,
  };
}

/** Numbers of the plan's positions that meet a position marked by anyone. */
function positionsMet(
  { product: { taps, positionOf }, outputs }: Plan,
  marks: readonly Int32Array[],
): Int32Array {
  const isMet = marks[0].slice();
  for (const other of marks.slice(1)) {
    for (let p = 0; p < isMet.length; p++) isMet[p] |= other[p];
  }
  const met = new Int32Array(outputs.length);
  let count = 0;
  for (let i = 0; i < outputs.length; i++) {
    for (let at = outputs[i] * taps, end = at + taps; at < end; at++) {
      if (positionOf[at] >= 0 && isMet[positionOf[at]] !== 0) {
        met[count++] = i;
        break;
      }
    }
  }
  return met.subarray(0, count);
}

function writePositions(
  { positions, listBytes }: Plan,
  layout: Layout,
  met: Int32Array,
  buffer: ArrayBufferLike,
): void {
  const words = POSITION_BYTES / 4;
  [layout.lists, layout.lists + listBytes].forEach((lists, i) => {
    const table = new Int32Array(
      buffer,
      layout.positions + i * met.length * POSITION_BYTES,
      words * met.length,
    );
    for (let k = 0, to = 0; k < met.length; k++, to += words) {
      const from = words * met[k];
      table[to] = positions[from] + lists;
      table[to + 1] = positions[from + 1] + lists;
      table[to + 2] = positions[from + 2];
      table[to + 3] = positions[from + 3];
    }
  });
}

/** Copies a share's outputs at the positions met to the rows of y, zeros elsewhere. */
function storeShare(
  buffer: ArrayBufferLike,
  { product: { outPlane }, outputs }: Plan,
  { share, from, to }: Loaded,
  met: Int32Array,
  y: Matrix,
): void {
  const rows = new Float64Array(buffer, share.rows, (to - from) * y.cols);
  if (met.length === outPlane) {
    y.data.set(rows, from * y.cols);
    return;
  }
  const positions = met.map(i => outputs[i]);
  const into = y.data.subarray(from * y.cols, to * y.cols).fill(0);
  copyPositions(rows, outPlane, positions, into);
}

function copyPositions(rows: Float64Array, plane: number, positions: Int32Array, into: Float64Array): void {
  for (let start = 0; start < rows.length; start += plane)
    for (let i = 0; i < positions.length; i++) into[start + positions[i]] = rows[start + positions[i]];
}

/** A block for the product's outputs, not cleared. */
export const roomFor = (product: TapProduct, rows: number): Matrix => unsetRoom(rows, outSize(product));
