import type * as tf from '@tensorflow/tfjs-core';
import type { Constraint } from '../frames/constraint.js';
import type { DevicePass } from '../frames/frame-pass.js';
import { isReadAtOnce } from '../ops/peek.js';
import { DeviceRule } from './device-rule.js';
import { withoutDeviceForm } from './without-form.js';

/** Whether a constrained model trains on the device, and the rule there. */
export class DevicePlace {
  private readonly rule: DeviceRule;
  private reasons: readonly string[] | undefined;

  constructor(
    private readonly constraint: Constraint,
    /** Sides on the device, by position. */
    private readonly previous: (place: number) => tf.Tensor,
    /** The model's name, for the log. */
    private readonly where: string,
  ) {
    this.rule = new DeviceRule(constraint);
  }

  /** What a pass needs; undefined where core computes. Says once why it does so on a device. */
  pass = (): DevicePass | undefined => {
    const { rule, previous } = this;
    return this.isUsed ? { rule, previous } : undefined;
  };

  get isUsed(): boolean {
    if (isReadAtOnce()) return false;
    if (!this.reasons) {
      this.reasons = withoutDeviceForm(this.constraint);
      if (this.reasons.length === 0) this.rule.describe();
      if (this.reasons.length > 0) {
        console.warn(
          `${this.where}: the constraint is computed from values read back in each layer, each a wait for the device, because of ` +
            `${this.reasons.join('; ')}.`,
        );
      }
    }
    return this.reasons.length === 0;
  }

  dispose(): void {
    this.rule.dispose();
  }
}
