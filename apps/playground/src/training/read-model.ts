import { chordProbe, enforce, forward, type Network, PoliceError, type Region } from '@police/core';
import { readModel } from '@police/onnx-import';
import type { Shape } from '../state/settings.js';
import { bendsOf } from './bends.js';
import { SIDE, type View } from './messages.js';
import { seeded } from './random.js';
import { regionOf } from './regions.js';
import { PICTURE, rowsOf } from './session.js';

/** The first output of someone's model of two inputs, as it is and with the constraint enforced. */
export interface ReadModel {
  readonly before: View;
  readonly after: View;
  readonly unitsShifted: number;
  readonly units: number;
}

/** Throws a `PoliceError` for a file that is no such model. */
export function compareModel(bytes: Uint8Array, shapes: readonly Shape[]): ReadModel {
  const { network } = readModel(bytes);
  if (network.inputSize !== 2) {
    throw new PoliceError({
      code: 'shape',
      where: 'this page',
      expected: 'a model of 2 inputs',
      actual: `one of ${network.inputSize}`,
      remedy: 'The police command enforces regions of any dimension.',
    });
  }
  const regions = shapes.map(regionOf);
  const enforced = enforce(network, regions);
  return {
    before: viewOf(network, regions),
    after: viewOf(enforced.network, regions),
    unitsShifted: enforced.report.shifted,
    units: enforced.report.units,
  };
}

function viewOf(net: Network, regions: readonly Region[]): View {
  const { data, cols } = forward(net, rowsOf(PICTURE));
  const residual = regions.reduce((largest, region) => {
    const probe = chordProbe(region, 64, seeded(7));
    return Math.max(largest, probe.residual(forward(net, probe.points)));
  }, 0);
  return {
    values: Float32Array.from({ length: SIDE * SIDE }, (_, i) => data[i * cols]),
    residual,
    bends: bendsOf(net, rowsOf(PICTURE), SIDE),
  };
}
