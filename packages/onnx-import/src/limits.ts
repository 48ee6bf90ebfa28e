import { PoliceError } from '@police/core';

/** Bytes that a model may make the reader take unless the caller says otherwise. */
const DEFAULT_MEMORY = 2 ** 31;

/** An entry is an index or two and a number. */
const BYTES_PER_ENTRY = 16;

/**
 * Most protobuf messages in a file. An empty one takes 2 bytes there and some 300 in memory; networks have tens of
 * thousands.
 */
export const MOST_MESSAGES: number = 2 ** 18;

/**
 * What a model may still make the reader allocate: tensor entries between layers, pooling windows, folded constants. A
 * small file that claims huge tensors is refused before anything of that size is allocated.
 */
export class Budget {
  readonly #memory: number;
  #left: number;

  /** `memory`: in bytes. */
  constructor(memory: number = DEFAULT_MEMORY) {
    this.#memory = memory;
    this.#left = Math.floor(memory / BYTES_PER_ENTRY);
  }

  /** Takes `entries` off the budget. Throws `too-large` when it does not hold that many. */
  claim(entries: number, where: string): void {
    if (entries >= 0 && entries <= this.#left) {
      this.#left -= entries;
      return;
    }
    const mebibytes = (bytes: number) => Number((bytes / 2 ** 20).toPrecision(3));
    throw new PoliceError({
      code: 'too-large',
      where,
      expected: `tensors between layers that take at most ${mebibytes(this.#memory)} MiB together`,
      actual: Number.isFinite(entries)
        ? `${entries} entries more, ${mebibytes(entries * BYTES_PER_ENTRY)} MiB, where ${mebibytes(this.#left * BYTES_PER_ENTRY)} MiB are left`
        : 'some without end',
      remedy: 'Allow more memory (option memory, in bytes), or check the sizes of the input.',
    });
  }
}
