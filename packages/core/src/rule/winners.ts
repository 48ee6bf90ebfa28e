import { type Lifts, type Windows, windowCount } from '../network/max-windows.js';
import { type Matrix, matrix, pickColumns, room } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { ASKED } from './spared.js';

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
  /** Of windows spared `[windows]` on a region nothing is asked there. @defaultValue none */
  readonly spared?: readonly (Int8Array | undefined)[];
  /** Moves a lift up to a representable value. @defaultValue the identity */
  readonly snap?: (lift: number) => number;
}

/**
 * Chooses each window's winner. Where on every region some entry wins by itself, nothing is lifted and each region
 * keeps its own winner. Elsewhere one entry wins on all regions, lifted by
 * c = max over regions and rivals of max (x_rival − x_winner): the entry lifted already or last time if there is one,
 * else the one with the least lift (the first of several). `pairs` are each region's {@link pairLeads}.
 */
export function chooseWinners(
  windows: Windows,
  pairs: readonly Float64Array[],
  { previous, lifts: present, leadError = () => 0, spared, snap = lift => lift }: WinnerOptions = {},
): MaxShifts {
  const { offsets, members } = windows;
  const count = windowCount(windows);
  const starts = pairOffsets(windows);
  const winners = new Int32Array(pairs.length * count);
  const lifts: Lifts = { winner: new Int32Array(count).fill(-1), lift: new Float64Array(count) };
  const activeRegion = new Int32Array(count).fill(-1);
  const activeRival = new Int32Array(count).fill(-1);
  const clearance = new Float64Array(count);
  for (let w = 0; w < count; w++) {
    const list = members.subarray(offsets[w], offsets[w + 1]);
    const leads = pairs.map((all, r) =>
      (spared?.[r]?.[w] ?? ASKED) === ASKED
        ? largestLeads(all.subarray(starts[w], starts[w + 1]), list, r, leadError)
        : Array.from(list, () => NO_LEAD),
    );
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
    for (let r = 0; r < pairs.length; r++) winners[r * count + w] = list[place];
  }
  return { winners, lifts, activeRegion, activeRival, clearance };
}

/** Frame values through the winners of region r: `x_winner + lift` at the origin, `x_winner` along directions. */
export function maxFrame(frame: Matrix, { winners, lifts }: MaxShifts, region: number): Matrix {
  const y = pickColumns(frame, winnersOn({ winners, lifts }, region));
  for (let w = 0; w < y.cols; w++) y.data[w] += lifts.lift[w];
  return y;
}

/** The winners of region r, `[windows]`. */
export function winnersOn(
  { winners, lifts }: Pick<MaxShifts, 'winners' | 'lifts'>,
  region: number,
): Int32Array {
  const count = lifts.lift.length;
  return winners.subarray(region * count, (region + 1) * count);
}

