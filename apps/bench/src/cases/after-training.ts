import { type BenchCase, dense, type ModelSpec, type RegionSpec } from './case.js';

const NETS: readonly { name: string; model: ModelSpec; region: RegionSpec; quick: BenchCase['quick'] }[] = [
  { name: '2-4-64', model: dense(2, 4, 64), region: { kind: 'polygon', vertices: 3 }, quick: 'everywhere' },
  { name: '784-2-256', model: dense(784, 2, 256), region: { kind: 'box', radius: 0.05 }, quick: 'no' },
];

/** What the constraint costs once training is over: enforce, freeze, certify, export, import. */
export const tools: readonly BenchCase[] = NETS.map(net => ({
  ...net,
  name: `tools/${net.name}`,
  task: 'tools',
  batch: 1,
  seed: 1,
}));

/** Inference: the frozen model beside the plain one, which has the same layers. */
export const predict: readonly BenchCase[] = NETS.map(net => ({
  ...net,
  name: `predict/${net.name}`,
  task: 'predict',
  batch: 256,
  seed: 1,
}));
