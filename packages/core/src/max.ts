import { assertFinite, assertSize, PoliceError } from './errors.js';
import { type Matrix, matrix } from './matrix.js';
import type { Range, Region } from './regions/region.js';

/** Windows of entries: window w takes the entries `members[offsets[w]] … members[offsets[w + 1] − 1]`. */
export interface Windows {
  /** `[windows + 1]`, from 0 upwards; no window is empty. */
  readonly offsets: Int32Array;
  readonly members: Int32Array;
}

/**
 * What keeps a maximum affine: window w is `max(maxᵢ xᵢ, x_winner + lift)`. Continuous everywhere, and right for
 * overlapping windows, because the lifted entry is one more candidate and no entry itself is changed.
 */
export interface Lifts {
  /** The lifted entry of each window, an index into the input, `[windows]`; −1 where nothing is lifted. */
  readonly winner: Int32Array;
  /** ≥ 0, `[windows]`. */
  readonly lift: Float64Array;
}

export function windowCount({ offsets }: Windows): number {
  return offsets.length - 1;
}

/** Windows from lists of entries. */
export function windowsOf(lists: readonly (readonly number[])[]): Windows {
  const offsets = new Int32Array(lists.length + 1);
  lists.forEach((list, w) => {
    offsets[w + 1] = offsets[w] + list.length;
  });
  return { offsets, members: Int32Array.from(lists.flat()) };
}

/** Maxout: `units` maxima over `pieces` consecutive entries each. */
export function maxoutWindows(units: number, pieces: number): Windows {
  return {
    offsets: Int32Array.from({ length: units + 1 }, (_, w) => w * pieces),
    members: Int32Array.from({ length: units * pieces }, (_, i) => i),
  };
}

export interface MaxPoolOptions {
  /** `[channels, height, width]`; height 1 for one dimension. */
  readonly shape: readonly [number, number, number];
  readonly kernel: readonly [number, number];
  /** @defaultValue the kernel */
  readonly strides?: readonly [number, number];
  /**
   * Rows above, columns left, rows below, columns right. Padding never wins.
   * @defaultValue none
   */
  readonly padding?: readonly [number, number, number, number];
  /** @defaultValue [1, 1] */
  readonly dilations?: readonly [number, number];
  /**
   * Whether a last, partly outside window counts (ONNX `ceil_mode`).
   * @defaultValue false
   */
  readonly ceil?: boolean;
}

/** Max-pooling's windows over rows laid out `[channels, height, width]`, and the output's shape. */
export function maxPoolWindows(options: MaxPoolOptions): {
  windows: Windows;
  outShape: [number, number, number];
} {
  const {
    shape,
    kernel,
    strides = kernel,
    padding = [0, 0, 0, 0],
    dilations = [1, 1],
    ceil = false,
  } = options;
  const [channels, height, width] = shape;
  const round = ceil ? Math.ceil : Math.floor;
  const outSize = [0, 1].map(axis => {
    const padded = shape[axis + 1] + padding[axis] + padding[axis + 2];
    const extent = dilations[axis] * (kernel[axis] - 1) + 1;
    const size = round((padded - extent) / strides[axis]) + 1;
    // A window that starts in the padding behind the data would be empty.
    return (size - 1) * strides[axis] >= shape[axis + 1] + padding[axis] ? size - 1 : size;
  });
  if (outSize.some(size => size < 1)) {
    throw new PoliceError({
      code: 'shape',
      where: 'maxPool',
      expected: 'an input at least as large as the kernel',
      actual: `input ${shape.join(' × ')}, kernel ${kernel.join(' × ')}`,
    });
  }
  const lists: number[][] = [];
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < outSize[0]; i++) {
      for (let j = 0; j < outSize[1]; j++) {
        const list: number[] = [];
        for (let u = 0; u < kernel[0]; u++) {
          const y = i * strides[0] - padding[0] + u * dilations[0];
          if (y < 0 || y >= height) continue;
          for (let v = 0; v < kernel[1]; v++) {
            const x = j * strides[1] - padding[1] + v * dilations[1];
            if (x >= 0 && x < width) list.push((c * height + y) * width + x);
          }
        }
        lists.push(list);
      }
    }
  }
  return { windows: windowsOf(lists), outShape: [channels, outSize[0], outSize[1]] };
}

