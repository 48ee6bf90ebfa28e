import { type BenchCase, dense } from './case.js';

const SIMPLEX = { kind: 'simplex' } as const;

/** The paper's Table 1: D, depth, width, and the slow-down on its GPU. */
const PAPER = [
  [2, 2, 256, 4.5],
  [2, 4, 64, 5.7],
  [2, 4, 4096, 1.4],
  [784, 2, 1024, 5.5],
  [784, 8, 1024, 6.6],
  [3072, 6, 4096, 3.9],
] as const;

/** D, width, depth in the README of the authors' code. */
const README = [
  [784, 128, 4],
  [2, 512, 16],
  [3072, 4096, 2],
] as const;

/** The smallest runs everywhere under `--quick`; a step of the largest takes minutes, and is what the table ends in. */
function extent(size: number, depth: number, width: number): Pick<BenchCase, 'quick' | 'patience'> {
  if (size === 3072) return { quick: 'no', patience: 125 };
  if (width > 1024 || depth === 8) return { quick: 'no', patience: 15 };
  return width === 64 ? { quick: 'everywhere', patience: 2 } : { quick: 'node' };
}

/** Batch 1024, forward and backward, on the simplex {0, e_i}/√D, leaky ReLU. */
export const table1: readonly BenchCase[] = PAPER.map(([size, depth, width, paper]) => ({
  name: `table1/${size}-${depth}-${width}`,
  task: 'train',
  model: dense(size, depth, width),
  region: SIMPLEX,
  batch: 1024,
  seed: 1,
  ...extent(size, depth, width),
  paper,
}));

/** The nets of the authors' README, measured as Table 1 is. */
export const authorsReadme: readonly BenchCase[] = README.map(([size, width, depth]) => ({
  name: `readme/${size}x${width}x${depth}`,
  task: 'train',
  model: dense(size, depth, width),
  region: SIMPLEX,
  batch: 1024,
  seed: 1,
  quick: size === 784 ? 'node' : 'no',
  ...(size === 3072 ? { patience: 25 } : {}),
}));