/** The adjoint of picking winners: dLoss/dy `[n, windows]` to dLoss/dx `[n, size]` on region r. */
export function maxFrameAdjoint(dy: Matrix, { winners }: MaxShifts, region: number, size: number): Matrix {
  const dx = room(dy.rows, size);
  const own = winners.subarray(region * dy.cols, (region + 1) * dy.cols);
  for (let i = 0; i < dy.rows; i++) {
    for (let w = 0; w < dy.cols; w++) dx.data[i * size + own[w]] += dy.data[i * dy.cols + w];
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

/** Where there are no regions nobody leads. */
const NO_LEAD: Lead = { lead: Number.NEGATIVE_INFINITY, rival: -1, region: 0 };

function worstOf(leads: readonly Lead[]): Lead {
  return leads.reduce((worst, lead) => (lead.lead > worst.lead ? lead : worst), NO_LEAD);
}

/** Where each window's pairs of entries start among all pairs, `[windows + 1]`. */
export function pairOffsets({ offsets }: Windows): Int32Array {
  const starts = new Int32Array(offsets.length);
  for (let w = 1; w < offsets.length; w++) starts[w] = starts[w - 1] + (offsets[w] - offsets[w - 1]) ** 2;
  return starts;
}

/** Pairs of two entries of one window, each pair once, and where among {@link pairLeads} the lead of either over the other lies. */
export interface Pairs {
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Of x_second − x_first. */
  readonly ahead: Int32Array;
  /** Of x_first − x_second. */
  readonly behind: Int32Array;
}

/** The pairs of windows `from` to `to`, window after window. An entry listed twice is no rival of itself. */
export function pairsOf({ offsets, members }: Windows, from: number, to: number): Pairs {
  let most = 0;
  for (let w = from; w < to; w++) most += entryPairs(offsets[w + 1] - offsets[w]);
  const [first, second, ahead, behind] = Array.from({ length: 4 }, () => new Int32Array(most));
  let k = 0;
  for (let w = from, start = 0; w < to; w++) {
    const count = offsets[w + 1] - offsets[w];
    for (let a = 0; a < count; a++) {
      for (let b = a + 1; b < count; b++) {
        if (members[offsets[w] + a] === members[offsets[w] + b]) continue;
        first[k] = members[offsets[w] + a];
        second[k] = members[offsets[w] + b];
        ahead[k] = start + a * count + b;
        behind[k++] = start + b * count + a;
      }
    }
    start += count ** 2;
  }
  const [found, others, over, under] = [first, second, ahead, behind].map(each => each.subarray(0, k));
  return { first: found, second: others, ahead: over, behind: under };
}

const entryPairs = (count: number): number => (count * (count - 1)) / 2;

/** The differences x_second − x_first of pairs on rows. */
function pairDifferences(pairs: Pairs, x: Matrix): Matrix {
  const differences = matrix(x.rows, pairs.first.length);
  writeDifferences(pairs, x, differences.data);
  return differences;
}

/** The same, written to `into` `[rows, pairs]`. */
export function writeDifferences(
  { first, second }: Pick<Pairs, 'first' | 'second'>,
  { rows, cols, data }: Matrix,
  into: Float64Array,
): void {
  for (let row = 0, at = 0; row < rows * cols; row += cols)
    for (let k = 0; k < first.length; k++, at++) into[at] = data[row + second[k]] - data[row + first[k]];
}

/** Windows taken at a time: their pairs take a multiple of the frame's memory. */
const WINDOWS_AT_ONCE = 64;

/**
 * For every window and every ordered pair (a, b) of its entries the largest x_b − x_a over the region, pairs of a window
 * together, a-major; frame values `[d + 1, size]`.
 */
export function pairLeads(windows: Windows, region: Pick<Region, 'range'>, frame: Matrix): Float64Array {
  const starts = pairOffsets(windows);
  const count = windowCount(windows);
  const leads = new Float64Array(starts[count]);
  for (let w = 0; w < count; w += WINDOWS_AT_ONCE) {
    const end = Math.min(count, w + WINDOWS_AT_ONCE);
    const pairs = pairsOf(windows, w, end);
    const { lo, hi } = region.range(pairDifferences(pairs, frame));
    pairs.ahead.forEach((place, k) => {
      leads[starts[w] + place] = hi[k];
      leads[starts[w] + pairs.behind[k]] = -lo[k];
    });
  }
  return leads;
}

/** For each entry of a window, the largest lead of another over it, from the leads of its pairs. */
function largestLeads(leads: Float64Array, list: Int32Array, r: number, leadError: LeadError): Lead[] {
  return Array.from(list, (entry, a) => {
    let worst: Lead = { lead: Number.NEGATIVE_INFINITY, rival: -1, region: r };
    for (let b = 0; b < list.length; b++) {
      // An entry listed twice is no rival of itself.
      if (list[b] === entry) continue;
      const lead = leads[a * list.length + b] + leadError(r, list[b], entry);
      if (lead > worst.lead) worst = { lead, rival: list[b], region: r };
    }
    return worst;
  });
}
