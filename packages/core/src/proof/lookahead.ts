import { type Activation, type Kink, slopeAt } from '../network/activation.js';
import { linearAdjoints } from '../network/forward.js';
import type { Network } from '../network/network.js';
import type { NetworkNode } from '../network/nodes.js';
import { UNRESOLVED } from '../network/unresolved.js';
import { ifKind, type Rules, walkBack, walkToEnd } from '../network/walk.js';
import { addInto, type Matrix, matrix } from '../numeric/matrix.js';
import { type Rng, seededRng } from '../numeric/random.js';
import type { Region } from '../regions/region.js';
import { ASKED, type Spared, UNREAD } from '../rule/spared.js';
import { EVERYTHING, type Interval, intervalsOn, preActivation } from './intervals.js';
import { preActivationSigns, type Signs, signsOn } from './signs.js';

/*
 * Lookahead: a bend that cannot reach the output needs no shift. A unit that stays on a flat piece all over the region is constant, whatever
 * the units before it do; so a unit that only flat ones read, directly or through others, may bend. What is shown of a network is that every
 * path from a bend ends in a flat unit.
 */

/** The flat piece that a unit stays on, or {@link ASKED}, `[units]` by activation. */
export type Flats = ReadonlyMap<string, Int8Array>;

/** Whether a network has units that can be flat at all. */
export function canBeFlat({ nodes }: Network): boolean {
  return nodes.some(node => ifKind({ activation: ({ activation }) => hasFlatPiece(activation) }, node));
}

const hasFlatPiece = ({ pieces, curve }: Activation): boolean =>
  !curve && pieces.some((_, p) => isFlat(pieces[p].slope));

const isFlat = (slope: number | Float64Array): boolean =>
  typeof slope === 'number' ? slope === 0 : slope.some(each => each === 0);

/**
 * The units that sound bounds prove flat all over a region, in exact arithmetic and in a float32 runtime; undefined where the bounds say
 * nothing: numbers may overflow, and an overflow reaches the output through weights of 0 too.
 */
export function flatsOn(net: Network, region: Region, memory?: number): Flats | undefined {
  const found = intervalsOn(net, region, memory);
  const signs = signsOn(net, found);
  const flats = new Map<string, Int8Array>();
  for (const node of net.nodes) {
    if (found(node.name).runtime.some(e => e >= EVERYTHING)) return undefined;
    if (node.kind !== 'activation') continue;
    const h = preActivation(node, found(node.input));
    const signed = preActivationSigns(node, signs(node.input));
    flats.set(
      node.name,
      Int8Array.from(h.lo, (_, j) => flatPiece(node.activation, j, h, signed)),
    );
  }
  return flats;
}

function flatPiece(
  { kinks, pieces, curve }: Activation,
  unit: number,
  { lo, hi, runtime }: Interval,
  { above, below }: Signs,
): number {
  if (curve) return ASKED;
  const e = runtime[unit];
  const isAbove = ({ hi: end }: Kink) => lo[unit] - e >= end || (!below[unit] && end <= 0);
  const isBelow = ({ lo: end }: Kink) => hi[unit] + e <= end || (!above[unit] && end >= 0);
  return pieces.findIndex(
    (piece, p) =>
      slopeAt(piece, unit) === 0 &&
      (p === 0 || isAbove(kinks[p - 1])) &&
      (p === kinks.length || isBelow(kinks[p])),
  );
}

/** The flat pieces among those that units are on, `[units]`; {@link ASKED} for the others, and for units that a shift keeps there. */
export function flatAmong(activation: Activation, pieces: Int32Array, shift: Float64Array): Int8Array {
  return Int8Array.from(pieces, (p, j) =>
    !activation.curve && shift[j] === 0 && slopeAt(activation.pieces[p], j) === 0 ? p : ASKED,
  );
}

/** The units that are spared for being flat, of those alone that are still found flat. */
export function stillFlat(spared: Spared, found: Flats): Flats {
  return new Map(
    [...spared].map(([name, units]) => [
      name,
      units.map((spare, j) => (spare >= 0 && spare === found.get(name)?.[j] ? spare : ASKED)),
    ]),
  );
}

