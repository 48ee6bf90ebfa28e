import { ball, boxAround, crossPolytope, type Region } from '@police/core';

/** The norms that a radius may be of: of a box, a ball, a cross-polytope. */
export type Norm = 'inf' | '2' | '1';

/** The region of a norm and radius around a point. */
export const REGION_AROUND: Readonly<Record<Norm, (x: Float64Array, radius: number) => Region>> = {
  inf: boxAround,
  '2': ball,
  '1': crossPolytope,
};
