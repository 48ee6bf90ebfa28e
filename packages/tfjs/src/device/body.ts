import type { Region } from '@police/core';
import type { DeviceConstants } from './constants.js';
import type { DeviceBody } from './device-body.js';
import { pointsOnDevice, simplexOnDevice } from './points.js';
import { cubeOnDevice, discOnDevice, octahedronOnDevice } from './unit-balls.js';

const UNIT_BALLS = { cube: cubeOnDevice, disc: discOnDevice, octahedron: octahedronOnDevice };

/** A region's body on the device; undefined where it has no such form: polytopes known through linear programs. */
export function bodyOnDevice(
  region: Region,
  constants: DeviceConstants,
  name: string,
): DeviceBody | undefined {
  const { unitBall, points } = region.body;
  if (unitBall) return UNIT_BALLS[unitBall.kind](constants);
  if (!points) return undefined;
  return region.isSimplex
    ? simplexOnDevice(region, points, constants, name)
    : pointsOnDevice(region, points, constants, name);
}
