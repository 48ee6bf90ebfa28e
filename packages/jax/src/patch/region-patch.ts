import { numpy as np } from '@jax-js/jax';
import type { Gap, Region } from '@police/core';
import { gapApartFrom, leastGapApart } from '@police/core/adapter';
import { type Constant, constant, scalar, type Tensor } from '../arrays.js';
import type { RegionMap } from '../maps/region-map.js';
import { type GapFunction, gapFunction } from './gap-function.js';

/** An earlier patch that a later one must leave alone. */
interface Earlier {
  /** Of its region's bounding box, `[1, D]`. */
  readonly centre: Constant;
  readonly radii: Constant;
  /** Not more than the later patch's gap anywhere on that region. */
  readonly leastGap: number;
}

/** What a steepness that separates regions is multiplied by. */
const ALLOWANCE = 1.001;

/** Holds values between two cones around one region's map. */
export class RegionPatch {
  readonly gap: Gap;
  private readonly gapOf: GapFunction;
  private readonly earlier: readonly Earlier[];

  /** Throws `invalid-option` where the region meets one of an earlier patch, or what core's `gapOf` throws. */
  constructor(
    readonly region: Region,
    private readonly least: number,
    before: readonly Region[],
  ) {
    this.gap = gapApartFrom(region, before);
    this.gapOf = gapFunction(this.gap);
    this.earlier = before.map((other, r) => {
      const { lo, hi } = other.range(other.frame);
      const size = [1, other.size];
      return {
        centre: constant(
          lo.map((low, k) => (low + hi[k]) / 2),
          size,
        ),
        radii: constant(
          lo.map((low, k) => (hi[k] - low) / 2),
          size,
        ),
        leastGap: leastGapApart(this.gap.network, other, r, before.length),
      };
    });
  }

  /** Rows x `[..., D]` and values `[..., out]`, used up; the maps of all regions, this one's at `index`, are left. */
  hold(x: Tensor, value: Tensor, maps: readonly RegionMap[], index: number): Tensor {
    const centre = np.dot(x.ref, maps[index].A.ref).add(maps[index].b.ref);
    const radius = this.gapOf(x).mul(this.steepness(maps, index));
    const upper = centre.ref.add(radius.ref);
    return np.maximum(np.minimum(value, upper), centre.sub(radius));
  }

  /**
   * K `[1, out]`: as asked, or as much more as leaves the earlier regions to their maps, K d ≥ |their map − this one| on all of their
   * bounding boxes, what rounding does to the two maps included. Their difference there is at most |its value at the centre| + radii · |A|.
   */
  steepness(maps: readonly RegionMap[], index: number): Tensor {
    const { A, b } = maps[index];
    const { dtype } = A;
    const least = np.full([1, b.shape[0]], this.least, { dtype });
    return this.earlier.reduce((steepness, { centre, radii, leastGap: gap }, r) => {
      const other = maps[r];
      const difference = () => A.ref.sub(other.A.ref);
      const offset = np.dot(centre(dtype), difference()).add(b.ref.sub(other.b.ref));
      const most = np.abs(offset).add(np.dot(radii(dtype), np.abs(difference())));
      const reach = np.abs(centre(dtype)).add(radii(dtype));
      const slopes = np.abs(A.ref).add(np.abs(other.A.ref));
      const size = np.dot(reach, slopes).add(np.abs(b.ref)).add(np.abs(other.b.ref));
      // Each of the two maps, and their difference, in any order of summation; float32's covers float64's.
      const rounding = 4 * (this.region.size + 4) * FLOAT32_ROUNDOFF;
      const needed = most.add(size.mul(scalar(rounding, dtype))).mul(scalar(ALLOWANCE / gap, dtype));
      return np.maximum(steepness, needed);
    }, least);
  }
}

const FLOAT32_ROUNDOFF = 2 ** -24;
