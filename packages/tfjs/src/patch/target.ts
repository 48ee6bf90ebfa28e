import { PoliceError, type PrescribedMap, type Region } from '@police/core';
import { assertMapFits } from '@police/core/adapter';

/** Throws `invalid-option`, `shape` or `not-finite` for a map that the outputs on one region cannot be held at. */
export function assertTarget(target: PrescribedMap, regions: readonly Region[], outputs: number): void {
  if (regions.length !== 1) {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'target',
      expected: 'one region',
      actual: `${regions.length}`,
      remedy: 'Prescribe the maps after training, with patch.',
    });
  }
  assertMapFits(target, outputs, regions[0].size, 'target');
}
