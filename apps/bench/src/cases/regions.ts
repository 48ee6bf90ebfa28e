import { type BenchCase, dense, type RegionSpec } from './case.js';

const KINDS: readonly RegionSpec[] = [
  { kind: 'simplex' },
  { kind: 'polygon', vertices: 50 },
  { kind: 'box', radius: 0.5 },
  { kind: 'ball', radius: 0.5 },
];

/** One net in the plane, every kind of region. */
export const regionKinds: readonly BenchCase[] = KINDS.map(region => ({
  name: `region/${region.kind}`,
  task: 'train',
  model: dense(2, 3, 128),
  region,
  batch: 256,
  seed: 1,
  quick: region.kind === 'ball' ? 'node' : 'no',
}));

/** Two convolutions and a dense layer on 8 × 8 images. */
export const convolutions: readonly BenchCase[] = [
  { kind: 'simplex' } as const,
  { kind: 'box', radius: 0.05 } as const,
].map(region => ({
  name: `conv/${region.kind}`,
  task: 'train',
  model: { kind: 'conv', side: 8, channels: [8, 16] },
  region,
  batch: 64,
  seed: 1,
  quick: region.kind === 'box' ? 'node' : 'no',
}));
