/** Bytes of all nodes' values that stay in the caches, and rows that are worth reading the weights for. */
const CACHED_BYTES = 2 ** 23;
export const LEAST_ROWS = 16;

/** Rows that go together through nodes of so many units, forward or back: as many as stay in the caches, but no fewer than `least`. */
export const rowsTogether = (width: number, least: number = LEAST_ROWS): number =>
  Math.max(least, Math.floor(CACHED_BYTES / (8 * width)));
