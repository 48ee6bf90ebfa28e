import type { Gap, Region } from '@police/core';
import { gatesOf } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../graph/node.js';
import { GapOnDevice } from '../patch/gap-on-device.js';

/** How near data are to regions whose shifts fade: t = relu(1 − d / width), d the gap to the region, core's `gatesOf` on the device. */
export class Fader {
  /** In the order of the regions. */
  readonly gaps: readonly Gap[];
  /** The factor of the gap in t, as float32 has it. */
  readonly slope: number;
  private readonly devices: readonly GapOnDevice[];

  /** Throws `invalid-option` where one region's shell reaches another region, or what core's `gapOf` throws. */
  constructor(regions: readonly Region[], width: number) {
    this.gaps = gatesOf(regions, width, 'float32', 'fade').gaps;
    this.slope = Math.fround(-1 / width);
    this.devices = this.gaps.map(gap => new GapOnDevice(gap));
  }

  /** Of data `[n, ...shape]`, `[n, regions]`: 1 on a region, to the bit, 0 from so many radii on. */
  of(x: tf.Tensor): tf.Tensor2D {
    const rows = tf.reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]) as tf.Tensor2D;
    const nearness = this.devices.map(device => tf.relu(tf.add(tf.mul(device.of(rows), this.slope), 1)));
    return tf.concat(nearness, 1) as tf.Tensor2D;
  }

  dispose(): void {
    for (const device of this.devices) device.dispose();
  }
}
