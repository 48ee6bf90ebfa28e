import { enforce, forward, type Network, PoliceError, type Region } from '@police/core';
import { readModel } from '@police/onnx-import';
import type { Shape } from '../state/settings.js';
import { bendsOf } from './bends.js';
import { SIDE, type View } from './messages.js';
import { regionOf } from './regions.js';
import { probesOf, residualOf } from './residual.js';
import { PICTURE } from './session.js';

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
  const { data, cols } = forward(net, PICTURE);
  return {
    values: Float32Array.from({ length: SIDE * SIDE }, (_, i) => data[i * cols]),
    residual: residualOf(probesOf(regions), points => forward(net, points)),
    bends: bendsOf(net, PICTURE, SIDE),
  };
}
