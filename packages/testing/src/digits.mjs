/** Handwritten digits of the `mnist` package, reduced to 14 × 14 pixels. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { shuffle } from './random.mjs';

const CLASSES = 10;

/** The first `perDigit` images of every digit, shuffled by numbers of `rng` in [0, 1). */
export async function loadDigits(perDigit, rng) {
  const folder = dirname(createRequire(import.meta.url).resolve('mnist/package.json'));
  const samples = [];
  for (let digit = 0; digit < CLASSES; digit++) {
    const { data } = JSON.parse(await readFile(join(folder, 'src/digits', `${digit}.json`), 'utf8'));
    const output = Array.from({ length: CLASSES }, (_, k) => Number(k === digit));
    for (let i = 0; i < perDigit; i++) {
      samples.push({ input: halved(data.slice(784 * i, 784 * (i + 1))), output, digit });
    }
  }
  shuffle(samples, rng);
  return samples;
}

/** Means of 2 × 2 pixels of 28 × 28. */
function halved(image) {
  return Array.from({ length: 196 }, (_, i) => {
    const at = 56 * Math.floor(i / 14) + 2 * (i % 14);
    return (image[at] + image[at + 1] + image[at + 28] + image[at + 29]) / 4;
  });
}

/** Share of samples whose largest score is that of their digit. */
export function accuracy(samples, scoresOf) {
  const right = samples.filter(({ input, digit }) => {
    const scores = scoresOf(input);
    return scores.indexOf(Math.max(...scores)) === digit;
  });
  return right.length / samples.length;
}

/** Squared error of the scores, mean over samples and classes. */
export function meanSquare(samples, scoresOf) {
  let sum = 0;
  for (const { input, output } of samples) {
    const scores = scoresOf(input);
    for (let k = 0; k < CLASSES; k++) sum += (scores[k] - output[k]) ** 2;
  }
  return sum / samples.length / CLASSES;
}
