export type RefusalCode = 'activation-unknown' | 'dtype-unsupported' | 'rounding-unknown' | 'shape-mismatch';

export interface RefusalDetails {
  code: RefusalCode;
  /** The kernel. */
  where: string;
  expected: string;
  actual: string;
  remedy: string;
}

/** What a kernel does not compute, said before anything is written. */
export class Refusal extends Error {
  override readonly name: string = 'Refusal';
  readonly code: RefusalCode;
  readonly where: string;
  readonly expected: string;
  readonly actual: string;
  readonly remedy: string;

  constructor({ code, where, expected, actual, remedy }: RefusalDetails) {
    super(`@police/tfjs-wasm-training: ${where}: expected ${expected}, got ${actual}. ${remedy}`);
    this.code = code;
    this.where = where;
    this.expected = expected;
    this.actual = actual;
    this.remedy = remedy;
  }
}
