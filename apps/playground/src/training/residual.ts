import { seededRng } from '@police/common/random';
import { type ChordProbe, chordProbe, type Matrix, type Region } from '@police/core';

const CHORDS = 64;

/** Random chords of each region, the same for the same region. */
export const probesOf = (regions: readonly Region[]): ChordProbe[] =>
  regions.map(region => chordProbe(region, CHORDS, seededRng(7)));

/** The largest deviation from affine on the chords. */
export const residualOf = (probes: readonly ChordProbe[], outputsAt: (points: Matrix) => Matrix): number =>
  probes.reduce((largest, { points, residual }) => Math.max(largest, residual(outputsAt(points))), 0);
