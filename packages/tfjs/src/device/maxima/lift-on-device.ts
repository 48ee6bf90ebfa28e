import * as tf from '@tensorflow/tfjs-core';
import { offTape } from '../../ops/off-tape.js';
import { withSaved } from '../../ops/with-saved.js';
import type { LiftOnDevice } from '../../parts/maxima.js';
import { originColumn } from '../constants.js';
import { blocksOf, flat, joined, originRows } from '../frame-rows.js';
import { winnersOnDevice } from './choose-winners.js';

/** `liftOp` in operations on the device: the same rule, in float32, with nothing read and nothing uploaded. */
export const liftOnDevice: LiftOnDevice = (x, shape, step) => {
  const { bodies, rows, windows, previous, constants } = step;
  const [lift, winner, isLifted, direction, activeRegion, y, ...picks] = offTape(() => {
    const blocks = blocksOf(x, rows).map(block => windows.spread(block));
    const found = winnersOnDevice(blocks, bodies, windows, previous, constants);
    const one = (each: tf.Tensor) => tf.reshape(each, [windows.windows]);
    const picked = joined(blocks.map((block, r) => tf.sum(tf.mul(block, found.picks[r]), 1)));
    const lifted = tf.add(picked, tf.mul(originColumn(rows, 2, constants), found.lift));
    return [
      one(found.lift),
      one(found.winner),
      found.isLifted,
      found.direction,
      found.activeRegion,
      tf.reshape(lifted, [x.shape[0], ...shape]),
      ...found.picks,
    ];
  });
  const saved = {
    isLifted,
    direction,
    activeRegion,
    ...Object.fromEntries(picks.map((pick, r) => [`pick${r}`, pick])),
  };
  const hasFrames = !step.isLast && !step.isDetached;
  const results = withSaved({ x }, saved, hasFrames ? [lift, y] : [lift], ([dLift, dFrames], kept) =>
    tf.tidy(() => ({ x: tf.reshape(adjoint(dLift, dFrames, kept), x.shape) })),
  );
  return { lift: results[0] as tf.Tensor1D, winner: winner as tf.Tensor1D, frames: results[1] ?? y };

  /** Core's `maxFramesAdjoint`. */
  function adjoint(
    dLift: tf.Tensor,
    dFrames: tf.Tensor | undefined,
    kept: Readonly<Record<string, tf.Tensor>>,
  ): tf.Tensor2D {
    const count = windows.windows;
    const dy = dFrames && flat(dFrames);
    const own = tf.reshape(dLift, [1, count]);
    const total = dy ? tf.add(own, tf.mul(originRows(dy, rows, constants), kept.isLifted)) : own;
    const onRegions = rows.length === 1 ? [kept.activeRegion] : tf.split(kept.activeRegion, rows.length);
    const dys = dy && blocksOf(dy, rows);
    const wide = (d: tf.Tensor) => tf.reshape(d, [-1, 1, count]);
    const parts = blocksOf(kept.x, rows).map((block, r) => {
      const side = onRegions[r] as tf.Tensor2D;
      const lead = tf.sum(tf.mul(windows.spread(block), kept.direction), 1) as tf.Tensor2D;
      const pulled = bodies[r].extremes(lead, side, tf.mul(side, total) as tf.Tensor2D);
      const ofLift = tf.mul(wide(pulled), kept.direction);
      return windows.collected(dys ? tf.add(ofLift, tf.mul(wide(dys[r]), kept[`pick${r}`])) : ofLift);
    });
    return joined(parts);
  }
};
