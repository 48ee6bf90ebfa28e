import { box, convexHull, type Matrix, PoliceError, type Region, rowOf } from '@police/core';
import type { Memory } from '../memory.js';
import { frameBytesOf } from '../region-bytes.js';
import { readSamples } from '../samples.js';
import type { Terminal } from '../terminal.js';
import { REGION_AROUND } from './around.js';
import { boundsOf } from './intervals.js';
import type { RegionSource } from './sources.js';

/** The ways to say a region that need no file of regions. */
export type SaidRegion = Extract<RegionSource, { kind: 'box' | 'around' | 'hull' }>;

/**
 * The regions of an option such as `--around x.npy --radius 0.05`. `size` is the model's, or undefined where the words must tell. Memory is
 * claimed before a region is made.
 */
export async function saidRegions(
  source: SaidRegion,
  { size, memory }: { readonly size: number | undefined; readonly memory: Memory },
  terminal: Terminal,
): Promise<Region[]> {
  switch (source.kind) {
    case 'box': {
      const { lower, upper } = await boxBounds(source.bounds, size, terminal);
      const free = lower.reduce((count, lo, i) => (lo < upper[i] ? count + 1 : count), 0);
      memory.claimRegion(frameBytesOf(lower.length, free), '--box');
      return [box(lower, upper)];
    }
    case 'around': {
      const samples = await readSamples(source.path, size, terminal);
      const directions = source.radius === 0 ? 0 : samples.cols;
      memory.claimRegion(samples.rows * frameBytesOf(samples.cols, directions), `--around ${source.path}`);
      return rowsOf(samples).map(x => REGION_AROUND[source.norm](x, source.radius));
    }
    case 'hull': {
      const samples = await readSamples(source.path, size, terminal);
      const directions = Math.min(samples.rows - 1, samples.cols);
      memory.claimRegion(frameBytesOf(samples.cols, directions + samples.rows), `--hull ${source.path}`);
      return [convexHull(rowsOf(samples))];
    }
  }
}

async function boxBounds(
  bounds: string | readonly [string, string],
  size: number | undefined,
  terminal: Terminal,
): Promise<{ lower: Float64Array; upper: Float64Array }> {
  if (typeof bounds === 'string') return boundsOf(bounds, size, `--box ${bounds}`);
  const lower = await onePoint(bounds[0], size, terminal);
  return { lower, upper: await onePoint(bounds[1], lower.length, terminal) };
}

async function onePoint(path: string, size: number | undefined, terminal: Terminal): Promise<Float64Array> {
  const samples = await readSamples(path, size, terminal);
  if (samples.rows === 1) return samples.data;
  throw new PoliceError({
    code: 'shape',
    where: `--box ${path}`,
    expected: 'one point, the bounds of every coordinate',
    actual: `${samples.rows} of ${samples.cols} coordinates`,
  });
}

function rowsOf(samples: Matrix): Float64Array[] {
  return Array.from({ length: samples.rows }, (_, i) => rowOf(samples, i));
}
