import { type Policy, piecesOn, type Region, type Shifts } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import { affine } from './affine-op.js';
import { type FrameTensors, shiftOp } from './shift-op.js';
import type { Stage, StageActivation } from './stages.js';

export interface ConstraintSettings {
  readonly regions: readonly Region[];
  readonly policy: Policy;
  /** Whether the shifts' gradient goes through all earlier layers or only through their own. */
  readonly gradient: 'exact' | 'local';
}

/** The shifts `[units]` of a stage as a tensor, and what core says of them. */
export interface StageShift {
  readonly c: tf.Tensor1D;
  readonly shifts: Shifts;
}

/** Sides of the last step by stage index; all zero at the start. */
export type PreviousSides = (stage: number) => Int8Array;

/** The plain network with each stage's shift added to its bias; `shift` may know of none. */
export function forwardData(
  stages: readonly Stage[],
  x: tf.Tensor2D,
  shift: (stage: number) => tf.Tensor1D | undefined,
): tf.Tensor2D {
  return stages.reduce((value, { kernel, bias, activation }, i) => {
    const c = shift(i);
    const b = bias?.read() as tf.Tensor1D | undefined;
    const h = affine(value, kernel.read() as tf.Tensor2D, b && c ? tf.add(b, c) : b);
    return activation ? activation.apply(h) : h;
  }, x);
}

/**
 * Carries the regions' frames through the stages and yields each nonlinearity's shift (core's `policedPass` on
 * tensors). What comes after the last nonlinearity is never shifted, so the frames stop there.
 */
export function* stageShifts(
  stages: readonly Stage[],
  settings: ConstraintSettings,
  previous: PreviousSides,
): Generator<StageShift & { stage: number }> {
  const { regions, policy, gradient } = settings;
  const last = stages.map(({ activation }) => activation !== undefined).lastIndexOf(true);
  if (regions.length === 0) return;
  let frames: FrameTensors | undefined;
  for (let i = 0; i <= last; i++) {
    const { activation } = stages[i];
    const h: FrameTensors = frames ? linearFrames(stages[i], frames) : firstFrames(stages[i], regions);
    frames = h;
    if (!activation) continue;
    const shift = shiftOp(h, {
      regions,
      policy,
      activation: activation.describe(),
      previous: previous(i),
      where: stages[i].name,
    });
    yield { stage: i, ...shift };
    if (i === last) return;
    frames = activatedFrames(activation, h, shift);
    if (gradient === 'local') frames = constantFrames(frames);
  }
}

/** Frames through a Dense layer: the bias moves the origins, directions see only the kernel. */
function linearFrames({ kernel, bias }: Stage, { origins, directions }: FrameTensors): FrameTensors {
  const w = kernel.read() as tf.Tensor2D;
  return {
    origins: affine(origins, w, bias?.read() as tf.Tensor1D | undefined),
    directions: directions.map(block => block && affine(block, w)),
  };
}

/** As `linearFrames` of the regions' own frames; directions along the axes only scale the kernel's rows. */
function firstFrames(stage: Stage, regions: readonly Region[]): FrameTensors {
  const { size } = regions[0];
  const origins = tf.tensor2d(
    Float32Array.from(regions.flatMap(({ frame }) => Array.from(frame.data.subarray(0, size)))),
    [regions.length, size],
  );
  const w = stage.kernel.read() as tf.Tensor2D;
  return {
    origins: affine(origins, w, stage.bias?.read() as tf.Tensor1D | undefined),
    directions: regions.map(({ diagonal, frame }) => {
      if (frame.rows === 1) return null;
      if (diagonal) return tf.mul(w, tf.tensor2d(Float32Array.from(diagonal), [size, 1]));
      return affine(tf.tensor2d(Float32Array.from(frame.data.subarray(size)), [frame.rows - 1, size]), w);
    }),
  };
}

/** Frames through the pieces that the sides select (core's `activateFrame`). */
function activatedFrames(
  activation: StageActivation,
  { origins, directions }: FrameTensors,
  { c, shifts }: StageShift,
): FrameTensors {
  const { describe, slopes: slopesOf } = activation;
  const description = describe();
  const units = origins.shape[1];
  const pieces = directions.map((_, r) => piecesOn(r, description, shifts.sides, units));
  const slopes = pieces.map(index => slopesOf(index));
  const offsets = Float32Array.from(
    pieces.flatMap(index => Array.from(index, k => description.pieces[k].offset)),
  );
  const sloped = tf.mul(tf.add(origins, c), tf.stack(slopes)) as tf.Tensor2D;
  return {
    origins: offsets.some(o => o !== 0) ? tf.add(sloped, tf.tensor2d(offsets, origins.shape)) : sloped,
    directions: directions.map((block, r) => block && tf.mul(block, slopes[r])),
  };
}

/** The identity with gradient zero, which tfjs lacks. */
const constant = tf.customGrad(x => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
}));

function constantFrames({ origins, directions }: FrameTensors): FrameTensors {
  return {
    origins: constant(origins) as tf.Tensor2D,
    directions: directions.map(block => block && (constant(block) as tf.Tensor2D)),
  };
}
