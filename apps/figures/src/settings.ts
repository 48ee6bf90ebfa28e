import type { NetworkShape } from '@police/common/network';

/** How one network is built and trained; the optimizer is AdamW. */
export interface Setup extends NetworkShape {
  readonly steps: number;
  /** Points drawn for each step; absent: all of them. */
  readonly batch?: number;
  readonly rate: number;
  /** Decoupled weight decay: each step takes this share of the rate off every weight. */
  readonly decay: number;
  /** The rate is multiplied by 0.3 this often, after equal numbers of steps. */
  readonly drops: number;
}

/** Everything that decides how long the figures take and how good the networks get. */
export interface Scale {
  readonly regression: Setup;
  /** The three ways to train side by side. */
  readonly ways: Setup;
  readonly evolution: Setup;
  readonly classification: Setup;
  readonly image: Setup;
  /** Points along each side of the grids trained on. */
  readonly side: number;
  /** Points drawn on each of the two curves of the classification task. */
  readonly samples: number;
}

/** The paper's setups, as the authors' scripts for Figs. 1 to 3 state them. */
const full: Scale = {
  regression: { width: 256, depth: 4, leak: 0.01, steps: 2000, rate: 5e-4, decay: 0.01, drops: 2 },
  ways: { width: 256, depth: 4, leak: 0.01, steps: 2000, rate: 5e-4, decay: 0.01, drops: 2 },
  evolution: { width: 256, depth: 3, leak: 0.01, steps: 2000, rate: 1e-3, decay: 0.01, drops: 3 },
  classification: { width: 128, depth: 3, leak: 0.01, steps: 2000, rate: 1e-3, decay: 1e-5, drops: 3 },
  image: { width: 256, depth: 4, leak: 0.01, steps: 4000, batch: 4096, rate: 1e-3, decay: 0.01, drops: 3 },
  side: 100,
  samples: 1024,
};

/** Narrower networks, fewer steps and random batches, at a higher rate, on the same data. */
const medium: Scale = {
  regression: { ...full.regression, width: 128, steps: 1500, batch: 512, rate: 2e-3 },
  ways: { ...full.ways, width: 64, steps: 1200, batch: 512, rate: 2e-3 },
  evolution: { ...full.evolution, width: 128, steps: 1500, batch: 512, rate: 2e-3 },
  classification: { ...full.classification, steps: 1000, rate: 2e-3 },
  image: { ...full.image, width: 128, steps: 2000, batch: 512, rate: 2e-3 },
  side: full.side,
  samples: full.samples,
};

/** To see that all works. */
const quick: Scale = {
  regression: { ...medium.regression, width: 48, steps: 300, batch: 512, rate: 4e-3 },
  ways: { ...medium.ways, width: 48, steps: 300, batch: 512, rate: 4e-3 },
  evolution: { ...medium.evolution, width: 48, steps: 300, batch: 512, rate: 4e-3 },
  classification: { ...medium.classification, width: 48, steps: 300, batch: 512, rate: 4e-3 },
  image: { ...medium.image, width: 48, steps: 300, batch: 512, rate: 4e-3 },
  side: 60,
  samples: full.samples,
};

export const scales = { full, medium, quick } as const;

export type ScaleName = keyof typeof scales;
