import { box, PoliceError, type Region } from '@police/core';
import { boundsOf } from './intervals.js';

/**
 * The part of a region within bounds. Of a box that is a box; any other region must lie within them, where cutting changes nothing. Throws
 * `empty-region` or `invalid-option`.
 */
export function clipped(region: Region, clip: string): Region {
  const { lower, upper } = boundsOf(clip, region.size, '--clip');
  const ends = endsOf(region);
  const outside = ends.lower.findIndex((lo, i) => lo > upper[i] || ends.upper[i] < lower[i]);
  if (outside >= 0) {
    throw new PoliceError({
      code: 'empty-region',
      where: `--clip ${clip} coordinate ${outside}`,
      expected: `a region that meets ${lower[outside]}..${upper[outside]}`,
      actual: `${ends.lower[outside]}..${ends.upper[outside]}`,
      remedy: 'Clip to the values that the model’s inputs have, such as 0..255 for bytes.',
    });
  }
  const over = ends.lower.findIndex((lo, i) => lo < lower[i] || ends.upper[i] > upper[i]);
  if (over < 0) return region;
  if (region.kind === 'box') {
    return box(
      ends.lower.map((lo, i) => Math.max(lo, lower[i])),
      ends.upper.map((hi, i) => Math.min(hi, upper[i])),
    );
  }
  throw new PoliceError({
    code: 'invalid-option',
    where: `--clip ${clip} coordinate ${over}`,
    expected: `a box, or a region within ${lower[over]}..${upper[over]}`,
    actual: `a ${region.kind} with ${ends.lower[over]}..${ends.upper[over]}`,
    remedy: 'Take --norm inf, whose boxes are cut, or a smaller radius.',
  });
}

/** The least and the largest value `[D]` of every coordinate, of a box as it is given; computed ends lie outwards. */
function endsOf(region: Region): { lower: Float64Array; upper: Float64Array } {
  const json = region.toJSON();
  if (json.kind === 'box' && 'lower' in json) {
    return { lower: Float64Array.from(json.lower), upper: Float64Array.from(json.upper) };
  }
  if (json.kind === 'box') {
    const { centre, radii } = json;
    return {
      lower: Float64Array.from(centre, (c, i) => outwards(c, radii[i], -1)),
      upper: Float64Array.from(centre, (c, i) => outwards(c, radii[i], 1)),
    };
  }
  const { lo, hi } = region.range(region.frame);
  return { lower: lo, upper: hi };
}

/** c ± r, where that rounds inwards a unit in the last place further. */
function outwards(c: number, r: number, side: number): number {
  const b = side * r;
  const end = c + b;
  // What the sum lacks, exactly (Knuth's TwoSum).
  const taken = end - c;
  const error = c - (end - taken) + (b - taken);
  return side * error <= 0 ? end : end + side * Number.EPSILON * Math.abs(end);
}