/**
 * The units that a region spares: the flat ones, and those that only they read. Undefined where none may bend in vain. What reads what is
 * found by carrying random numbers back, of which no sum is 0 by chance but one in 2⁵⁰; {@link endsFlat} proves it.
 */
export function sparedBy(net: Network, flats: Flats): Spared | undefined {
  const read = readEntries(net, flats, seededRng(net.nodes.length));
  const spared = new Map<string, Int8Array>();
  let hasUnread = false;
  for (const node of net.nodes) {
    if (node.kind !== 'activation' && node.kind !== 'max') continue;
    const entries = read.get(node.name);
    const units = Int8Array.from({ length: net.sizes.get(node.name)! }, (_, j) => {
      const flat = flats.get(node.name)?.[j] ?? ASKED;
      return flat === ASKED && !entries?.[j] ? UNREAD : flat;
    });
    hasUnread ||= units.includes(UNREAD);
    spared.set(node.name, units);
  }
  return hasUnread ? spared : undefined;
}

/** Which entries of a node reach the output, 1 or 0, by name; of those alone that lead there at all. */
function readEntries(net: Network, flats: Flats, rng: Rng): Map<string, Uint8Array> {
  const read = new Map<string, Uint8Array>();
  const random = () => 0.5 + rng();
  const anew = ({ rows, cols, data }: Matrix, keeps: (j: number) => boolean): Matrix => ({
    rows,
    cols,
    data: data.map((x, j) => (x !== 0 && keeps(j) ? random() : 0)),
  });
  const output = matrix(1, net.outputSize, Float64Array.from({ length: net.outputSize }, random));
  walkBack<Matrix>(
    net,
    output,
    {
      ...linearAdjoints(net),
      ...UNRESOLVED,
      activation: ({ name }, back) => {
        const flat = flats.get(name);
        return [anew(back, j => !flat || flat[j] === ASKED)];
      },
      max: ({ input, windows: { offsets, members } }, { data }) => {
        const back = matrix(1, net.sizes.get(input)!);
        data.forEach((x, w) => {
          if (x !== 0) for (const m of members.subarray(offsets[w], offsets[w + 1])) back.data[m] = random();
        });
        return [back];
      },
    },
    addInto,
    (name, { data }) =>
      read.set(
        name,
        Uint8Array.from(data, x => Number(x !== 0)),
      ),
  );
  return read;
}

/** Whether, units that are spared for being flat being flat indeed, no bend of the others that are spared reaches the output: proved. */
export function endsFlat(net: Network, spared: Spared): boolean {
  const indicator = (cols: number, isSo: (j: number) => boolean): Matrix => ({
    rows: 1,
    cols,
    data: Float64Array.from({ length: cols }, (_, j) => Number(isSo(j))),
  });
  const through = (node: NetworkNode, isBent: (j: number) => boolean) => {
    const units = spared.get(node.name);
    const spareOf = (j: number) => units?.[j] ?? ASKED;
    return indicator(net.sizes.get(node.name)!, j =>
      spareOf(j) === ASKED ? isBent(j) : spareOf(j) === UNREAD,
    );
  };
  const rules: Rules<Matrix> = {
    ...UNRESOLVED,
    input: ({ size }) => matrix(1, size),
    // Of what is bent, the weights' sizes: a sum of them is 0 only where each is.
    affine: ({ operator }, [bent]) => {
      const { data, cols } = operator.magnitude(bent);
      return indicator(cols, j => data[j] !== 0);
    },
    sum: ({ coefficients }, inputs) =>
      indicator(inputs[0].cols, j =>
        inputs.some((bent, i) => (coefficients?.[i] ?? 1) !== 0 && bent.data[j] !== 0),
      ),
    concat: (_node, inputs) =>
      matrix(
        1,
        inputs.reduce((sum, { cols }) => sum + cols, 0),
        Float64Array.from(inputs.flatMap(({ data }) => Array.from(data))),
      ),
    activation: (node, [bent]) => through(node, j => bent.data[j] !== 0),
    max: (node, [bent]) => {
      const { offsets, members } = node.windows;
      return through(node, w => members.subarray(offsets[w], offsets[w + 1]).some(m => bent.data[m] !== 0));
    },
  };
  return walkToEnd(net, rules).data.every(x => x === 0);
}
