import { PoliceError } from '@police/core';
import { firstNonFinite } from '@police/core/adapter';
import { numbersOf, type Tensor } from './arrays.js';
import type { Adjustments } from './frames/adjustment.js';

/** Throws `not-finite`, naming the layer, where a shift is none: the weights overflow on a region. */
export function assertFiniteAdjustments(adjustments: Adjustments): void {
  for (const [name, adjustment] of Object.entries(adjustments)) {
    assertFiniteArray('shift' in adjustment ? adjustment.shift : adjustment.lift, name);
  }
}

function assertFiniteArray(array: Tensor, where: string): void {
  const values = numbersOf(array);
  const bad = firstNonFinite(values);
  if (bad < 0) return;
  throw new PoliceError({
    code: 'not-finite',
    where,
    expected: 'finite shifts on the regions',
    actual: `${values[bad]} at unit ${bad}`,
    remedy: 'The weights overflow on a region: scale them or the inputs down, or train in float64.',
  });
}
