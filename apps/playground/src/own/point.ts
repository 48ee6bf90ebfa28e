/** A point of `size` coordinates from text: one number for all of them, or all, apart by spaces, commas or in brackets. Else undefined. */
export function pointFrom(text: string, size: number): number[] | undefined {
  const numbers = text
    .replace(/[[\],;]/g, ' ')
    .trim()
    .split(/\s+/)
    .map(part => (part === '' ? Number.NaN : Number(part)));
  if (!numbers.every(Number.isFinite)) return undefined;
  if (numbers.length === 1) return Array<number>(size).fill(numbers[0]);
  return numbers.length === size ? numbers : undefined;
}
