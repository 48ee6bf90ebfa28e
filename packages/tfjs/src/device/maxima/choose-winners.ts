import * as tf from '@tensorflow/tfjs-core';
import { TIE } from '../../frames/lift-op.js';
import { HUGE } from '../choose.js';
import { chosenRows } from '../chosen-rows.js';
import type { DeviceConstants } from '../constants.js';
import type { DeviceBody } from '../device-body.js';
import { joined } from '../frame-rows.js';
import { indicator, select } from '../select.js';
import type { DeviceWindows } from './device-windows.js';

/** Core's `MaxShifts` on the device: everything in columns of one 1 each, or of zeros. */
export interface DeviceWinners {
  /** The place that wins on each region, `[places, windows]`. */
  readonly picks: readonly tf.Tensor2D[];
  /** `[1, windows]`. */
  readonly lift: tf.Tensor2D;
  /** 1 where an entry is lifted, if only by 0, `[1, windows]`. */
  readonly isLifted: tf.Tensor2D;
  /** The number of the lifted entry, 0 for none, `[1, windows]`. */
  readonly winner: tf.Tensor2D;
  /** 1 at the rival whose lead the lift just equals and −1 at the lifted entry, `[places, windows]`; 0 where the lift is 0. */
  readonly direction: tf.Tensor2D;
  /** Regions of those leads, `[regions, windows]`, all 0 where the lift is 0. */
  readonly activeRegion: tf.Tensor2D;
}

/** Core's `chooseWinners`, with its ties, from the frames at the places of windows, `[rows, places, windows]` per region. */
export function winnersOnDevice(
  blocks: readonly tf.Tensor3D[],
  bodies: readonly DeviceBody[],
  windows: DeviceWindows,
  /** The lifted entries of last time, `[windows]`, numbered from 1; absent for a policy that keeps none. */
  previous: tf.Tensor | undefined,
  constants: DeviceConstants,
): DeviceWinners {
  const zero = constants.filled([], 0);
  const pairs = blocks.map((block, r) => pairLeads(block, bodies[r], windows, constants));
  const leads = pairs.map(each => tf.max(each, 1) as tf.Tensor2D);
  const alone = leads.map(lead => indicator(tf.lessEqual(lead, zero), constants));
  const isAlone = joined(alone.map(each => tf.max(each, 0, true)));
  const isLifted = tf.sub(constants.filled([], 1), tf.min(isAlone, 0, true)) as tf.Tensor2D;
  const place = placeOf(
    leads.reduce((a, b) => tf.maximum(a, b)),
    windows,
    previous,
    constants,
  );
  const needed = joined(leads.map(lead => tf.sum(tf.mul(lead, place), 0, true)));
  const lift = tf.mul(tf.relu(tf.max(needed, 0, true)), isLifted) as tf.Tensor2D;
  const isActive = tf.sign(lift);
  const activeRegion = tf.mul(chosenRows(needed, constants), isActive) as tf.Tensor2D;
  const own = tf.sub(constants.filled([], 1), isLifted);
  return {
    picks: alone.map(
      each => tf.add(tf.mul(chosenRows(each, constants), own), tf.mul(place, isLifted)) as tf.Tensor2D,
    ),
    lift,
    isLifted,
    winner: tf.mul(tf.sum(tf.mul(place, windows.numbers()), 0, true), isLifted) as tf.Tensor2D,
    direction: tf.mul(tf.sub(rivalOf(pairs, place, activeRegion, constants), place), isActive) as tf.Tensor2D,
    activeRegion,
  };
}

/** The largest x_b − x_a over the region of all pairs, less what rounding may make of equal entries: `[places a, places b, windows]`. */
function pairLeads(
  x: tf.Tensor3D,
  body: DeviceBody,
  windows: DeviceWindows,
  constants: DeviceConstants,
): tf.Tensor3D {
  const [rows, places, count] = x.shape;
  const [asFirst, asSecond] = [
    [places, 1, count],
    [1, places, count],
  ];
  const each = tf.sub(tf.reshape(x, [rows, ...asSecond]), tf.reshape(x, [rows, ...asFirst]));
  const h = tf.reshape(each, [rows, places * places * count]) as tf.Tensor2D;
  const most = tf.add(tf.slice(h, [0, 0], [1, -1]), body.reach(h).up);
  const reach = tf.sum(tf.abs(x), 0);
  const tie = tf.mul(
    tf.add(tf.reshape(reach, asFirst), tf.reshape(reach, asSecond)),
    constants.filled([], TIE),
  );
  const lead = tf.sub(tf.reshape(most, [places, places, count]), tie) as tf.Tensor3D;
  return select(windows.areTwo(), lead, constants.filled(lead.shape, -HUGE) as tf.Tensor3D);
}

/** The entry to lift: last time's, else the one with the least lift. */
function placeOf(
  needed: tf.Tensor2D,
  windows: DeviceWindows,
  previous: tf.Tensor | undefined,
  constants: DeviceConstants,
): tf.Tensor2D {
  const ease = tf.neg(needed);
  if (!previous) return chosenRows(ease, constants);
  const isPrevious = tf.equal(windows.numbers(), previous);
  return chosenRows(select(isPrevious, constants.filled(needed.shape, HUGE) as tf.Tensor2D, ease), constants);
}

/** The rival that leads the lifted entry most, on the region where it does. */
function rivalOf(
  pairs: readonly tf.Tensor3D[],
  place: tf.Tensor2D,
  activeRegion: tf.Tensor2D,
  constants: DeviceConstants,
): tf.Tensor2D {
  const [places, count] = place.shape;
  const lifted = tf.reshape(place, [places, 1, count]);
  const rivals = pairs.map(each => tf.sum(tf.mul(each, lifted), 0) as tf.Tensor2D);
  const shares = rivals.length === 1 ? undefined : tf.split(activeRegion, rivals.length);
  const leads = shares
    ? rivals.map((each, r): tf.Tensor2D => tf.mul(each, shares[r])).reduce((sum, each) => tf.add(sum, each))
    : rivals[0];
  return chosenRows(leads, constants);
}
