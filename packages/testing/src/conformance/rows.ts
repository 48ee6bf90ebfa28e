import { type Matrix, matrix } from '@police/core';
import { randomArray, seededRng } from '../helpers.js';

/** Numbers in [−scale, scale], seeded, `[n, size]`. */
export const randomRows = (n: number, size: number, seed: number, scale = 1): Matrix =>
  matrix(n, size, Float64Array.from(randomArray(seededRng(seed), n * size, scale)));

/** Some of the rows. */
export const rows = ({ cols, data }: Matrix, start: number, count: number): Matrix =>
  matrix(count, cols, data.slice(start * cols, (start + count) * cols));

/** All of their rows, one block below the other. */
export const stack = (blocks: readonly Matrix[]): Matrix =>
  matrix(
    blocks.reduce((sum, block) => sum + block.rows, 0),
    blocks[0].cols,
    Float64Array.from(blocks.flatMap(({ data }) => Array.from(data))),
  );
