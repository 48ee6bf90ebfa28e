import type { ApproximationErrors } from '../frames/approximation-errors.js';
import type { Graph } from '../graph/node.js';
import { type Part, partOf } from './part.js';

/** What bounds, in a pass of so many regions, how far from affine smooth activations leave a model. */
export type BoundsOfSmoothness = (
  graph: Graph,
  regions: number,
) => Pick<ApproximationErrors, 'before' | 'keepShifts' | 'keepWinners'>;

export const smoothness: Part<BoundsOfSmoothness> = partOf('useSmoothActivations', "option 'epsilon'");
