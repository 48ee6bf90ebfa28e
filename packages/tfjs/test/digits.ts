import { createRequire } from 'node:module';
import type { Matrix } from '@police/core';

export const SIDE = 14;
export const CLASSES = 10;

/** Real handwritten digits, `[n, 14 · 14]` in [0, 1], in turns 0 to 9, and their one-hot classes `[n, 10]`. */
export interface Digits {
  readonly images: Matrix;
  readonly labels: Matrix;
}

const require = createRequire(import.meta.url);
const FULL_SIDE = 2 * SIDE;

/** Of each class the `perClass` images from `start` on, of the `mnist` package, each 2 × 2 pixels averaged into one. */
export function loadDigits(start: number, perClass: number): Digits {
  const classes = Array.from(
    { length: CLASSES },
    (_, digit) => (require(`mnist/src/digits/${digit}.json`) as { data: number[] }).data,
  );
  const rows = perClass * CLASSES;
  const images = new Float64Array(rows * SIDE * SIDE);
  const labels = new Float64Array(rows * CLASSES);
  for (let row = 0; row < rows; row++) {
    const digit = row % CLASSES;
    const image = start + Math.floor(row / CLASSES);
    images.set(halved(classes[digit], image * FULL_SIDE ** 2), row * SIDE ** 2);
    labels[row * CLASSES + digit] = 1;
  }
  return {
    images: { rows, cols: SIDE ** 2, data: images },
    labels: { rows, cols: CLASSES, data: labels },
  };
}

function halved(pixels: readonly number[], start: number): Float64Array {
  return Float64Array.from({ length: SIDE ** 2 }, (_, i) => {
    const corner = start + 2 * Math.floor(i / SIDE) * FULL_SIDE + 2 * (i % SIDE);
    return (
      (pixels[corner] + pixels[corner + 1] + pixels[corner + FULL_SIDE] + pixels[corner + FULL_SIDE + 1]) / 4
    );
  });
}