/** Throws `invalid-network`, `shape` or `not-finite` unless windows and lifts fit an input of `size`. */
export function assertWindowsFit(
  { offsets, members }: Windows,
  size: number,
  where: string,
  lifts?: Lifts,
): void {
  const fail = (expected: string, actual: string) => {
    throw new PoliceError({ code: 'invalid-network', where, expected, actual });
  };
  if (offsets[0] !== 0 || offsets.at(-1) !== members.length)
    fail('offsets from 0 to the number of members', `${offsets}`);
  for (let w = 0; w + 1 < offsets.length; w++)
    if (offsets[w + 1] <= offsets[w]) fail('no empty window', `window ${w}`);
  for (const member of members) if (member < 0 || member >= size) fail(`entries below ${size}`, `${member}`);
  if (!lifts) return;
  assertSize(lifts.winner.length, offsets.length - 1, where, 'winners');
  assertSize(lifts.lift.length, offsets.length - 1, where, 'lifts');
  assertFinite(lifts.lift, `${where} lifts`);
}

/** The maxima of every row of x `[n, size]`, `[n, windows]`. */
export function applyMax(windows: Windows, x: Matrix, lifts?: Lifts): Matrix {
  const y = matrix(x.rows, windowCount(windows));
  for (let i = 0; i < x.rows; i++) {
    for (let w = 0; w < y.cols; w++) {
      const { index, lift } = largestIn(windows, x.data, i * x.cols, w, lifts);
      y.data[i * y.cols + w] = x.data[i * x.cols + index] + lift;
    }
  }
  return y;
}

/** The entry that wins a window of the row starting at `start`, and its lift; ties: the first, unlifted ones before. */
export function largestIn(
  { offsets, members }: Windows,
  data: Float64Array,
  start: number,
  window: number,
  lifts?: Lifts,
): { index: number; lift: number } {
  let index = members[offsets[window]];
  for (let m = offsets[window] + 1; m < offsets[window + 1]; m++) {
    if (data[start + members[m]] > data[start + index]) index = members[m];
  }
  const winner = lifts ? lifts.winner[window] : -1;
  if (winner < 0) return { index, lift: 0 };
  const lift = lifts!.lift[window];
  return data[start + winner] + lift > data[start + index] ? { index: winner, lift } : { index, lift: 0 };
}

/** The chosen winners of one layer. */
export interface MaxShifts {
  /** Entry that is the maximum all over each region, `[regions, windows]`. */
  readonly winners: Int32Array;
  readonly lifts: Lifts;
  /** The region and the rival entry that a lift just equals, `[windows]` each; −1 where nothing is lifted. */
  readonly activeRegion: Int32Array;
  readonly activeRival: Int32Array;
  /** By how much each window's winner wins, lift included, where it does so least, `[windows]`. */
  readonly clearance: Float64Array;
}

/** Rounding allowance of the difference of two entries on a region: how much the rival's lead may be understated. */
export type LeadError = (region: number, rival: number, winner: number) => number;

export interface WinnerOptions {
  /** The lifted entries of last time, `[windows]`, −1 for none: kept where a lift is needed (policy `sticky`). */
  readonly previous?: ArrayLike<number>;
  /** Lifts that the node has already. They stay, raised where they no longer suffice. */
  readonly lifts?: Lifts;
  /** @defaultValue no error */
  readonly leadError?: LeadError;
  /** Moves a lift up to a representable value. @defaultValue the identity */
  readonly snap?: (lift: number) => number;
}

/**
 * Chooses each window's winner. Where on every region some entry wins by itself, nothing is lifted and each region
 * keeps its own winner. Elsewhere one entry wins on all regions, lifted by
 * c = max over regions and rivals of max (x_rival − x_winner): the entry lifted already or last time if there is one,
 * else the one with the least lift (the first of several).
 */
export function chooseWinners(
  windows: Windows,
  regions: readonly Region[],
  frames: readonly Matrix[],
  { previous, lifts: present, leadError = () => 0, snap = lift => lift }: WinnerOptions = {},
): MaxShifts {
  const { offsets, members } = windows;
  const count = windowCount(windows);
  const winners = new Int32Array(regions.length * count);
  const lifts: Lifts = { winner: new Int32Array(count).fill(-1), lift: new Float64Array(count) };
  const activeRegion = new Int32Array(count).fill(-1);
  const activeRival = new Int32Array(count).fill(-1);
  const clearance = new Float64Array(count);
  for (let w = 0; w < count; w++) {
    const list = members.subarray(offsets[w], offsets[w + 1]);
    const leads = regions.map((region, r) => largestLeads(region, frames[r], list, r, leadError));
    const lifted = present ? list.indexOf(present.winner[w]) : -1;
    const own = leads.map(lead => lead.findIndex(({ lead: by }) => by <= 0));
    if (lifted < 0 && own.every(place => place >= 0)) {
      own.forEach((place, r) => {
        winners[r * count + w] = list[place];
      });
      clearance[w] = own.reduce(
        (least, place, r) => Math.min(least, -leads[r][place].lead),
        Number.POSITIVE_INFINITY,
      );
      continue;
    }
    const needed = Array.from(list, (_, place) => worstOf(leads.map(lead => lead[place])));
    const kept = lifted >= 0 ? lifted : previous ? list.indexOf(previous[w]) : -1;
    const place =
      kept >= 0 ? kept : needed.reduce((best, { lead }, p) => (lead < needed[best].lead ? p : best), 0);
    const { lead, rival, region } = needed[place];
    const floor = lifted >= 0 ? present!.lift[w] : 0;
    lifts.winner[w] = list[place];
    lifts.lift[w] = lead > floor ? snap(lead) : floor;
    clearance[w] = lifts.lift[w] - lead;
    if (lead > floor) {
      activeRegion[w] = region;
      activeRival[w] = rival;
    }
    for (let r = 0; r < regions.length; r++) winners[r * count + w] = list[place];
  }
  return { winners, lifts, activeRegion, activeRival, clearance };
}

