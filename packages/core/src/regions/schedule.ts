import { PoliceError } from '../errors.js';
import { scaled } from './kinds/image.js';
import type { Region } from './region.js';

/**
 * A region that grows during training: at step 0 scaled about its centre by `from`, growing linearly, from step `steps`
 * on the region itself.
 *
 * Throws `invalid-option` unless 0 ≤ from ≤ 1 and `steps` is a whole number ≥ 0.
 *
 * @example
 * const regionAt = regionSchedule(box([-1, -1], [1, 1]), 0.1, 500);
 * regionAt(250); // the box scaled by 0.55
 */
export function regionSchedule(region: Region, from: number, steps: number): (step: number) => Region {
  if (!(from >= 0 && from <= 1)) throw invalid('from', 'a factor from 0 to 1', from);
  if (!(Number.isInteger(steps) && steps >= 0)) throw invalid('steps', 'a whole number ≥ 0', steps);
  return step => {
    if (!(step >= 0)) throw invalid('step', 'a number ≥ 0', step);
    return step >= steps ? region : scaled(region, from + (1 - from) * (step / steps));
  };
}

function invalid(where: string, expected: string, actual: number): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where: `regionSchedule ${where}`,
    expected,
    actual: `${actual}`,
  });
}
