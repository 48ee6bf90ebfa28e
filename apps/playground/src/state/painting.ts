import { signal } from '@preact/signals';
import { type Brush, stroke } from '../drawing/brush.js';
import { BLANK, type Drawing } from '../drawing/drawing.js';
import type { Point } from './plane.js';
import { changeDrawing, settings } from './store.js';

export const brush = signal<Brush>({ level: 1, radius: 0.4 });

/** Drawings before each of the last strokes, the latest last. */
export const past = signal<readonly Drawing[]>([]);

const MOST_UNDONE = 50;

/** A stroke of its own begins, to be undone as one with what {@link paint} adds to it. */
export function startStroke(from: Point, to: Point): void {
  remember();
  paint(from, to);
}

/** More of the stroke begun last. */
export const paint = (from: Point, to: Point): void =>
  changeDrawing(stroke(settings.value.drawing, from, to, brush.value));

export function clear(): void {
  remember();
  changeDrawing(BLANK);
}

export function undo(): void {
  const before = past.value.at(-1);
  if (!before) return;
  past.value = past.value.slice(0, -1);
  changeDrawing(before);
}

const remember = () => {
  past.value = [...past.value, settings.value.drawing].slice(-MOST_UNDONE);
};
