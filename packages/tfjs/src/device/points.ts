import type { Matrix, Region } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import { chosenRows } from './chosen-rows.js';
import type { DeviceConstants } from './constants.js';
import type { DeviceBody } from './device-body.js';

/** Half a vote: settles a tie of whole ones, and nothing else. */
const HALF = 0.5;

/** What a tied vote does not say: the centre's side of a symmetric region, else the upper one. */
type TieBreak = (h: tf.Tensor2D, t: tf.Tensor2D) => tf.Tensor;

function ofVertices(
  /** What every vertex adds to the value at the origin, `[P, units]`, in the vertices' order. */
  values: (h: tf.Tensor2D) => tf.Tensor2D,
  /** Frame coordinates `[d + 1, units]` of vertices given as columns `[P, units]` of one 1 each. */
  coordinates: (vertices: tf.Tensor2D) => tf.Tensor2D,
  tieBreak: TieBreak,
  constants: DeviceConstants,
): DeviceBody {
  return {
    reach: h => {
      const all = values(h);
      return { down: tf.neg(tf.min(all, 0, true)), up: tf.max(all, 0, true) };
    },
    extremes: (h, side, pull) => {
      const best = chosenRows(tf.mul(values(h), side), constants);
      return tf.mul(coordinates(best), tf.mul(side, pull));
    },
    vote: (h, t) => {
      const all = values(h);
      // One kink after the other: [P, units] above each.
      const votes = rowsOf(t).map(row => tf.sum(tf.sign(tf.add(all, row)), 0, true));
      return tf.add(votes.length === 1 ? votes[0] : tf.concat(votes), tieBreak(h, t));
    },
  };
}

const rowsOf = (t: tf.Tensor2D): tf.Tensor2D[] => (t.shape[0] === 1 ? [t] : tf.split(t, t.shape[0]));

/** The hull of points with frame coordinates `[P, d]`: the least and the largest of U h. */
export function pointsOnDevice(
  region: Region,
  points: Matrix,
  constants: DeviceConstants,
  name: string,
): DeviceBody {
  const { rows: count, cols: d } = points;
  const withFirst = (first: number) => () => {
    const u = new Float32Array(count * (d + 1)).fill(first);
    for (let p = 0; p < count; p++)
      for (let i = 0; i < d; i++) u[p * (d + 1) + i + 1] = points.data[p * d + i];
    return u;
  };
  // Without the origin's share: a small region's must not be lost in its rounding.
  const spread = () => constants.rows(`${name} spread`, count, withFirst(0));
  const whole = () => constants.rows(`${name} points`, count, withFirst(1));
  return ofVertices(
    h => tf.matMul(spread(), h),
    vertices => tf.matMul(whole(), vertices, true),
    tieBreakOf(region, constants, name),
    constants,
  );
}

/** A simplex: every vertex is the origin, or the origin and one direction. */
export function simplexOnDevice(
  region: Region,
  points: Matrix,
  constants: DeviceConstants,
  name: string,
): DeviceBody {
  const { rows: count, cols: d } = points;
  const rowOfVertex = Int32Array.from({ length: count }, (_, p) => {
    const at = points.data.subarray(p * d, (p + 1) * d).indexOf(1);
    return at + 1;
  });
  const isInOrder = rowOfVertex.every((row, p) => row === p);
  const vertexOfRow = Int32Array.from({ length: count }, (_, row) => rowOfVertex.indexOf(row));
  const order = (which: string, index: Int32Array) =>
    constants.get(`${name} ${which}`, () => tf.tensor1d(index, 'int32'));
  const isDirection = () =>
    constants.rows(`is direction ${count}`, count, () =>
      Float32Array.from({ length: count }, (_, i) => Number(i > 0)),
    );
  const isOrigin = () =>
    constants.rows(`is origin ${count}`, count, () =>
      Float32Array.from({ length: count }, (_, i) => Number(i === 0)),
    );
  return ofVertices(
    h => {
      const all = tf.mul(h, isDirection()) as tf.Tensor2D;
      return isInOrder ? all : tf.gather(all, order('row of vertex', rowOfVertex));
    },
    vertices => {
      const rows = isInOrder ? vertices : tf.gather(vertices, order('vertex of row', vertexOfRow));
      return tf.add(tf.mul(rows, isDirection()), isOrigin());
    },
    tieBreakOf(region, constants, name),
    constants,
  );
}

function tieBreakOf({ symmetric, centre }: Region, constants: DeviceConstants, name: string): TieBreak {
  if (!symmetric) return () => constants.filled([], HALF);
  return (h, t) => {
    const weights = constants.rows(`${name} centre`, 1, () => Float32Array.of(0, ...centre));
    const at = tf.add(t, tf.matMul(weights, h));
    const half = constants.filled(at.shape, HALF);
    return tf.where(tf.greaterEqual(at, constants.filled([], 0)), half, tf.neg(half));
  };
}
