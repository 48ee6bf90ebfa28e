import { malformed } from './errors.js';

/** Entries any file may make, whatever its size: 4 M entries are some 50 MB of indices and numbers. */
const FREE_ENTRIES = 2 ** 22;

/** Entries for each byte of the file: a real network's activations and folded constants are fewer than its weights. */
const ENTRIES_PER_BYTE = 4;

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
  #left: number;

  constructor(fileBytes: number) {
    this.#left = FREE_ENTRIES + ENTRIES_PER_BYTE * fileBytes;
  }

  /** Takes `entries` off the budget. Throws `invalid-network` when it does not hold that many. */
  claim(entries: number, where: string): void {
    if (entries >= 0 && entries <= this.#left) {
      this.#left -= entries;
      return;
    }
    throw malformed(
      where,
      `at most ${this.#left} more entries in tensors, in proportion to the file`,
      `${entries}`,
      'Check the dimensions of the input and of constants that make shapes.',
    );
  }
}
