import { landscapeTask } from '@police/common/landscape';
import { sizeOf, type Task } from '@police/common/task';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batches } from '../src/batches.js';

test('batches: each point once in a round, with its own values', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      (n, size, seed) => {
        fc.pre(size <= n);
        const task: Task = {
          ...landscapeTask(2),
          points: Float32Array.from({ length: 2 * n }, (_, i) => i),
          values: Float32Array.from({ length: 3 * n }, (_, i) => -i),
        };
        const source = batches(task, size, seed);
        for (let round = 0; round < 2; round++) {
          const drawn = Array.from({ length: Math.floor(sizeOf(task) / size) }, () => source.next().value);
          const rows = drawn.flatMap(({ points }) =>
            [...points].filter((_, i) => i % 2 === 0).map(x => x / 2),
          );
          expect(new Set(rows).size).toBe(rows.length);
          const values = drawn.flatMap(batch => [...batch.values].filter((_, i) => i % 3 === 0));
          expect(values).toEqual(rows.map(row => -3 * row));
        }
      },
    ),
  );
});
