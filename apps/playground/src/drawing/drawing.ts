import { EXTENT, type Point } from '../state/plane.js';

/** Cells along each side of a drawing. */
export const CELLS = 40;

/** What a cell can hold; 0 is blank. */
export const LEVELS = [-1, -0.5, 0, 0.5, 1] as const;

export type Level = (typeof LEVELS)[number];

/** A target painted by hand: levels `[CELLS²]`, row by row from the top, of cells that fill the square. Never changed. */
export type Drawing = Float32Array;

export const BLANK: Drawing = new Float32Array(CELLS * CELLS);

const SIZE = (2 * EXTENT) / CELLS;

/** The middle of a cell. */
export const centreOf = (cell: number): Point => [
  ((cell % CELLS) + 0.5) * SIZE - EXTENT,
  EXTENT - (Math.floor(cell / CELLS) + 0.5) * SIZE,
];

/** The level at a point; beyond the square that of the nearest cell. */
export function levelAt(drawing: Drawing, [x, y]: Point): number {
  const place = (t: number) => Math.max(0, Math.min(CELLS - 1, Math.floor((t + EXTENT) / SIZE)));
  return drawing[place(-y) * CELLS + place(x)];
}
