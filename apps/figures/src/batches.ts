import { seededRng, shuffle } from '@police/common/random';
import { sizeOf, type Task } from '@police/common/task';

export interface Batch {
  /** `[size, 2]`. */
  readonly points: Float32Array;
  /** `[size, outputs]`. */
  readonly values: Float32Array;
}

/** Random batches without end, each point once before any comes again; what is left over at the end of a round is dropped. */
export function* batches(task: Task, size: number, seed: number): Generator<Batch, never> {
  const count = sizeOf(task);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const random = seededRng(seed);
  while (true) {
    shuffle(order, random);
    for (let start = 0; start + size <= count; start += size) {
      const rows = order.subarray(start, start + size);
      yield { points: pickRows(task.points, 2, rows), values: pickRows(task.values, task.outputs, rows) };
    }
  }
}

function pickRows(data: Float32Array, cols: number, rows: Uint32Array): Float32Array {
  const picked = new Float32Array(cols * rows.length);
  rows.forEach((row, i) => {
    picked.set(data.subarray(cols * row, cols * (row + 1)), cols * i);
  });
  return picked;
}
