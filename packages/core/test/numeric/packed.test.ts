import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rangesOf } from '../../src/numeric/live.js';
import { matrix } from '../../src/numeric/matrix.js';
import { packed, unpacked } from '../../src/numeric/packed.js';

/** Rows with ranges apart, zeros between them; or all of it. */
const blocks = fc
  .record({
    rows: fc.integer({ min: 1, max: 9 }),
    lengths: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 4 }),
    isSparse: fc.boolean(),
  })
  .map(({ rows, lengths, isSparse }) => {
    // Every other stretch is live, behind a gap that no range takes along.
    const isLive = Uint8Array.from(
      lengths.flatMap(n => [...new Array<number>(40).fill(0), ...new Array<number>(n).fill(1)]),
    );
    const cols = isLive.length;
    const data = Float64Array.from({ length: rows * cols }, (_, i) => isLive[i % cols] * (i + 1));
    return { ...matrix(rows, cols, data), ...(isSparse ? { live: rangesOf(isLive) } : {}) };
  });

test('blocks are kept by their live columns alone, and are the same again', () => {
  fc.assert(
    fc.property(blocks, block => {
      const kept = packed(block);
      const expected = { ...block, data: block.data.slice() };
      const entries = block.live ? block.data.filter(x => x !== 0).length : block.data.length;
      expect(kept.data.length).toBe(entries);
      block.data.fill(7);
      expect(unpacked(kept)).toEqual(expected);
    }),
  );
});
