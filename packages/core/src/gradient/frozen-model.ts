import type { AffineMap } from '../frames/affine-map.js';
import type { EnforceReport } from '../maps/report.js';
import type { Network } from '../network/network.js';
import type { CertifiedDemand } from '../proof/certificate.js';

/** What every adapter's `freeze` gives. */
export interface FrozenModel<Model> {
  /** A plain model of the framework, its stored weights exactly affine on the regions. */
  readonly model: Model;
  /** The same weights as a network, for export and verification. */
  readonly network: Network;
  /** A and b of each region's map `A x + b`, in the order of the regions. */
  readonly maps: readonly AffineMap[];
  /** What is proved of the regions' maps besides, in the order of the regions; absent where no target is a demand. */
  readonly demands?: readonly (CertifiedDemand | undefined)[];
  /** What the constraint did to the trained model's units, before rounding. */
  readonly report: EnforceReport;
}
