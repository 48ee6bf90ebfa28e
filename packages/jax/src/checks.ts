import { tree } from '@jax-js/jax';
import { PoliceError } from '@police/core';
import { firstNonFinite } from '@police/core/adapter';
import { numbersOf, type Tensor } from './arrays.js';
import type { Adjustments } from './frames/adjustment.js';

/**
 * Throws `not-finite` unless all numbers of a pytree are finite: of the loss, say, before the step that gave it is kept. A jitted function
 * cannot throw, so this is where training that has gone wrong is found. Downloads the arrays, and leaves them as they are.
 *
 * @example
 * const [[loss, nextState], gradient] = step(params, state, x, y);
 * assertFinite(loss, 'loss');
 */
export function assertFinite(arrays: TensorTree, where = 'training'): void {
  tree.leaves<Tensor>(arrays).forEach((array, i, all) => {
    const values = numbersOf(array);
    const bad = firstNonFinite(values);
    if (bad < 0) return;
    throw new PoliceError({
      code: 'not-finite',
      where,
      expected: 'finite numbers',
      actual: `${values[bad]} at ${bad} of ${all.length === 1 ? 'it' : `array ${i}`}`,
      remedy: 'Look for NaN in the data; lower the learning rate; go on from the last finite parameters.',
    });
  });
}

/** A pytree of arrays. */
export type TensorTree = Tensor | TensorTree[] | { [name: string]: TensorTree };

/** Throws `not-finite`, naming the layer, where a shift is none: the weights overflow on a region. */
export function assertFiniteAdjustments(adjustments: Adjustments): void {
  const arrays = Object.entries(adjustments).flatMap(([name, adjustment]) =>
    tree.leaves<Tensor>(adjustment).map(array => ({ name, array })),
  );
  for (const { name, array } of arrays) {
    const values = numbersOf(array);
    const bad = firstNonFinite(values);
    if (bad < 0) continue;
    throw new PoliceError({
      code: 'not-finite',
      where: name,
      expected: 'finite shifts on the regions',
      actual: `${values[bad]} at unit ${bad}`,
      remedy: 'The weights overflow on a region: scale them or the inputs down, or train in float64.',
    });
  }
}
