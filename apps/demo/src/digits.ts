import { createRequire } from 'node:module';
import { seededRng, shuffle } from '@police/common/random';

export const PIXELS = 784;
export const CLASSES = 10;

/** Images `[n, 784]` in [0, 1] and their digits `[n]`. */
export interface Digits {
  readonly images: Float32Array;
  readonly labels: Uint8Array;
}

export interface DigitSets {
  readonly training: Digits;
  readonly test: Digits;
}

/** The share of images kept for testing. */
const TEST_SHARE = 0.2;

/** The handwritten digits of the `mnist` package, shuffled by seed and split; its own `set()` takes no seed. */
export function loadDigits(seed: number): DigitSets {
  const require = createRequire(import.meta.url);
  const perClass = Array.from({ length: CLASSES }, (_, digit) => {
    const { data } = require(`mnist/src/digits/${digit}.json`) as { data: number[] };
    return Float32Array.from(data);
  });
  const all = perClass.flatMap((data, digit) =>
    Array.from({ length: data.length / PIXELS }, (_, i) => ({
      digit,
      image: data.subarray(i * PIXELS, (i + 1) * PIXELS),
    })),
  );
  shuffle(all, seededRng(seed));
  const cut = Math.round(all.length * (1 - TEST_SHARE));
  return { training: collect(all.slice(0, cut)), test: collect(all.slice(cut)) };
}

function collect(samples: readonly { digit: number; image: Float32Array }[]): Digits {
  const images = new Float32Array(samples.length * PIXELS);
  samples.forEach(({ image }, i) => {
    images.set(image, i * PIXELS);
  });
  return { images, labels: Uint8Array.from(samples, ({ digit }) => digit) };
}

/** Image i as a view. */
export function imageOf({ images }: Digits, i: number): Float32Array {
  return images.subarray(i * PIXELS, (i + 1) * PIXELS);
}