/** Frame values through the winners of region r: `x_winner + lift` at the origin, `x_winner` along directions. */
export function maxFrame(frame: Matrix, { winners, lifts }: MaxShifts, region: number): Matrix {
  const count = lifts.lift.length;
  const y = matrix(frame.rows, count);
  for (let i = 0; i < frame.rows; i++) {
    for (let w = 0; w < count; w++)
      y.data[i * count + w] = frame.data[i * frame.cols + winners[region * count + w]];
  }
  for (let w = 0; w < count; w++) y.data[w] += lifts.lift[w];
  return y;
}

/** The adjoint of picking winners: dLoss/dy `[n, windows]` to dLoss/dx `[n, size]` on region r. */
export function maxFrameAdjoint(dy: Matrix, { winners }: MaxShifts, region: number, size: number): Matrix {
  const dx = matrix(dy.rows, size);
  for (let i = 0; i < dy.rows; i++) {
    for (let w = 0; w < dy.cols; w++)
      dx.data[i * size + winners[region * dy.cols + w]] += dy.data[i * dy.cols + w];
  }
  return dx;
}

/**
 * Gradient of the lifts: given dLoss/dlift `[windows]`, dLoss/dframe of the maximum's input, one block per region. A
 * lift equals the largest lead of one rival on one region, so it grows as the rival does where that is attained, and
 * falls as the winner does.
 */
export function liftGradient(
  { lifts, activeRegion, activeRival }: MaxShifts,
  regions: readonly Region[],
  frames: readonly Matrix[],
  dLift: Float64Array,
): Matrix[] {
  return regions.map((region, r) => {
    const frame = frames[r];
    const gradient = matrix(frame.rows, frame.cols);
    const active = Array.from(lifts.lift.keys()).filter(w => activeRegion[w] === r);
    const leads = matrix(frame.rows, active.length);
    const eachEntry = (visit: (row: number, at: number, w: number) => void) => {
      for (let i = 0; i < frame.rows; i++) {
        active.forEach((w, k) => {
          visit(i * frame.cols, i * active.length + k, w);
        });
      }
    };
    eachEntry((row, at, w) => {
      leads.data[at] = frame.data[row + activeRival[w]] - frame.data[row + lifts.winner[w]];
    });
    const coordinates = region.extremes(leads, new Int8Array(active.length).fill(1));
    eachEntry((row, at, w) => {
      const d = coordinates.data[at] * dLift[w];
      gradient.data[row + activeRival[w]] += d;
      gradient.data[row + lifts.winner[w]] -= d;
    });
    return gradient;
  });
}

interface Lead {
  /** The most by which a rival exceeds the entry on the region; −∞ without rivals. */
  readonly lead: number;
  readonly rival: number;
  readonly region: number;
}

function worstOf(leads: readonly Lead[]): Lead {
  return leads.reduce((worst, lead) => (lead.lead > worst.lead ? lead : worst));
}

/** For each entry of a window, the largest lead of another over it on the region. */
function largestLeads(
  region: Region,
  frame: Matrix,
  list: Int32Array,
  r: number,
  leadError: LeadError,
): Lead[] {
  const differences = matrix(frame.rows, list.length * list.length);
  for (let i = 0; i < frame.rows; i++) {
    const row = i * frame.cols;
    for (let a = 0; a < list.length; a++) {
      for (let b = 0; b < list.length; b++) {
        differences.data[i * differences.cols + a * list.length + b] =
          frame.data[row + list[b]] - frame.data[row + list[a]];
      }
    }
  }
  const { hi }: Range = region.range(differences);
  return Array.from(list, (entry, a) => {
    let worst: Lead = { lead: Number.NEGATIVE_INFINITY, rival: -1, region: r };
    for (let b = 0; b < list.length; b++) {
      // An entry listed twice is no rival of itself.
      if (list[b] === entry) continue;
      const lead = hi[a * list.length + b] + leadError(r, list[b], entry);
      if (lead > worst.lead) worst = { lead, rival: list[b], region: r };
    }
    return worst;
  });
}
