import { assertSize, PoliceError } from '../../errors.js';

/** Sizes of a tensor's axes without the batch axis: `[C, H, W]`, `[C, L]`, …; a row holds it flattened, row-major. */
export type Shape = readonly number[];

/** Flat positions are kept in Int32Arrays. */
const LARGEST_SIZE = 2 ** 31 - 1;

/** Number of entries. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** How far apart two neighbours along each axis lie in the flattened tensor. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** The channel (index along the first axis) of each entry of `[C, …]`, `[size]`: the bias groups of a convolution. */
export function channelGroups(shape: Shape): Int32Array {
  const [, ...plane] = shape;
  const positions = sizeOf(plane);
  return Int32Array.from({ length: sizeOf(shape) }, (_, i) => Math.floor(i / positions));
}

/** One value per channel `[C]` repeated over the entries of `[C, …]`, `[size]`: what `withBias` takes. */
export function perChannel(values: ArrayLike<number>, shape: Shape): Float64Array {
  return expandGroups(values, channelGroups(shape));
}

/** The value of each entry's group. */
export function expandGroups(values: ArrayLike<number>, groups: Int32Array): Float64Array {
  const expanded = new Float64Array(groups.length);
  for (let j = 0; j < groups.length; j++) expanded[j] = values[groups[j]];
  return expanded;
}

/** Throws `shape` unless all sizes are positive integers, their product is indexable and their number is allowed. */
export function assertShape(shape: Shape, where: string, ranks?: readonly number[]): void {
  const fits = shape.every(size => Number.isInteger(size) && size > 0) && sizeOf(shape) <= LARGEST_SIZE;
  if (fits && (!ranks || ranks.includes(shape.length))) return;
  throw new PoliceError({
    code: 'shape',
    where,
    expected: `${ranks ? `${ranks.join(' or ')} ` : ''}positive integer sizes with at most ${LARGEST_SIZE} entries`,
    actual: `[${shape.join(', ')}]`,
  });
}

/** Throws `shape` unless there are `length` values, `invalid-option` unless all are integers, of at least `least`. */
export function assertIntegers(
  values: ArrayLike<number>,
  length: number,
  where: string,
  least: number = Number.NEGATIVE_INFINITY,
): void {
  assertSize(values.length, length, where, 'list');
  for (let i = 0; i < length; i++) {
    if (!Number.isInteger(values[i]) || values[i] < least) {
      const expected = Number.isFinite(least) ? `integers of at least ${least}` : 'integers';
      throw invalidOption(where, expected, `${values[i]} at index ${i}`);
    }
  }
}

/** Each axis as a number from 0 on: negative ones count from the end, as in ONNX. Throws `invalid-option`. */
export function resolveAxes(axes: readonly number[], rank: number, where: string): number[] {
  const resolved = axes.map(axis => (axis < 0 ? axis + rank : axis));
  const known = resolved.every(axis => Number.isInteger(axis) && axis >= 0 && axis < rank);
  if (known && new Set(resolved).size === axes.length) return resolved;
  throw invalidOption(where, `distinct axes from ${-rank} to ${rank - 1}`, `[${axes.join(', ')}]`);
}

export function invalidOption(where: string, expected: string, actual: string, remedy?: string): PoliceError {
  return new PoliceError({ code: 'invalid-option', where, expected, actual, ...(remedy ? { remedy } : {}) });
}
