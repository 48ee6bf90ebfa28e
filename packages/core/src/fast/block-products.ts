import { type Matrix, matrix } from '../numeric/matrix.js';
import type { TapProduct } from '../numeric/tap-product.js';
import { type Kernels, LANE_BYTES, LANES, POSITION_BYTES, WIDE } from './kernel.js';
import { intoLanes, outOfLanes } from './lanes.js';
import { type Plan, packWeights, planOf } from './plan.js';

/** Bytes of inputs and outputs on their way at a time: what a core's second cache holds beside a panel of weights. */
const CHUNK_BYTES = 2 ** 20;

/** Where things lie in the kernels' memory, in bytes; the chunk's batches follow one another. */
interface Layout {
  readonly lists: number;
  readonly weights: number;
  readonly positions: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly end: number;
  /** Batches of {@link LANES} rows in a chunk. */
  readonly batches: number;
}

/** The kernels and the memory that they work in. */
export interface Machine {
  readonly kernels: Kernels;
  /** Makes room for so many bytes; says whether it could. */
  reserve(bytes: number): boolean;
  /** The memory as it is now. */
  buffer(): ArrayBufferLike;
}

const plans = new WeakMap<Int32Array, Map<string, Plan>>();

/** The plan of a product with its own weights; products that differ in their weights alone share the rest. */
function planFor(product: TapProduct): Plan {
  const { groups, inChannels, outChannels, inPlane } = product;
  const known = plans.get(product.positionOf) ?? new Map<string, Plan>();
  plans.set(product.positionOf, known);
  const key = `${[groups, inChannels, outChannels, inPlane]}`;
  if (!known.has(key)) known.set(key, planOf(product));
  return { ...known.get(key)!, product };
}

/**
 * Rows `from` to `to` of {@link TapProduct} times x, into the rows of y, which holds zeros. Gives the positions of a channel `[outPlane]`, 1 or 0,
 * at which anything was written; nothing where there was no room.
 */
export function multiplyRows(
  machine: Machine,
  product: TapProduct,
  x: Matrix,
  y: Matrix,
  from: number = 0,
  to: number = x.rows,
): Uint8Array | undefined {
  const plan = planFor(product);
  const layout = layoutOf(plan, to - from);
  if (!machine.reserve(layout.end)) return undefined;
  const isWritten = new Uint8Array(product.outPlane);
  const buffer = machine.buffer();
  new Int32Array(buffer, layout.lists, plan.lists.length).set(plan.lists);
  packWeights(plan, new Float64Array(buffer, layout.weights, product.weight.length));
  for (let first = from; first < to; first += layout.batches * LANES) {
    const batches = Math.min(layout.batches, Math.ceil((to - first) / LANES));
    const chunk = loadChunk(buffer, plan, layout, x, first, batches);
    multiplyChunk(machine.kernels, plan, layout, chunk);
    chunk.forEach(({ outputs }, b) => {
      const lanes = new Float64Array(buffer, layout.outputs + b * outputBytes(plan), outputBytes(plan) / 8);
      outOfLanes(lanes, y, first + b * LANES, product.outPlane, outputs);
      for (const p of outputs) isWritten[p] = 1;
    });
  }
  return isWritten;
}

const inputBytes = ({ product: { groups, inChannels, inPlane } }: Plan): number =>
  groups * inChannels * inPlane * LANE_BYTES;
const outputBytes = ({ product: { groups, outChannels, outPlane } }: Plan): number =>
  groups * outChannels * outPlane * LANE_BYTES;

function layoutOf(plan: Plan, rows: number): Layout {
  const perBatch = inputBytes(plan) + outputBytes(plan);
  const batches = Math.min(Math.ceil(rows / LANES), Math.max(1, Math.floor(CHUNK_BYTES / perBatch)));
  const lists = 64;
  const weights = aligned(lists + 4 * plan.lists.length);
  const positions = aligned(weights + 8 * plan.product.weight.length);
  const inputs = aligned(positions + 2 * batches * plan.outputs.length * POSITION_BYTES);
  const outputs = aligned(inputs + batches * inputBytes(plan));
  return { lists, weights, positions, inputs, outputs, batches, end: outputs + batches * outputBytes(plan) };
}

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** A batch of rows in the memory: the addresses of its positions that meet a non-zero, for wide and for single panels, and their numbers. */
interface Batch {
  readonly wide: number;
  readonly single: number;
  readonly outputs: Int32Array;
}

function loadChunk(
  buffer: ArrayBufferLike,
  plan: Plan,
  layout: Layout,
  x: Matrix,
  first: number,
  count: number,
): Batch[] {
  const isMet = new Uint8Array(plan.product.inPlane);
  const tableBytes = plan.outputs.length * POSITION_BYTES;
  return Array.from({ length: count }, (_, b) => {
    const lanes = new Float64Array(buffer, layout.inputs + b * inputBytes(plan), inputBytes(plan) / 8);
    intoLanes(x, first + b * LANES, lanes, isMet);
    const wide = layout.positions + 2 * b * tableBytes;
    const single = wide + tableBytes;
    const table = (at: number) => new Int32Array(buffer, at, tableBytes / 4);
    const outputs = livePositions(plan, isMet);
    writePositions(plan, outputs, table(wide), layout.lists);
    writePositions(plan, outputs, table(single), layout.lists + plan.listBytes);
    return { wide, single, outputs: outputs.map(i => plan.outputs[i]) };
  });
}

/** Numbers of the plan's positions that meet a position marked. */
function livePositions({ product: { taps, positionOf }, outputs }: Plan, isMet: Uint8Array): Int32Array {
  const live = new Int32Array(outputs.length);
  let count = 0;
  for (let i = 0; i < outputs.length; i++) {
    for (let at = outputs[i] * taps, end = at + taps; at < end; at++) {
      if (positionOf[at] >= 0 && isMet[positionOf[at]] === 1) {
        live[count++] = i;
        break;
      }
    }
  }
  return live.subarray(0, count);
}

function writePositions(plan: Plan, live: Int32Array, table: Int32Array, lists: number): void {
  for (let i = 0; i < live.length; i++) {
    const from = 4 * live[i];
    const to = 4 * i;
    table[to] = plan.positions[from] + lists;
    table[to + 1] = plan.positions[from + 1] + lists;
    table[to + 2] = plan.positions[from + 2];
    table[to + 3] = plan.positions[from + 3];
  }
}

/** A panel's weights meet all batches before the next panel's do. */
function multiplyChunk({ wide, single }: Kernels, plan: Plan, layout: Layout, chunk: readonly Batch[]): void {
  const { groups, inChannels, outChannels, inPlane, outPlane, taps } = plan.product;
  const channelStep = outPlane * LANE_BYTES;
  let weights = layout.weights;
  for (let g = 0; g < groups; g++) {
    for (const { channel, width } of plan.panels) {
      chunk.forEach((batch, b) => {
        if (batch.outputs.length === 0) return;
        const [run, begin] = width === WIDE ? [wide, batch.wide] : [single, batch.single];
        const x = layout.inputs + b * inputBytes(plan) + g * inChannels * inPlane * LANE_BYTES;
        const y = layout.outputs + b * outputBytes(plan) + (g * outChannels + channel) * channelStep;
        run(begin, begin + batch.outputs.length * POSITION_BYTES, x, weights, y, channelStep);
      });
      weights += 8 * width * inChannels * taps;
    }
  }
}

/** A block of zeros with the product's outputs. */
export function roomFor({ groups, outChannels, outPlane }: TapProduct, rows: number): Matrix {
  return matrix(rows, groups * outChannels * outPlane);
}
