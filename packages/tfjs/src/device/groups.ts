import * as tf from '@tensorflow/tfjs-core';
import type { BiasSharing } from '../graph/node.js';

/** How the units of a layer lie in groups that share a shift: constraint by constraint, member by member of each. */
export interface Groups {
  readonly count: number;
  /** `[constraints, units]` as `[constraints · members, groups]`. */
  gather(perUnit: tf.Tensor): tf.Tensor2D;
  /** The inverse. */
  spread(perMember: tf.Tensor): tf.Tensor2D;
  /** Sums `[1, units]` over each group, `[1, groups]`. */
  sum(perUnit: tf.Tensor): tf.Tensor2D;
}

export function groupsOf(units: number, sharing: BiasSharing | undefined): Groups {
  if (!sharing) {
    const same = (x: tf.Tensor) => x as tf.Tensor2D;
    return { count: units, gather: same, spread: same, sum: same };
  }
  const count = sharing.shape.reduce((product, size) => product * size, 1);
  const members = units / count;
  const isLast = sharing.groups.length > 1 && sharing.groups[1] !== sharing.groups[0];
  // Channels in front: members lie side by side.
  const turned = (x: tf.Tensor, from: number, to: number): tf.Tensor =>
    isLast || count === 1 ? x : tf.transpose(tf.reshape(x, [-1, from, to]), [0, 2, 1]);
  return {
    count,
    gather: x => tf.reshape(turned(x, count, members), [-1, count]),
    spread: x => tf.reshape(turned(x, members, count), [-1, units]),
    sum: x => tf.sum(tf.reshape(turned(x, count, members), [members, count]), 0, true),
  };
}
