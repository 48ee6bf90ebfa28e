import * as tf from '@tensorflow/tfjs-core';
import type { AffineStep } from '../graph/node.js';
import type { Adjustment, FoundAdjustment, FoundOnDevice, Previous } from './adjustment.js';
import type { Constraint } from './constraint.js';
import { type DevicePass, FramePass, type FramePassOptions } from './frame-pass.js';
import type { Frames } from './frames.js';

/** The regions' frames on their way through the graph, node by node. */
export type RegionsPass = Pick<FramePass, 'found' | 'foundOnDevice' | 'output' | 'advance'>;

/** One pass for all regions or, where shifts fade and regions therefore do not meet, one for each. */
export function framePassOf(
  constraint: Constraint,
  previous: Previous,
  options?: FramePassOptions,
): RegionsPass {
  return constraint.fader
    ? new ApartPasses(constraint, previous, options)
    : new FramePass(constraint, previous, options);
}

/** Carries the regions' frames through the graph and finds what each nonlinearity needs (core's `policedPass` on tensors). */
export function passFrames(
  constraint: Constraint,
  previous: Previous,
  options?: FramePassOptions,
): RegionsPass {
  const pass = framePassOf(constraint, previous, options);
  constraint.graph.nodes.forEach((node, place) => {
    pass.advance(place, node.kind === 'affine' ? node.step(undefined, false) : undefined);
  });
  return pass;
}

/** Each region by itself: its shifts are 0 on the others. Those of all are put together, `[regions, ...]`. */
class ApartPasses implements RegionsPass {
  readonly found: FoundAdjustment[] = [];
  readonly foundOnDevice: FoundOnDevice[] = [];
  private readonly passes: readonly FramePass[];

  constructor(constraint: Constraint, previous: Previous, options: FramePassOptions = {}) {
    const { settings } = constraint;
    const regions = options.regions ?? settings.regions;
    this.passes = regions.map((region, r) => {
      const alone = { ...constraint, settings: { ...settings, regions: [region] } };
      return new FramePass(alone, place => blockOf(previous(place), r, regions.length), {
        ...options,
        regions: [region],
        device: options.device && deviceOf(options.device, r, regions.length),
      });
    });
  }

  advance(place: number, step: AffineStep | undefined): Adjustment | undefined {
    const adjustments = this.passes.map(pass => pass.advance(place, step));
    if (adjustments[0] === undefined) return undefined;
    if (this.passes[0].foundOnDevice.length > 0) {
      const found = togetherOnDevice(this.passes.map(pass => pass.foundOnDevice.at(-1)!));
      this.foundOnDevice.push(found);
      return { kind: 'shift', c: found.c };
    }
    const found = together(this.passes.map(pass => pass.found.at(-1)!));
    this.found.push(found);
    return { kind: 'shift', c: found.c };
  }

  get output(): Frames {
    return tf.concat(this.passes.map(({ output }) => output));
  }
}

/** One of `count` blocks of equal length. */
export function blockOf<T extends Int8Array | Int32Array>(values: T, r: number, count: number): T {
  const size = values.length / count;
  return values.slice(r * size, (r + 1) * size) as T;
}

/** A region's own sides, `[kinks, units]`. */
const deviceOf = (device: DevicePass, r: number, count: number): DevicePass => ({
  ...device,
  previous: place => {
    const all = device.previous(place);
    const kinks = all.shape[0] / count;
    return tf.slice(all as tf.Tensor2D, [r * kinks, 0], [kinks, -1]);
  },
});

const togetherOnDevice = (found: readonly FoundOnDevice[]): FoundOnDevice => ({
  place: found[0].place,
  c: tf.stack(found.map(({ c }) => c)),
  sides: tf.concat(found.map(({ sides }) => sides)),
});

type FoundShift = Extract<FoundAdjustment, { kind: 'shift' }>;

/** What each region needs at one activation; a maximum is refused where shifts fade. */
function together(found: readonly FoundAdjustment[]): FoundShift {
  const all = found as readonly FoundShift[];
  const shift = all.flatMap(({ shifts }) => Array.from(shifts.shift));
  const sides = all.flatMap(({ shifts }) => Array.from(shifts.sides));
  return {
    ...all[0],
    c: tf.stack(all.map(({ c }) => c)),
    shifts: { ...all[0].shifts, shift: Float64Array.from(shift), sides: Int8Array.from(sides) },
  };
}
