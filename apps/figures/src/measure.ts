import { seededRng } from '@police/common/random';
import type { Task } from '@police/common/task';
import { chordProbe, type PrescribedMap, type Region } from '@police/core';
import { outputsAt, type PlainNetwork } from './plain-network.js';

const CHORDS = 2000;

/** The task's loss over all its points. */
export function lossOn({ points, values, loss }: Task, net: PlainNetwork): number {
  const outputs = outputsAt(net, points);
  const terms = Float64Array.from(outputs, (z, i) =>
    loss === 'squared'
      ? (z - values[i]) ** 2
      : Math.max(z, 0) - z * values[i] + Math.log1p(Math.exp(-Math.abs(z))),
  );
  return terms.reduce((sum, term) => sum + term, 0) / terms.length;
}

/** How far the network is from affine on random chords of the regions: the largest deviation, in float32. */
export function affineResidual(net: PlainNetwork, regions: readonly Region[], seed: number): number {
  const residuals = regions.map(region => {
    const probe = chordProbe(region, CHORDS, seededRng(seed));
    const outputs = outputsAt(net, Float32Array.from(probe.points.data));
    const data = Float64Array.from(outputs);
    return probe.residual({ rows: 3 * CHORDS, cols: data.length / (3 * CHORDS), data });
  });
  return residuals.reduce((max, residual) => Math.max(max, residual), 0);
}

/** The largest |f(x) − (A x + b)| at random points of the region, its corners among them, in float32. */
export function mapError(net: PlainNetwork, region: Region, { A, b }: PrescribedMap, seed: number): number {
  const points = Float32Array.from(chordProbe(region, CHORDS, seededRng(seed)).points.data);
  const errors = outputsAt(net, points).map((y, i) => {
    const [row, out] = [Math.floor(i / A.rows), i % A.rows];
    const wanted =
      A.data[2 * out] * points[2 * row] + A.data[2 * out + 1] * points[2 * row + 1] + (b?.[out] ?? 0);
    return Math.abs(y - wanted);
  });
  return errors.reduce((max, error) => Math.max(max, error), 0);
}
