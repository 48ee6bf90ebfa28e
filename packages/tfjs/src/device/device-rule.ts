import type { Region } from '@police/core';
import type { Kink } from '@police/core/adapter';
import type * as tf from '@tensorflow/tfjs-core';
import type { FoundOnDevice } from '../frames/adjustment.js';
import type { Constraint } from '../frames/constraint.js';
import type { PreActivations } from '../frames/shift-op.js';
import { type MaxNode, sizeOf } from '../graph/node.js';
import { type DeviceLiftStep, maximaOnDevice } from '../parts/maxima.js';
import { bodyOnDevice } from './body.js';
import { DeviceConstants } from './constants.js';
import type { DeviceBody } from './device-body.js';
import type { DeviceWindows } from './maxima/device-windows.js';
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
  private readonly windows = new Map<number, DeviceWindows>();

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
      ...this.ofRegions(regions),
      previous,
      ...asked,
    });
  }

  /** The lifts of a maximum, see `liftOnDevice`. */
  lift(
    place: number,
    x: tf.Tensor,
    regions: readonly Region[],
    previous: tf.Tensor,
    asked: Pick<DeviceLiftStep, 'isLast' | 'isDetached'>,
  ): { found: FoundOnDevice; frames: tf.Tensor } {
    const { graph, settings } = this.constraint;
    const windows = this.windowsAt(place);
    const { lift, winner, frames } = maximaOnDevice.get().lift(x, graph.nodes[place].shape, {
      windows,
      ...this.ofRegions(regions),
      previous: settings.policy === 'sticky' ? previous : undefined,
      ...asked,
    });
    return { found: { place, c: lift, sides: winner, windows }, frames };
  }

  private ofRegions(regions: readonly Region[]) {
    return {
      bodies: regions.map(region => this.bodyOf(region)),
      rows: regions.map(({ frame }) => frame.rows),
      constants: this.constants,
    };
  }

  private windowsAt(place: number): DeviceWindows {
    let windows = this.windows.get(place);
    if (!windows) {
      const { nodes } = this.constraint.graph;
      const node = nodes[place] as MaxNode;
      const size = sizeOf(nodes[node.inputs[0]].shape);
      windows = maximaOnDevice.get().windows(node.windows, size, this.constants, `maximum ${place}`);
      this.windows.set(place, windows);
    }
    return windows;
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
