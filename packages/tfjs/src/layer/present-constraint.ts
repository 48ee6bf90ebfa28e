import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { forwardData } from '../data/data-pass.js';
import type { Previous } from '../frames/adjustment.js';
import type { Constraint } from '../frames/constraint.js';
import {
  type Corrector,
  corrected,
  correctionTensors,
  type KeptCorrection,
  keptCorrection,
} from '../frames/correction.js';

import { type KeptAdjustments, keptAdjustments, tensorsOf } from '../frames/kept-adjustments.js';
import { passFrames } from '../frames/regions-pass.js';
import { isSameKey, type WeightsKey, weightsKey } from './weights-key.js';

interface Present {
  readonly key: WeightsKey;
  readonly adjustments: KeptAdjustments;
  readonly correction: KeptCorrection | undefined;
}

/** Mode `shift` at inference: what the present weights need, found once for as long as they stay the same. */
export class PresentConstraint {
  private cache: Present | undefined;

  constructor(
    private readonly constraint: Constraint,
    private readonly previous: Previous,
    private readonly corrector: Corrector | undefined,
    /** All that the adjustments depend on. */
    private readonly variables: () => readonly tfl.LayerVariable[],
  ) {}

  forward(x: tf.Tensor): tf.Tensor {
    const { adjustments, correction } = this.now();
    const y = forwardData(this.constraint, x, false, tensorsOf(adjustments));
    return correction ? corrected(y, x, correctionTensors(correction)) : y;
  }

  get adjustments(): KeptAdjustments {
    return this.now().adjustments;
  }

  /** Leaves what is kept from step to step alone. */
  private now(): Present {
    const key = weightsKey(this.variables());
    if (this.cache && isSameKey(this.cache.key, key)) return this.cache;
    tf.tidy(() => {
      const frames = passFrames(this.constraint, this.previous);
      const correction = this.corrector && keptCorrection(this.corrector(frames.output));
      this.cache = { key, adjustments: keptAdjustments(this.constraint, frames.found), correction };
    });
    return this.cache!;
  }
}
