import { PoliceError, type PoliceErrorCode } from '@police/core';

const MiB = 2 ** 20;

/** What a command may take beyond an idle one, unless `--memory` says otherwise. */
const DEFAULT_MEBIBYTES = 2048;

/** Bytes that reading JSON may take for each of its characters: small arrays of small numbers take most. */
const PER_CHARACTER = 32;

/** Share of the memory that regions may take; the rest is for frames and what is made of them. */
const REGION_SHARE = 1 / 2;

export interface MemoryOptions {
  /** MiB. */
  readonly memory?: number;
}

/**
 * The memory of one command: what is read and made claims its size before it is read or made. Everything together stays
 * within `--memory`, model and runtime apart.
 */
export class Memory {
  readonly #total: number;
  #regions = 0;

  constructor({ memory = DEFAULT_MEBIBYTES }: MemoryOptions) {
    this.#total = memory * MiB;
  }

  /** Bytes of text that may be read; a string has its own limit. */
  get mostText(): number {
    return Math.min(Math.floor(this.#total / PER_CHARACTER), MOST_STRING);
  }

  /** Bytes left for frames, maps and reports. */
  get left(): number {
    return this.#total - this.#regions;
  }

  /** Throws `too-large` unless regions of `bytes` more fit. */
  claimRegion(bytes: number, where: string): void {
    const share = this.#total * REGION_SHARE;
    if (this.#regions + bytes > share) {
      throw tooLarge(
        where,
        `regions that take at most ${mebibytes(share)}`,
        mebibytes(this.#regions + bytes),
        2,
      );
    }
    this.#regions += bytes;
  }

  /** Throws `too-large` unless `bytes` fit beside the regions; nothing is set aside. */
  assertFits(bytes: number, where: string, what: string): void {
    if (bytes <= this.left) return;
    throw tooLarge(where, `${what} of at most ${mebibytes(this.left)}`, mebibytes(bytes), 1);
  }

  /** Throws `too-large` unless a text of `bytes` may be read. */
  assertText(bytes: number, where: string): void {
    if (bytes <= this.mostText) return;
    const isString = this.mostText === MOST_STRING;
    throw new PoliceError({
      code: 'too-large',
      where,
      expected: `at most ${mebibytes(this.mostText)} of text`,
      actual: `${mebibytes(bytes)} or more`,
      ...(isString ? {} : { remedy: `Allow more: --memory ${megabytesFor(bytes * PER_CHARACTER)}.` }),
    });
  }
}

/** Characters that one string may have, with room to spare. */
const MOST_STRING = 500 * MiB;

function tooLarge(where: string, expected: string, actual: string, factor: number): PoliceError {
  const code: PoliceErrorCode = 'too-large';
  const remedy = `Allow more with --memory${factor > 1 ? ', of which regions may take half' : ''}.`;
  return new PoliceError({ code, where, expected, actual, remedy });
}

const megabytesFor = (bytes: number) => Math.ceil(bytes / MiB);

function mebibytes(bytes: number): string {
  return `${bytes < 10 * MiB ? (bytes / MiB).toPrecision(2) : Math.round(bytes / MiB)} MiB`;
}
