import { FLOAT_BYTES, LANE_BYTES, LANES } from './lanes.js';
import { type Code, I32, V128, type WasmFunction, wasm } from './wasm-writer.js';

/** Bytes of a position's mark. */
export const MARK_BYTES = 4;

/**
 * Writes {@link LANES} rows that follow one another side by side to `lanes` `[cols, LANES]`, and makes the mark of every position of a channel
 * other than 0 at which any of them is: channels follow one another in a row, marks are `[plane]`.
 */
export type IntoLanes = (
  rows: number,
  /** The end of the first of them, where the second begins. */
  rowEnd: number,
  lanes: number,
  marks: number,
  marksEnd: number,
) => void;

/** The way back: rows that follow one another from `lanes` `[cols, LANES]`. */
export type OutOfLanes = (rows: number, rowEnd: number, lanes: number) => void;

const { get, set, tee, constant, add, subtract, lessUnsigned } = wasm;
const PAIRS = LANES / 2;
const pairs: readonly number[] = Array.from({ length: PAIRS }, (_, pair) => pair);

const further = (local: number, by: number): Code => [...get(local), ...constant(by), ...add];
const advance = (local: number, by: number): Code => [...further(local, by), ...set(local)];
const advanceWhile = (local: number, by: number, end: number): Code => [
  ...[...further(local, by), ...tee(local)],
  ...[...get(end), ...lessUnsigned],
];

/** `to` = `from` + `step`. */
const sum = (to: number, from: number, step: number): Code => [
  ...get(from),
  ...get(step),
  ...add,
  ...set(to),
];

export function intoLanes(): WasmFunction {
  const [ROWS, ROW_END, LANE, MARKS, MARKS_END, STEP, AT, MARK, FIRST] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const onePair = (pair: number): Code => [
    ...[...get(AT), ...wasm.loadSplat(0), ...set(FIRST + pair)],
    ...sum(AT, AT, STEP),
    ...[...get(AT), ...get(FIRST + pair), ...wasm.loadUpper, ...set(FIRST + pair)],
    ...sum(AT, AT, STEP),
    ...[...get(LANE), ...get(FIRST + pair), ...wasm.storePair(16 * pair)],
  ];
  const isAny = (pair: number): Code => [...get(FIRST + pair), ...wasm.zeroPair, ...wasm.differPairs];
  const oneColumn: Code = [
    ...[...get(ROWS), ...set(AT)],
    ...pairs.flatMap(onePair),
    ...[...get(MARK), ...get(MARK), ...wasm.load(0)],
    ...[...isAny(0), ...pairs.slice(1).flatMap(pair => [...isAny(pair), ...wasm.or]), ...wasm.anyTrue],
    ...[...wasm.orNumbers, ...wasm.store(0)],
    ...[...advance(LANE, LANE_BYTES), ...advance(ROWS, FLOAT_BYTES)],
  ];
  const oneChannel: Code = [
    ...[...get(MARKS), ...set(MARK)],
    ...wasm.loopWhile([...oneColumn, ...advanceWhile(MARK, MARK_BYTES, MARKS_END)]),
  ];
  return {
    name: 'intoLanes',
    parameters: new Array<number>(5).fill(I32),
    locals: [I32, I32, I32, ...pairs.map(() => V128)],
    body: [
      ...[...get(ROW_END), ...get(ROWS), ...subtract, ...set(STEP)],
      ...wasm.loopWhile([...oneChannel, ...get(ROWS), ...get(ROW_END), ...lessUnsigned]),
    ],
  };
}

export function outOfLanes(): WasmFunction {
  const [ROWS, ROW_END, LANE, STEP, AT, FIRST] = [0, 1, 2, 3, 4, 5];
  const onePair = (pair: number): Code => [
    ...[...get(LANE), ...wasm.loadPair(16 * pair), ...set(FIRST)],
    ...[...get(AT), ...get(FIRST), ...wasm.storeLower],
    ...sum(AT, AT, STEP),
    ...[...get(AT), ...get(FIRST), ...wasm.storeUpper],
    ...sum(AT, AT, STEP),
  ];
  return {
    name: 'outOfLanes',
    parameters: new Array<number>(3).fill(I32),
    locals: [I32, I32, V128],
    body: [
      ...[...get(ROW_END), ...get(ROWS), ...subtract, ...set(STEP)],
      ...wasm.loopWhile([
        ...[...get(ROWS), ...set(AT), ...pairs.flatMap(onePair)],
        ...[...advance(LANE, LANE_BYTES)],
        ...advanceWhile(ROWS, FLOAT_BYTES, ROW_END),
      ]),
    ],
  };
}
