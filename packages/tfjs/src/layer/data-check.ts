import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Throws `shape` for what is no tensor, or one without rows, saying what to write instead. `shape` is a layer's, with null for the rows;
 * that of a tensor with rows is the framework's to check.
 */
export function assertData(given: unknown, [, ...shape]: readonly (number | null)[], where: string): void {
  const expected = `a tensor of rows of ${shape.join(' × ')}`;
  if (given instanceof tf.Tensor) {
    if (given.shape[0] !== 0) return;
    const remedy = 'Leave the call out where there is nothing to compute.';
    throw new PoliceError({
      code: 'shape',
      where,
      expected: `${expected}, at least one`,
      actual: 'no rows',
      remedy,
    });
  }
  const isNumbers = ArrayBuffer.isView(given) || (Array.isArray(given) && !(given[0] instanceof tf.Tensor));
  if (!isNumbers) return; // lists and records of tensors are the framework's to check
  const { length } = given as ArrayLike<unknown>;
  const size = shape.reduce<number>((product, n) => product * (n ?? 1), 1);
  const rows = length / size;
  const sizes = [
    Number.isInteger(rows) && typeof (given as ArrayLike<unknown>)[0] === 'number' ? rows : 'rows',
    ...shape,
  ];
  throw new PoliceError({
    code: 'shape',
    where,
    expected,
    actual: `${(given as object).constructor.name} of length ${length}`,
    remedy: `Write tf.tensor(values, [${sizes.join(', ')}]).`,
  });
}

/** Throws `shape`, naming the layer, for rows of another shape. */
export function assertRowsFit(
  { shape: [, ...given] }: tf.Tensor,
  shape: readonly number[],
  where: string,
): void {
  if (given.length === shape.length && given.every((size, i) => size === shape[i])) return;
  throw new PoliceError({
    code: 'shape',
    where,
    expected: `rows of ${shape.join(' × ')}`,
    actual: given.join(' × '),
  });
}
