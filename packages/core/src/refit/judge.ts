import type { ShiftSharing } from '../frames/policed-pass.js';
import { forward } from '../network/forward.js';
import type { Network } from '../network/network.js';
import { type Decision, decisionOf } from '../numeric/changes.js';
import { type Matrix, rowOf } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { type Candidate, shifted } from './candidate.js';
import { gapOf, outputScale } from './imitation-loss.js';

/** How near a network is to the original on points that it was not fitted on. */
export interface Verdict {
  /** Mean and largest absolute difference of an output. */
  readonly meanDrift: number;
  readonly largestDrift: number;
  /** Share of points whose decision is the same output. */
  readonly decisionAgreement: number;
  /** The same over the points that lie on no {@link plateaus}; `decisionAgreement` where all do. */
  readonly offPlateaus: number;
}

/** A plateau is shared by at least this share of the points, and its best two outputs differ by less than this share of the outputs' size. */
const SHARED = 0.05;
const NARROW = 0.5;

/**
 * The points `[n]` on a plateau: those whose outputs are, to the last bit, one vector that at least a twentieth of the points share, and whose best
 * two outputs differ by less than half the outputs' standard deviation. There one small change of a bias decides for all.
 */
export function plateaus(outputs: Matrix, decision: Decision): Uint8Array {
  const counts = new Map<string, number>();
  const keys = Array.from({ length: outputs.rows }, (_, i) => rowOf(outputs, i).join());
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  const narrow = NARROW * Math.sqrt(outputScale(outputs, decision).variance);
  return Uint8Array.from(keys, (key, i) =>
    Number(counts.get(key)! >= SHARED * outputs.rows && gapOf(rowOf(outputs, i), decision) < narrow),
  );
}

/** Compares networks, as they are once shifted, with the original on points that are held out. */
export interface Judge {
  verdictOn(candidate: Candidate): Verdict;
  /** Share of the points that lie on a plateau. */
  readonly plateauShare: number;
}

/** A judge on points `[n, inputSize]`, n ≥ 1. */
export function judgeOn(
  original: Network,
  regions: readonly Region[],
  points: Matrix,
  decision: Decision,
  sharing: ShiftSharing,
): Judge {
  const was = forward(original, points);
  const isOn = plateaus(was, decision);
  const onPlateau = isOn.reduce((sum, on) => sum + on, 0);
  return {
    plateauShare: onPlateau / points.rows,
    verdictOn: candidate => {
      const now = forward(shifted(candidate, regions, sharing).network, points);
      let [kept, keptOff, sum, largest] = [0, 0, 0, 0];
      for (let i = 0; i < points.rows; i++) {
        if (decisionOf(rowOf(was, i), decision) !== decisionOf(rowOf(now, i), decision)) continue;
        kept++;
        keptOff += 1 - isOn[i];
      }
      now.data.forEach((y, i) => {
        const by = Math.abs(y - was.data[i]);
        sum += by;
        largest = Math.max(largest, by);
      });
      const decisionAgreement = kept / points.rows;
      const off = points.rows - onPlateau;
      return {
        meanDrift: sum / now.data.length,
        largestDrift: largest,
        decisionAgreement,
        offPlateaus: off === 0 ? decisionAgreement : keptOff / off,
      };
    },
  };
}

/** Whether a network is nearer to the original than another: more decisions kept, or as many and outputs that drift less. */
export function isNearer(a: Verdict, b: Verdict): boolean {
  if (a.decisionAgreement !== b.decisionAgreement) return a.decisionAgreement > b.decisionAgreement;
  return a.meanDrift < b.meanDrift;
}
