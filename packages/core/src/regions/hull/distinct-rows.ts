import { type Matrix, rowOf } from '../../numeric/matrix.js';

/** Indices of the rows that equal none before them, 0 and −0 being equal. */
export function distinctRows(m: Matrix): number[] {
  const found: number[] = [];
  // Open addressing: at most half full.
  const size = 2 ** Math.ceil(Math.log2(2 * m.rows + 1));
  const table = new Int32Array(size).fill(-1);
  const bits = new Uint32Array(2 * m.cols);
  const bytes = new Float64Array(bits.buffer);
  for (let p = 0; p < m.rows; p++) {
    // A sum with 0 turns −0 into 0.
    for (let k = 0; k < m.cols; k++) bytes[k] = m.data[p * m.cols + k] + 0;
    let at = hashOf(bits) & (size - 1);
    while (table[at] >= 0 && !areEqual(m, table[at], p)) at = (at + 1) & (size - 1);
    if (table[at] >= 0) continue;
    table[at] = p;
    found.push(p);
  }
  return found;
}

/** FNV-1a by words, its bits mixed once more: those of float64 that differ are mostly the high ones. */
function hashOf(words: Uint32Array): number {
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word ^ (word >>> 15), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function areEqual(m: Matrix, p: number, q: number): boolean {
  const row = rowOf(m, p);
  const other = rowOf(m, q);
  for (let k = 0; k < row.length; k++) if (row[k] !== other[k]) return false;
  return true;
}
