import { assertSize } from '../../errors.js';
import { matrix } from '../../numeric/matrix.js';
import type { AffineContract } from './contract.js';
import { invalidOption } from './shapes.js';

const ADD_INSTEAD = 'Put an explicit add of one value per output after it instead.';

/**
 * The bias stored once per group, `[groups]`, from one value per output, `[outSize]`. Throws `shape`, or
 * `invalid-option` where the outputs of one group differ.
 */
export function collectGroups(
  bias: Float64Array,
  groupOf: Int32Array,
  groups: number,
  where: string,
): Float64Array {
  assertSize(bias.length, groupOf.length, where, 'bias');
  const collected = new Float64Array(groups);
  const firstOf = new Int32Array(groups).fill(-1);
  for (let j = 0; j < bias.length; j++) {
    const group = groupOf[j];
    if (firstOf[group] < 0) {
      firstOf[group] = j;
      collected[group] = bias[j];
    } else if (bias[j] !== collected[group] && !Object.is(bias[j], collected[group])) {
      throw invalidOption(
        where,
        `one bias for all outputs of channel ${group}`,
        `${collected[group]} at output ${firstOf[group]} and ${bias[j]} at output ${j}`,
        ADD_INSTEAD,
      );
    }
  }
  return collected;
}

/** What every operator without trainable parameters and without a bias that may be changed has in common. */
export function withoutParameters(
  where: string,
  outSize: number,
): Pick<AffineContract, 'storesBias' | 'zeroGradient' | 'accumulateGradient'> & {
  withBias(bias: Float64Array): never;
} {
  return {
    storesBias: false,
    zeroGradient: () => ({ weight: matrix(0, 0), bias: new Float64Array(0) }),
    accumulateGradient: () => {},
    withBias: bias => {
      assertSize(bias.length, outSize, where, 'bias');
      throw invalidOption(where, 'an operator that stores a bias', 'one without', ADD_INSTEAD);
    },
  };
}
