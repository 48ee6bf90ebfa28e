import { PoliceError, type Region, type Target, type TrainingOptions } from '@police/core';
import { checkedTrainingOptions, type TrainingOption, type TrainingSettings } from '@police/core/adapter';
import type { TensorPolicy } from './frames/activation-frames.js';

/** How a model is constrained by shifts, see core's `TrainingOptions`: the same names, defaults and checks. */
export interface ConstrainOptions extends Pick<TrainingOptions, 'gradient' | 'sharing'> {
  /**
   * How sides are chosen: `sticky`, `minimal` or `majority` (the paper's). A function, which would have to see numbers, has no tensor form.
   * @defaultValue 'sticky'
   */
  readonly policy?: TensorPolicy | undefined;
}

/** What the outputs are on the one region, besides affine. */
export interface TargetOption {
  /**
   * A map `A x + b` (paper, Eq. 2) or, without b, its Jacobian A alone (Eq. 1), b trained; or what the map must be like, one of core's
   * `demands`: the map is trained, and `hold` takes it to the nearest one that meets the demand. The region fills its space.
   */
  readonly target: Target;
}

export interface Settings extends Pick<TrainingSettings, 'regions' | 'gradient' | 'sharing' | 'target'> {
  readonly policy: TensorPolicy;
}

const KNOWN: readonly TrainingOption[] = ['regions', 'policy', 'mode', 'gradient', 'sharing', 'target'];

/** Throws `invalid-option`. */
export function settingsOf(regions: readonly Region[], options: ConstrainOptions): Settings {
  const { policy, mode, gradient, sharing, target } = checkedTrainingOptions(
    { ...options, regions },
    { known: KNOWN },
  );
  if (typeof policy === 'function') {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'policy',
      expected: "'minimal', 'majority' or 'sticky'",
      actual: 'a function',
      remedy: 'Choose the sides yourself, and carry them as the state under policy `sticky`.',
    });
  }
  if (mode !== 'shift') {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'mode',
      expected: "mode 'shift'",
      actual: `'${mode}'`,
      remedy: 'Training steps are your own here: call `project` of what police gives after each.',
    });
  }
  return { regions, policy, gradient, sharing, ...(target ? { target } : {}) };
}
