import { assertSize } from '../errors.js';
import { assertMapFits, type PrescribedMap, prescribedFrame } from '../maps/prescribe.js';
import { type Matrix, matrix } from '../numeric/matrix.js';
import type { PolicedForward } from './policed-backward.js';

/** How far the maps on the regions are from those wanted, and the gradient of that. */
export interface MapPenalty {
  /** Sum of squares over regions, frame rows and outputs. */
  readonly value: number;
  /** dvalue/d(frame values of the output), `[dᵣ + 1, outSize]` per region: `dOutputFrames` of `policedBackward`. */
  readonly dOutputFrames: readonly Matrix[];
}

/**
 * The paper's barrier (Eqs. 1 and 2) as a differentiable penalty, for training towards a map where an exact correction is not
 * wanted: Σ ‖(A_R − A) directionᵢ‖² for a Jacobian alone, and ‖f(origin) − (A origin + b)‖² besides for a whole map. The
 * constrained network is affine on R, so its frame tells its Jacobian along R without a sample, and a zero penalty is
 * the prescribed map all over R. `wanted` has one entry per region; undefined leaves a region free.
 *
 * Throws `shape` or `not-finite`.
 *
 * @example
 * const run = policedForward(net, regions, x);
 * const { value, dOutputFrames } = mapPenalty(run, [{ A }]);
 * policedBackward(run, dOutput, { dOutputFrames });
 */
export function mapPenalty(
  { net, regions, pass }: PolicedForward,
  wanted: readonly (PrescribedMap | undefined)[],
): MapPenalty {
  assertSize(wanted.length, regions.length, 'mapPenalty', 'prescribed maps, one per region,');
  const outputs = pass.values.get(net.nodes.at(-1)!.name)!;
  let value = 0;
  const dOutputFrames = regions.map((region, r) => {
    const gradient = matrix(region.frame.rows, net.outputSize);
    const map = wanted[r];
    if (!map) return gradient;
    assertMapFits(map, net.outputSize, net.inputSize, `prescribed map ${r}`);
    const goal = prescribedFrame(region, map);
    for (let i = map.b ? 0 : 1; i < goal.rows; i++) {
      for (let j = 0; j < goal.cols; j++) {
        const at = i * goal.cols + j;
        const miss = outputs[r].data[at] - goal.data[at];
        value += miss * miss;
        gradient.data[at] = 2 * miss;
      }
    }
    return gradient;
  });
  return { value, dOutputFrames };
}
