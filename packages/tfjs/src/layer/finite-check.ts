import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { withPrecision } from '../ops/half-precision.js';
import { offTape } from '../ops/off-tape.js';
import type { BatchStatistics } from './batch-statistics.js';
import type { Projection } from './projection.js';

/** Training steps from one check to the next: one wait for the device in so many. */
export const STEPS_BETWEEN_CHECKS = 64;

/**
 * On a device nobody looks at values in a step, so numbers that are no more finite are found later: every so many steps, at the end of an epoch,
 * and before the model is used. What is found then puts all weights back to those of the last check that found nothing.
 */
export class FiniteCheck {
  /** The values of the last good check, and whether they are projected. */
  private isProjected = false;
  private good: { variable: tfl.LayerVariable; value: tf.Tensor }[] = [];
  private steps = 0;

  constructor(
    /** All that training changes. */
    private readonly variables: () => readonly tfl.LayerVariable[],
    /** Throws `not-finite`, naming the layer, where the present weights overflow on the regions. */
    private readonly assertRegions: () => void,
    /** In mode `project`. */
    private readonly projection: Pick<Projection, 'isDone' | 'markDone'> | undefined,
    /** With batch normalisation. */
    private readonly statistics: Pick<BatchStatistics, 'markGood' | 'forgetBad'> | undefined,
  ) {}

  /** Reads nothing at the first step: the weights were finite when the model was constrained, or are whoever wrote them's. */
  beforeStep(): void {
    if (this.steps === 0) this.remember();
    else if (this.steps >= STEPS_BETWEEN_CHECKS) this.check();
    this.steps++;
  }

  /** What is to be known before the weights are read or used. */
  settle(): void {
    if (this.steps > 0) this.check();
  }

  /** Forgets the values kept. */
  dispose(): void {
    for (const { value } of this.good) value.dispose();
    this.good = [];
  }

  private check(): void {
    try {
      this.assertFinite();
    } catch (error) {
      if (error instanceof PoliceError && error.code === 'not-finite') {
        this.restore();
        // Where it began says more than what became of it.
        offTape(() => {
          this.assertRegions();
          return [];
        });
      }
      throw error;
    }
    this.remember();
  }

  private assertFinite(): void {
    offTape(() => {
      this.assertWeights();
      this.assertRegions();
      return [];
    });
  }

  private remember(): void {
    this.dispose();
    this.good = this.variables().map(variable => ({ variable, value: tf.keep(tf.clone(variable.read())) }));
    this.isProjected = this.projection?.isDone === true;
    this.statistics?.markGood();
    this.steps = 0;
  }

  private restore(): void {
    tf.tidy(() => {
      for (const { variable, value } of this.good) (variable.read() as tf.Variable).assign(value);
    });
    if (this.isProjected) this.projection!.markDone();
    this.statistics?.forgetBad();
    this.steps = 0;
  }

  private assertWeights(): void {
    const sizes = this.variables().map(variable => tf.sum(tf.abs(variable.read())));
    // In twos: `tf.addN` of more than seven is a kernel that webgpu refuses, and no error reaches JavaScript.
    if (Number.isFinite(sizes.reduce((sum, size) => tf.add(sum, size)).dataSync()[0])) return;
    const bad = this.variables().find((_, i) => !Number.isFinite(sizes[i].dataSync()[0]))!;
    const values = bad.read().dataSync();
    throw new PoliceError({
      code: 'not-finite',
      where: bad.originalName.split('/')[0],
      expected: 'finite weights',
      actual: `${values.find(value => !Number.isFinite(value)) ?? 'an overflow'} in ${bad.originalName}`,
      remedy: withPrecision(
        'Look for NaN in the training data, or lower the learning rate. The weights are those of the last check, up to ' +
          `${STEPS_BETWEEN_CHECKS} steps ago; what the optimizer accumulated is not, so start a new one.`,
      ),
    });
  }
}
