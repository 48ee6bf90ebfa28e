/** Instructions or sections of a WebAssembly module, as bytes. */
export type Code = readonly number[];

/** A number in LEB128, signed as constants are written. */
export function signed(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; ) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

/** A number in LEB128, unsigned as counts and indices are written. */
export function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

export const I32 = 0x7f;
export const V128 = 0x7b;
const NO_RESULT = 0x40;

/** Float64 loads and stores are aligned to 8 bytes, vectors of two to 16: exponents of two. */
const ALIGN_4 = 2;
const ALIGN_8 = 3;
const ALIGN_16 = 4;

const simd = (instruction: number, ...rest: number[]): Code => [0xfd, ...unsigned(instruction), ...rest];

interface Instructions {
  readonly get: (local: number) => Code;
  readonly set: (local: number) => Code;
  readonly tee: (local: number) => Code;
  readonly constant: (value: number) => Code;
  readonly add: Code;
  readonly subtract: Code;
  readonly orNumbers: Code;
  readonly lessUnsigned: Code;
  readonly load: (offset: number) => Code;
  readonly store: (offset: number) => Code;
  readonly loadPair: (offset: number) => Code;
  readonly loadSplat: (offset: number) => Code;
  readonly storePair: (offset: number) => Code;
  /** The second of a pair alone, the first left as it is. */
  readonly loadUpper: Code;
  readonly storeLower: Code;
  readonly storeUpper: Code;
  readonly zeroPair: Code;
  readonly addPairs: Code;
  readonly multiplyPairs: Code;
  /** All bits of each that is not equal to the other's: 0 equals −0, NaN nothing. */
  readonly differPairs: Code;
  readonly or: Code;
  /** Whether any bit is set. */
  readonly anyTrue: Code;
  /** Repeats `body` while it leaves something other than 0. */
  readonly loopWhile: (body: Code) => Code;
}

/** The instructions that the kernels take, by WebAssembly's own names; addresses are on the stack. */
export const wasm: Instructions = {
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number): Code => [0x21, ...unsigned(local)],
  tee: (local: number): Code => [0x22, ...unsigned(local)],
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: [0x6a],
  subtract: [0x6b],
  orNumbers: [0x72],
  lessUnsigned: [0x49],
  load: (offset: number): Code => [0x28, ALIGN_4, ...unsigned(offset)],
  store: (offset: number): Code => [0x36, ALIGN_4, ...unsigned(offset)],
  loadPair: (offset: number): Code => simd(0x00, ALIGN_16, ...unsigned(offset)),
  loadSplat: (offset: number): Code => simd(0x0a, ALIGN_8, ...unsigned(offset)),
  storePair: (offset: number): Code => simd(0x0b, ALIGN_16, ...unsigned(offset)),
  loadUpper: simd(0x57, ALIGN_8, 0, 1),
  storeLower: simd(0x5b, ALIGN_8, 0, 0),
  storeUpper: simd(0x5b, ALIGN_8, 0, 1),
  zeroPair: simd(0x0c, ...new Array<number>(16).fill(0)),
  addPairs: simd(0xf0, 0x01),
  multiplyPairs: simd(0xf2, 0x01),
  differPairs: simd(0x48),
  or: simd(0x50),
  anyTrue: simd(0x53),
  loopWhile: (body: Code): Code => [0x03, NO_RESULT, ...body, 0x0d, 0x00, 0x0b],
};

export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly number[];
  /** Types of the locals, which are numbered on from the parameters. */
  readonly locals: readonly number[];
  readonly body: Code;
}

const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const section = (id: number, items: readonly Code[]): Code => [id, ...sized(vector(items))];
const text = (value: string): Code => sized(Array.from(value, letter => letter.charCodeAt(0)));

/** A module of functions without results over one memory, which it imports as `memory.memory`, shared if so told. */
export function moduleOf(
  functions: readonly WasmFunction[],
  pages: { most: number; shared: boolean },
): Uint8Array {
  const memory = [
    ...text('memory'),
    ...text('memory'),
    0x02,
    pages.shared ? 0x03 : 0x01,
    0x01,
    ...unsigned(pages.most),
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(
      1,
      functions.map(({ parameters }) => [0x60, ...vector(parameters.map(type => [type])), 0x00]),
    ),
    ...section(2, [memory]),
    ...section(
      3,
      functions.map((_, i) => unsigned(i)),
    ),
    ...section(
      7,
      functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]),
    ),
    ...section(
      10,
      functions.map(({ locals, body }) =>
        sized([...vector(locals.map(type => [0x01, type])), ...body, 0x0b]),
      ),
    ),
  ]);
}
