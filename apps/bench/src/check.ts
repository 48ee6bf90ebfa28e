import { seededRng } from '@police/common/random';
import { chordProbe, type Matrix, type Region } from '@police/core';
import type { Contender } from './backends/backend.js';
import { type BenchCase, inputSizeOf } from './cases/case.js';
import { regionOf } from './cases/region.js';
import { widthsOf } from './cases/seeded.js';

const CHORDS = 32;

/** Standard deviations of the rounding that are allowed. */
const DEVIATIONS = 8;

export interface Checked {
  readonly contender: string;
  /** Largest deviation from affine on random chords of the region. */
  readonly residual: number;
  readonly tolerance: number;
}

/** How far every contender that must be affine on the region is from that. NaN fails as well: compare with `≤`. */
export async function checkAll(
  spec: BenchCase,
  contenders: readonly Contender[],
  roundoff: number,
): Promise<Checked[]> {
  const checks: Checked[] = [];
  const region = regionOf(spec);
  for (const contender of contenders) {
    if (contender.evaluate) checks.push(await checkOne(spec, region, contender, roundoff));
  }
  return checks;
}

async function checkOne(
  spec: BenchCase,
  region: Region,
  { name, evaluate }: Contender,
  roundoff: number,
): Promise<Checked> {
  const random = seededRng(spec.seed);
  const { points, residual } = chordProbe(region, CHORDS, random);
  const values = await evaluate!(points);
  const others = await evaluate!(flipped(points, random));
  const largest = Math.max(...values.data.map(Math.abs), ...others.data.map(Math.abs));
  return { contender: name, residual: residual(values), tolerance: tolerance(spec, largest, roundoff) };
}

/**
 * The points with random signs. Outputs on a small region are near one number, which may happen to be near 0 although sums
 * of large terms lead to it; at points of the same size elsewhere they are not all so.
 */
const flipped = ({ data, ...shape }: Matrix, random: () => number): Matrix => ({
  ...shape,
  data: data.map(x => (random() < 0.5 ? -x : x)),
});

/**
 * What rounding alone may do to a chord: roundings of a sum of n products are independent to a good approximation, so the
 * error of a layer is about √n units of roundoff of its values, and errors of layers add up in squares. Eight times
 * √(Σ n) · roundoff, of the largest output, is beyond any chance (Higham & Mary 2019: 2 exp(−8²/2) each), and far below
 * what a unit that bends does.
 */
function tolerance(spec: BenchCase, largest: number, roundoff: number): number {
  const terms = fanIns(spec).reduce((sum, n) => sum + n, 0);
  return DEVIATIONS * Math.sqrt(terms) * roundoff * largest;
}

/** Products, and a bias, summed into a unit, layer by layer; one more for the rounding of the inputs. */
function fanIns({ model }: BenchCase): number[] {
  if (model.kind === 'dense') return [1, ...widthsOf(model).slice(0, -1)].map(size => size + 1);
  const convolutions = [1, ...model.channels.slice(0, -1)].map(channels => 9 * channels + 1);
  return [1, ...convolutions, inputSizeOf(model) * model.channels.at(-1)! + 1];
}
