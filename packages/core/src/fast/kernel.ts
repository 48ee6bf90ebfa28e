import { type IntoLanes, intoLanes, type OutOfLanes, outOfLanes } from './lane-kernels.js';
import { FLOAT_BYTES, LANES } from './lanes.js';
import { type Code, I32, moduleOf, V128, type WasmFunction, wasm } from './wasm-writer.js';

/** Bytes of one term of a list: the addresses of its input and of its weight. */
export const TERM_BYTES = 8;

/** Bytes of one position: the addresses of its list's begin and end, of its input and of its output. */
export const POSITION_BYTES = 16;

/** Channels that are summed at once: as many sums as stay in registers, and one at a time what is left over. */
export const WIDE = 4;

/**
 * For positions one by one: the sums of {@link WIDE} output channels, or of one, over the position's list of terms, input times weight,
 * of all lanes at once, in order of the list. SIMD of WebAssembly rounds every product and every sum, as JavaScript does: it
 * has no fused multiply-add, relaxed SIMD apart. Addresses are in bytes.
 */
export type SumOver = (
  positions: number,
  positionsEnd: number,
  /** Added to every input's address. */
  x: number,
  /** Added to every weight's; the weights of the channels lie side by side. */
  weights: number,
  /** Added to every output's. */
  y: number,
  /** From one output channel to the next. */
  channelStep: number,
) => void;

export interface Kernels {
  readonly intoLanes: IntoLanes;
  readonly outOfLanes: OutOfLanes;
  readonly wide: SumOver;
  readonly single: SumOver;
  /** Multiply-adds in registers and nothing else, 2 · {@link PEAK_SUMS} a round: what rates are held against. */
  readonly peak: (rounds: number) => void;
}

export const PEAK_SUMS = 12;

// Locals: the parameters of SumOver, what a position tells, and vectors.
const [POSITION, POSITIONS_END, X, WEIGHTS, Y, STEP, TERM, TERMS_END, INPUT, AT, FIRST_VECTOR] = Array.from(
  { length: 11 },
  (_, i) => i,
);
const PAIRS = LANES / 2;
const FACTOR = FIRST_VECTOR + PAIRS;
const sumOf = (channel: number, pair: number): number => FACTOR + 1 + channel * PAIRS + pair;

const { get, set, tee, constant, add, load } = wasm;
const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Moves an address on, and tells whether it has not met its end. */
const advance = (local: number, by: number, end: number): Code => [
  ...[...get(local), ...constant(by), ...add, ...tee(local)],
  ...[...get(end), ...wasm.lessUnsigned],
];

/** `to` = the address at `from + offset`, plus `base`. */
const follow = (to: number, from: number, offset: number, base: number): Code => [
  ...[...get(from), ...load(offset), ...get(base), ...add, ...set(to)],
];

function sumOver(name: string, channels: number): WasmFunction {
  const oneTerm: Code = [
    ...follow(AT, TERM, 0, INPUT),
    ...indices(PAIRS).flatMap(p => [...get(AT), ...wasm.loadPair(16 * p), ...set(FIRST_VECTOR + p)]),
    ...follow(AT, TERM, 4, WEIGHTS),
    ...indices(channels).flatMap(o => [
      ...[...get(AT), ...wasm.loadSplat(FLOAT_BYTES * o), ...set(FACTOR)],
      ...indices(PAIRS).flatMap(p => [
        ...[...get(sumOf(o, p)), ...get(FIRST_VECTOR + p), ...get(FACTOR)],
        ...[...wasm.multiplyPairs, ...wasm.addPairs, ...set(sumOf(o, p))],
      ]),
    ]),
  ];
  const onePosition: Code = [
    ...[...get(POSITION), ...load(0), ...set(TERM), ...get(POSITION), ...load(4), ...set(TERMS_END)],
    ...follow(INPUT, POSITION, 8, X),
    ...indices(channels * PAIRS).flatMap(i => [...wasm.zeroPair, ...set(sumOf(0, i))]),
    ...wasm.loopWhile([...oneTerm, ...advance(TERM, TERM_BYTES, TERMS_END)]),
    ...follow(AT, POSITION, 12, Y),
    ...indices(channels).flatMap(o => [
      ...indices(PAIRS).flatMap(p => [...get(AT), ...get(sumOf(o, p)), ...wasm.storePair(16 * p)]),
      ...[...get(AT), ...get(STEP), ...add, ...set(AT)],
    ]),
  ];
  return {
    name,
    parameters: new Array<number>(6).fill(I32),
    locals: [
      ...new Array<number>(4).fill(I32),
      ...new Array<number>(PAIRS + 1 + channels * PAIRS).fill(V128),
    ],
    body: wasm.loopWhile([...onePosition, ...advance(POSITION, POSITION_BYTES, POSITIONS_END)]),
  };
}

/** s ← s · f + f for sums of their own: nothing to load, no sum waits for another, no product is any other's. */
function peak(): WasmFunction {
  const [rounds, done, first] = [0, 1, 2];
  return {
    name: 'peak',
    parameters: [I32],
    locals: [I32, ...new Array<number>(PEAK_SUMS + 1).fill(V128)],
    body: [
      ...wasm.loopWhile([
        ...indices(PEAK_SUMS).flatMap(i => [
          ...[...get(first + i), ...get(first + PEAK_SUMS), ...wasm.multiplyPairs],
          ...[...get(first + PEAK_SUMS), ...wasm.addPairs, ...set(first + i)],
        ]),
        ...advance(done, 1, rounds),
      ]),
      // A sum that nobody reads would not be made.
      ...indices(PEAK_SUMS).flatMap(i => [...constant(0), ...get(first + i), ...wasm.storePair(16 * i)]),
    ],
  };
}

/** The module's bytes, about a kilobyte. Its memory is imported. */
export function kernelBytes(mostPages: number, shared: boolean): Uint8Array {
  const functions = [intoLanes(), outOfLanes(), sumOver('wide', WIDE), sumOver('single', 1), peak()];
  return moduleOf(functions, { most: mostPages, shared });
}
