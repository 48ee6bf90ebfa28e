import { type Gap, PoliceError, type Region } from '@police/core';
import { gapApartFrom, leastGap } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../graph/node.js';
import { GapOnDevice } from '../patch/gap-on-device.js';

/** What a distance must be more than a shell's width by, for what float32 may round of it. */
const ALLOWANCE = 1.001;

/** How near data are to regions whose shifts fade: t = relu(1 − d / width), d the gap to the region. */
export class Fader {
  /** In the order of the regions. */
  readonly gaps: readonly Gap[];
  private readonly devices: readonly GapOnDevice[];

  /**
   * Throws `invalid-option` where one region's shell reaches another region, or what core's `gapOf` throws.
   */
  constructor(
    regions: readonly Region[],
    readonly width: number,
  ) {
    this.gaps = regions.map((region, r) => {
      const others = regions.filter((_, other) => other !== r);
      const gap = gapApartFrom(region, others);
      regions.forEach((other, s) => {
        if (s !== r) assertApart(leastGap(gap.network, other), width, r, s);
      });
      return gap;
    });
    this.devices = this.gaps.map(gap => new GapOnDevice(gap));
  }

  /** The factor of the gap in t, as float32 has it. */
  get slope(): number {
    return Math.fround(-1 / this.width);
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

function assertApart(least: number, width: number, r: number, s: number): void {
  if (least >= ALLOWANCE * width) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: `regions ${r} and ${s}`,
    expected: `more than ${width} radii of region ${r} between the two, as its shifts reach so far`,
    actual: least > 0 ? `${least.toPrecision(3)} for sure` : 'regions that meet, or nearly do',
    remedy: 'Lower fade, leave a space between them, put them into one region, or leave out fade.',
  });
}
