import type { Region } from '@police/core';
import type { Kink } from '@police/core/adapter';
import type * as tf from '@tensorflow/tfjs-core';
import type { Constraint } from '../frames/constraint.js';
import type { PreActivations } from '../frames/shift-op.js';
import { bodyOnDevice } from './body.js';
import { DeviceConstants } from './constants.js';
import type { DeviceBody } from './device-body.js';
import { type DevicePieces, devicePieces } from './pieces.js';
import {
  type DevicePolicy,
  type DeviceShifted,
  type DeviceShiftStep,
  shiftOnDevice,
} from './shift-on-device.js';

interface DeviceSite {
  readonly kinks: readonly Kink[];
  readonly pieces: DevicePieces;
}

/** The rule of one constrained model on the device, and what it keeps there. */
export class DeviceRule {
  readonly constants: DeviceConstants = new DeviceConstants();
  private readonly bodies = new Map<object, DeviceBody>();
  private readonly sites = new Map<number, DeviceSite>();

  constructor(private readonly constraint: Constraint) {}

  /**
   * Describes every activation, before the first step: core looks at PReLU's slopes when asked, which a step may have made NaN. They are a tensor
   * here, and nothing else of a description ever changes.
   */
  describe(): void {
    for (const [place, site] of this.constraint.sites) {
      const activation = site.activation();
      this.sites.set(place, { kinks: activation.kinks, pieces: devicePieces(activation) });
    }
  }

  /** The shifts of an activation, see `shiftOnDevice`. */
  shift(
    place: number,
    h: PreActivations,
    regions: readonly Region[],
    previous: tf.Tensor2D,
    asked: Pick<DeviceShiftStep, 'isLast' | 'isDetached'>,
  ): DeviceShifted {
    const { policy, sharing } = this.constraint.sites.get(place)!;
    return shiftOnDevice(h, {
      ...this.sites.get(place)!,
      policy: policy as DevicePolicy,
      sharing,
      bodies: regions.map(region => this.bodyOf(region)),
      rows: regions.map(({ frame }) => frame.rows),
      previous,
      ...asked,
      constants: this.constants,
    });
  }

  dispose(): void {
    this.constants.dispose();
  }

  /** Where to keep what regions look like, which is not kept of those that grow. */
  constantsFor(regions: readonly Region[]): DeviceConstants | undefined {
    const { settings } = this.constraint;
    return regions.every(region => settings.regions.includes(region)) ? this.constants : undefined;
  }

  /** A region that grows keeps its body. */
  private bodyOf(region: Region): DeviceBody {
    let body = this.bodies.get(region.body);
    if (!body) {
      body = bodyOnDevice(region, this.constants, `region ${this.bodies.size}`)!;
      this.bodies.set(region.body, body);
    }
    return body;
  }
}
