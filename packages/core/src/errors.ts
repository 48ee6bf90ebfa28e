/** What went wrong, for programs; the message says it for people. */
export type PoliceErrorCode =
  /** An array, matrix or tensor has the wrong size. */
  | 'shape'
  /** A weight, vertex, input or training result is NaN or infinite. */
  | 'not-finite'
  /** A region has no points: no vertices, or a lower bound above its upper bound. */
  | 'empty-region'
  /** A region reaches to infinity. */
  | 'unbounded-region'
  /** An activation that no bias shift can make affine, or that is not known. */
  | 'unsupported-activation'
  /** A layer the adapter cannot constrain. */
  | 'unsupported-layer'
  /** A graph that is not a network: unknown input, doubled name, no nodes. */
  | 'invalid-network'
  /** An option outside its allowed values. */
  | 'invalid-option'
  /** A parameter is not representable in the target precision; freeze first. */
  | 'not-frozen'
  /** No representable bias keeps the unit off its kinks. */
  | 'no-free-shift'
  /** A frame would take more memory than is allowed. */
  | 'too-large'
  /** A linear program that the solver could not solve. */
  | 'no-solution'
  /** WebAssembly, or a backend made of it, that is missing or forbidden where this runs. */
  | 'not-loaded'
  /** No weights give what was prescribed on the regions. */
  | 'infeasible-target';

/** What a {@link PoliceError} is made of. */
export interface PoliceErrorDetails {
  code: PoliceErrorCode;
  /** The layer, region or option the error is about. */
  where: string;
  expected: string;
  actual: string;
  /** What the caller can do about it. */
  remedy?: string | undefined;
  cause?: unknown;
}

/** Every error this project throws on bad input. `code`, `where`, `expected` and `actual` are for programs. */
export class PoliceError extends Error {
  override readonly name: string = 'PoliceError';
  readonly code: PoliceErrorCode;
  readonly where: string;
  readonly expected: string;
  readonly actual: string;
  readonly remedy: string | undefined;

  constructor({ code, where, expected, actual, remedy, cause }: PoliceErrorDetails) {
    super(
      `${where}: expected ${expected}, got ${actual}.${remedy ? ` ${remedy}` : ''}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.where = where;
    this.expected = expected;
    this.actual = actual;
    this.remedy = remedy;
  }
}

/** Does something for a layer or region: an error that knows no more than a part of it (`unit 3`) names it, too. */
export function within<T>(where: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof PoliceError)) throw error;
    const { code, where: part, expected, actual, remedy } = error;
    throw new PoliceError({ code, where: `${where} ${part}`, expected, actual, remedy, cause: error });
  }
}

/** Throws `not-finite`, naming the first offending entry, unless every value is a finite number. */
export function assertFinite(values: ArrayLike<number>, where: string, remedy?: string): void {
  const bad = firstNonFinite(values);
  if (bad < 0) return;
  throw new PoliceError({
    code: 'not-finite',
    where,
    expected: 'finite numbers',
    actual: `${values[bad]} at index ${bad}`,
    ...(remedy ? { remedy } : {}),
  });
}

/** Index of the first NaN or infinity, −1 if there is none. */
export function firstNonFinite(values: ArrayLike<number>): number {
  // Only a typed array is sure to hold numbers.
  if (ArrayBuffer.isView(values) && areFinite(values)) return -1;
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/** A finite number times 0 is 0, any other NaN: sums without a branch, four at once, take a fifth of the time. */
function areFinite(values: ArrayLike<number>): boolean {
  const whole = values.length & ~3;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += values[i] * 0;
    b += values[i + 1] * 0;
    c += values[i + 2] * 0;
    d += values[i + 3] * 0;
  }
  for (let i = whole; i < values.length; i++) a += values[i] * 0;
  return a + b + c + d === 0;
}

/** Throws `shape` unless `actual === expected`. */
export function assertSize(actual: number, expected: number, where: string, what: string): void {
  if (actual !== expected) {
    throw new PoliceError({
      code: 'shape',
      where,
      expected: `${what} of size ${expected}`,
      actual: `${actual}`,
    });
  }
}
