import type { AffineMap } from '../frames/affine-map.js';
import type { EnforceReport } from '../maps/report.js';
import type { Network } from '../network/network.js';

/** What the `freeze` of an adapter gives; `Model` is the framework's own. */
export interface FrozenModel<Model> {
  /** A plain model of the framework, its weights exactly affine on the regions. */
  readonly model: Model;
  /** The same weights as a core network, for export and verification. */
  readonly network: Network;
  /** The map A, b that the network is on each region, in the order of the regions. */
  readonly maps: readonly AffineMap[];
  /** What the constraint did to the model, as `enforce` tells it. */
  readonly report: EnforceReport;
}
