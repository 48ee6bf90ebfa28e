import { ball, type Region, vPolytope } from '@police/core';
import type { Shape } from '../state/settings.js';

/** A shape as a region of core's. */
export const regionOf = (shape: Shape): Region =>
  shape.kind === 'disc'
    ? ball([...shape.centre], shape.radius)
    : vPolytope(shape.points.map(point => [...point]));
