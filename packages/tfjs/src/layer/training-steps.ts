import * as tf from '@tensorflow/tfjs-core';
import { forwardData } from '../data/data-pass.js';
import type { FoundAdjustment } from '../frames/adjustment.js';
import type { Constraint } from '../frames/constraint.js';
import { type Corrector, corrected } from '../frames/correction.js';

import type { DevicePass } from '../frames/frame-pass.js';
import { type KeptAdjustments, keptAdjustments } from '../frames/kept-adjustments.js';
import { passFrames } from '../frames/regions-pass.js';
import { policedForward } from './policed-forward.js';
import type { Stopwatch } from './stopwatch.js';
import type { TrainingState } from './training-state.js';

/** A training step of several micro-batches; nothing is kept of it before `end`. */
export interface MicroBatchStep {
  /** Off the tape. */
  readonly adjustments: KeptAdjustments;
  /** Finds the same ones on the tape; absent where they are an earlier step's, or there are none. */
  readonly onTape?: () => readonly FoundAdjustment[];
  /** Ends the step: what was found becomes what is kept. */
  readonly end: () => void;
}

/** Steps of mode `shift`: adjustments on the gradient tape, or those of an earlier step. */
export class TrainingSteps {
  constructor(
    private readonly constraint: Constraint,
    private readonly state: TrainingState,
    private readonly corrector: Corrector | undefined,
    private readonly stopwatch: Stopwatch,
    /** The rule on the device, where that is to compute. */
    private readonly device: () => DevicePass | undefined,
  ) {}

  /** Data `[rows, ...shape]` through the constrained model; what is found becomes what is kept. */
  forward(x: tf.Tensor, isTraining: boolean): tf.Tensor {
    const { constraint, state, corrector, stopwatch } = this;
    const stale = state.staleAdjustments;
    if (stale) {
      state.endKeptStep();
      return forwardData(constraint, x, isTraining, stale.tensors());
    }
    const options = { regions: state.stepRegions, device: this.device() };
    const { y, frames } = policedForward(constraint, x, isTraining, state.previous, options, stopwatch);
    state.endStep(frames);
    return corrector
      ? corrected(
          y,
          x,
          stopwatch.time(() => corrector(frames.output)),
        )
      : y;
  }

  /** On a device too core computes these, once for all micro-batches. */
  begin(): MicroBatchStep {
    const { constraint, state, stopwatch } = this;
    const stale = state.staleAdjustments;
    if (stale) return { adjustments: stale.numbers(), end: () => tf.tidy(() => state.endKeptStep()) };
    const options = { regions: state.stepRegions };
    const onTape = () => stopwatch.time(() => passFrames(constraint, state.previous, options).found);
    let found: readonly FoundAdjustment[] = [];
    tf.tidy(() => {
      found = onTape();
    });
    return {
      adjustments: keptAdjustments(constraint, found),
      onTape,
      end: () => tf.tidy(() => state.endStep({ found, foundOnDevice: [] })),
    };
  }
}
