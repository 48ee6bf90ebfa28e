import fc from 'fast-check';
import { CELLS, type Drawing, LEVELS } from '../src/drawing/drawing.js';

/** Drawings of few long runs, and of many short ones. */
export const drawing: fc.Arbitrary<Drawing> = fc
  .array(fc.tuple(fc.constantFrom(...LEVELS), fc.oneof(fc.nat(400), fc.nat(3))), { maxLength: 80 })
  .map(runs => {
    const levels = runs.flatMap(([level, count]) => Array<number>(count).fill(level)).slice(0, CELLS ** 2);
    return Float32Array.from({ length: CELLS ** 2 }, (_, cell) => levels[cell] ?? 0);
  });
