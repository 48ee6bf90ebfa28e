import type { Matrix } from '@police/core';
import type { BenchCase } from '../cases/case.js';

/** One of the things that take turns. */
export interface Contender {
  readonly name: string;
  /** What is timed: it returns when the device has finished. */
  run(): void | Promise<void>;
  /** Steps in one `run`. @defaultValue 1 */
  readonly steps?: number;
  /** Rounds it takes part in at most, for what takes many times as long as the others. */
  readonly rounds?: number;
  /** Done after every `run`, untimed: puts back what it changed. */
  after?(): void;
  /** Work of a step over that of the first contender's. */
  readonly bound?: number;
  /** Outputs `[n, outSize]` at points `[n, D]`, of contenders that must be affine on the region. */
  evaluate?(points: Matrix): Matrix | Promise<Matrix>;
}

export interface Device {
  /** As the driver calls it. */
  readonly renderer: string;
  /** Whether it is a GPU that the processor emulates, which says nothing about the speed of one. */
  readonly isSoftware: boolean;
  /** Name and version of the browser it was used from. */
  readonly browser?: string;
}

/** A case made ready on a backend. */
export interface Prepared {
  /** What it computes on, unless that is the processor. */
  readonly device?: Device;
  /** The first is what the others are compared with. */
  readonly contenders: readonly Contender[];
  /** Contenders that cannot take part, and why. */
  readonly absent: Readonly<Record<string, string>>;
  /** Runs once, untimed, and reports the peak of tensor bytes and the kernels launched, where the framework tells. */
  profile?(run: () => void | Promise<void>): Promise<{ peakBytes: number; kernels: number }>;
  dispose(): void | Promise<void>;
}

/** This machine lacks what a backend needs: no case can run on it. */
export class Unavailable extends Error {}

/** A framework that cases can run on. */
export interface Backend {
  readonly name: string;
  /** Half the distance of 1 to the next number it computes with. */
  readonly roundoff: number;
  /** Where it runs. @defaultValue 'node' */
  readonly host?: 'node' | 'browser';
  /** Nominal multiply-adds per second on a case, to refuse what would take hours and to foretell the time left. */
  speed(spec: BenchCase): number;
  /** Rows of data in a step of the case: 1 where a framework trains sample by sample. */
  batchOf(spec: BenchCase): number;
  /** Why it cannot run a case; undefined if it can. */
  refusal(spec: BenchCase): string | undefined;
  /** Throws {@link Unavailable} if this machine lacks what it needs, and what the framework throws. Contenders named in `without` are left out. */
  prepare(spec: BenchCase, without: ReadonlySet<string>): Promise<Prepared>;
}
