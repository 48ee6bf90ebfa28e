import type { Matrix } from '@police/core';
import type { Backend, Contender, Prepared } from '../src/backends/backend.js';
import { type BenchCase, dense } from '../src/cases/case.js';
import type { Machine } from '../src/machine.js';
import type { Settings } from '../src/measure.js';
import type { CaseResult, Results } from '../src/results.js';

export const smallCase: BenchCase = {
  name: 'test/small',
  task: 'train',
  model: dense(3, 2, 6),
  region: { kind: 'simplex' },
  batch: 5,
  seed: 7,
  quick: 'no',
};

/** As little as measuring can be. */
export const BRIEF: Settings = { budget: 0, leastRounds: 5, mostRounds: 5, warmUp: 0, leastTiming: 0 };

/** A backend whose contenders are the test's. */
export function fakeBackend(contenders: readonly Contender[], more: Partial<Prepared> = {}): Backend {
  return {
    name: 'fake',
    roundoff: 2 ** -53,
    speed: () => Number.POSITIVE_INFINITY,
    batchOf: spec => spec.batch,
    refusal: () => undefined,
    prepare: async () => ({ contenders, absent: {}, dispose: () => {}, ...more }),
  };
}

/** Holds up the thread. */
export function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** One output per point. */
export const valuesOf = (points: Matrix, f: (x: Float64Array) => number): Matrix => ({
  rows: points.rows,
  cols: 1,
  data: Float64Array.from({ length: points.rows }, (_, i) =>
    f(points.data.slice(i * points.cols, (i + 1) * points.cols)),
  ),
});

const machine: Machine = {
  cpu: 'test',
  cores: 1,
  memoryGiB: 1,
  platform: 'test',
  node: '20',
  packages: {},
};

export const resultsOf = (...results: CaseResult[]): Results => ({
  version: 1,
  started: '2024-01-01T00:00:00.000Z',
  quick: false,
  machine,
  results,
});
