/** What values the two ends of the colours stand for. */
export interface Scale {
  readonly lo: number;
  readonly hi: number;
}

/** Steps that a person would count in, times powers of 10. */
export const COUNTING = [1, 2, 2.5, 5, 10];
/** Ends of a scale, closer together. */
const ENDS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** The least of the numbers times a power of 10 that is at least `size` > 0. */
export function roundUp(size: number, numbers: readonly number[]): number {
  const power = 10 ** Math.floor(Math.log10(size));
  // What a product of powers of 10 rounds is no reason for the next step.
  return power * (numbers.find(number => number * power >= size * (1 - 1e-9)) ?? 10);
}

/** Share of the values that a symmetric scale holds: beyond, colours end. A few in a corner would make the rest pale. */
const SHARE = 0.99;

/** Colours from −limit to limit, a round number, so that they stand still while values move a little. All values may be 0. */
export function symmetricScale(...pictures: readonly Float32Array[]): Scale {
  const largest = Math.max(
    ...pictures.map(values => values.map(Math.abs).sort()[Math.floor(SHARE * (values.length - 1))]),
  );
  const limit = largest > 0 && Number.isFinite(largest) ? roundUp(largest, ENDS) : 1;
  return { lo: -limit, hi: limit };
}

/** Colours from the least value to the largest, or around 0 where it lies between. */
export function fittedScale(...pictures: readonly Float32Array[]): Scale {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const values of pictures) {
    for (const y of values) {
      if (!Number.isFinite(y)) continue;
      lo = Math.min(lo, y);
      hi = Math.max(hi, y);
    }
  }
  if (lo > hi) return { lo: -1, hi: 1 };
  if (lo <= 0 && hi >= 0) {
    const limit = Math.max(-lo, hi) || 1;
    return { lo: -limit, hi: limit };
  }
  return lo === hi ? { lo: lo - Math.abs(lo), hi: hi + Math.abs(hi) } : { lo, hi };
}

/**
 * Steps between contours, times powers of 10: at none of their multiples do numbers that many functions take over whole areas lie, such as
 * the 1 and −1 of two classes, where a contour shows nothing but noise.
 */
const UNEVEN = [1 / 0.65, 2 / 0.65, 5 / 0.65, 10 / 0.65];

/** Up to `most` contours or one more, evenly apart, that of 0 among them. */
export function contourLevels({ lo, hi }: Scale, most: number): number[] {
  const step = roundUp((hi - lo) / most, UNEVEN);
  const first = Math.ceil(lo / step);
  return Array.from({ length: Math.floor(hi / step) - first + 1 }, (_, i) => (first + i) * step);
}
