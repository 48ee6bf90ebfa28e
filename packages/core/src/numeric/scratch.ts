/** Arrays that are used again: of large ones the system's clearing of fresh memory, and collecting them, take longer than what is computed. */
export class Scratch {
  private readonly free = new Map<number, Float64Array[]>();
  private readonly taken: Float64Array[] = [];

  /** Zeros. */
  take(length: number): Float64Array {
    return this.takeUnset(length).fill(0);
  }

  /** Numbers that somebody left there, all of which are to be overwritten. */
  takeUnset(length: number): Float64Array {
    const array = this.free.get(length)?.pop() ?? new Float64Array(length);
    this.taken.push(array);
    return array;
  }

  /** Everything that was taken may be taken again: nobody reads it any more. */
  reclaim(): void {
    for (const array of this.taken) {
      const same = this.free.get(array.length) ?? [];
      this.free.set(array.length, same);
      same.push(array);
    }
    this.taken.length = 0;
  }
}

let current: Scratch | undefined;

/** Runs something whose {@link zeros} come from the scratch; without one, something that is kept. */
export function withScratch<T>(scratch: Scratch | undefined, run: () => T): T {
  const before = current;
  current = scratch;
  try {
    return run();
  } finally {
    current = before;
  }
}

/** Zeros, from the scratch where there is one: for results that nobody keeps who works with one. */
export const zeros = (length: number): Float64Array => current?.take(length) ?? new Float64Array(length);

/** The same, not cleared: for results all of whose entries are written before any is read. */
export const unset = (length: number): Float64Array => current?.takeUnset(length) ?? new Float64Array(length);
