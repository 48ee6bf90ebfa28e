import { type Matrix, matrix } from '@police/core';
import { PlainPatches } from './plain-network.js';
import { gridOf } from './targets.js';

/** The points of a picture, row by row from the top, and patches there. */
export class Raster {
  /** `[side², 2]`. */
  readonly points: Matrix;
  readonly patches: PlainPatches;

  constructor(readonly side: number) {
    this.points = matrix(side * side, 2, Float64Array.from(gridOf(side)));
    this.patches = new PlainPatches(this.points);
  }
}
