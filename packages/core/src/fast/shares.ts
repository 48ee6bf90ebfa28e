import type { Kernels } from './kernel.js';

/** What all shares of a chunk have in common: addresses and sizes in bytes. */
export interface Job {
  readonly groups: number;
  /** Panels of a group, of `WIDE` channels and of one. */
  readonly widePanels: number;
  readonly singlePanels: number;
  /** Positions for wide panels and for single ones. */
  readonly wide: number;
  readonly wideEnd: number;
  readonly single: number;
  readonly singleEnd: number;
  readonly weights: number;
  readonly widePanelBytes: number;
  readonly singlePanelBytes: number;
  /** Of one row. */
  readonly inRowBytes: number;
  readonly outRowBytes: number;
  /** Inputs of a group in lanes. */
  readonly groupBytes: number;
  /** Outputs of a channel in lanes. */
  readonly channelBytes: number;
  readonly markBytes: number;
}

/** Batches that one thread does; what it reads and writes is its own. */
export interface Share {
  readonly batches: number;
  /** Rows one after the other: the inputs, then the outputs in their place. */
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly marks: number;
}

/** What is done with a share: its rows go into lanes, or its lanes are multiplied and go back into rows. */
export const STEPS = { load: 0, multiply: 1 } as const;

/** Words at the begin of the memory by which threads agree, and how many shares they have room for. */
export const MOST_SHARES = 256;
const WORDS = { generation: 0, left: 1, done: 2, failed: 3, step: 4, job: 8, shares: 32, shareWords: 8 };
const CONTROL_WORDS = WORDS.shares + MOST_SHARES * WORDS.shareWords;
export const CONTROL_BYTES: number = 4 * CONTROL_WORDS;

export const controlOf = (buffer: ArrayBufferLike): Int32Array => new Int32Array(buffer, 0, CONTROL_WORDS);

/** Writes what is to be done, before {@link doTogether}. */
export function writeShares(control: Int32Array, job: Job, shares: readonly Share[]): void {
  const { groups, widePanels, singlePanels, wide, wideEnd, single, singleEnd, weights } = job;
  const { widePanelBytes, singlePanelBytes, inRowBytes, outRowBytes, groupBytes, channelBytes, markBytes } =
    job;
  control.set([groups, widePanels, singlePanels, wide, wideEnd, single, singleEnd, weights], WORDS.job);
  control.set([widePanelBytes, singlePanelBytes, inRowBytes, outRowBytes], WORDS.job + 8);
  control.set([groupBytes, channelBytes, markBytes], WORDS.job + 12);
  shares.forEach(({ batches, rows, inputs, outputs, marks }, i) => {
    control.set([batches, rows, inputs, outputs, marks], WORDS.shares + i * WORDS.shareWords);
  });
}

/** Does one step for the shares written, together with the threads that wait, and returns when all is done. */
export function doTogether(control: Int32Array, kernels: Kernels, step: number, shares: number): void {
  control[WORDS.step] = step;
  Atomics.store(control, WORDS.done, 0);
  Atomics.store(control, WORDS.left, shares);
  Atomics.add(control, WORDS.generation, 1);
  Atomics.notify(control, WORDS.generation);
  takeShares(control, kernels, WORDS, doShare);
  for (let done = Atomics.load(control, WORDS.done); done < shares; done = Atomics.load(control, WORDS.done))
    Atomics.wait(control, WORDS.done, done);
  if (Atomics.load(control, WORDS.failed) !== 0)
    throw new Error('a thread failed while it multiplied frames');
}

/** Does one step with a share. It is sent to other threads as text: it may name nothing but its parameters. */
function doShare(control: Int32Array, job: number, share: number, step: number, kernels: Kernels): void {
  const [groups, widePanels, singlePanels, wide, wideEnd, single, singleEnd] = control.subarray(job, job + 7);
  const [weights, widePanelBytes, singlePanelBytes, inRowBytes, outRowBytes, groupBytes, channelBytes] =
    control.subarray(job + 7, job + 14);
  const markBytes = control[job + 14];
  const [batches, rows, inputs, outputs, marks] = control.subarray(share, share + 5);
  // Of 4 lanes: a batch in lanes is as large as its rows.
  const [inBytes, outBytes] = [4 * inRowBytes, 4 * outRowBytes];
  if (step === 0) {
    for (let b = 0; b < batches; b++) {
      const at = rows + b * inBytes;
      kernels.intoLanes(at, at + inRowBytes, inputs + b * inBytes, marks, marks + markBytes);
    }
    return;
  }
  let [panel, y] = [weights, outputs];
  // A panel's weights meet all batches before the next panel's do.
  for (let g = 0; g < groups && wide !== wideEnd; g++) {
    const x = inputs + g * groupBytes;
    for (let i = 0; i < widePanels; i++) {
      for (let b = 0; b < batches; b++)
        kernels.wide(wide, wideEnd, x + b * inBytes, panel, y + b * outBytes, channelBytes);
      panel += widePanelBytes;
      y += (widePanelBytes / singlePanelBytes) * channelBytes;
    }
    for (let i = 0; i < singlePanels; i++) {
      for (let b = 0; b < batches; b++)
        kernels.single(single, singleEnd, x + b * inBytes, panel, y + b * outBytes, channelBytes);
      panel += singlePanelBytes;
      y += channelBytes;
    }
  }
  for (let b = 0; b < batches; b++) {
    const at = rows + b * outBytes;
    kernels.outOfLanes(at, at + outRowBytes, outputs + b * outBytes);
  }
}

/** Does shares until none is left. It is sent to other threads as text: it may name nothing but its parameters. */
function takeShares(control: Int32Array, kernels: Kernels, words: typeof WORDS, done: typeof doShare): void {
  for (;;) {
    // Whoever finds one left may have slept since the step before: only what is read after taking it is about it.
    const left = Atomics.load(control, words.left);
    if (left === 0) return;
    if (Atomics.compareExchange(control, words.left, left, left - 1) !== left) continue;
    try {
      const share = words.shares + (left - 1) * words.shareWords;
      done(control, words.job, share, control[words.step], kernels);
    } catch (error) {
      Atomics.store(control, words.failed, 1);
      throw error;
    } finally {
      Atomics.add(control, words.done, 1);
      Atomics.notify(control, words.done);
    }
  }
}

/** How often a thread looks for its next step before it sleeps: some ten microseconds, less than waking takes. */
const LOOKS = 5_000;

/** What a thread runs, CommonJS: it does shares until it is ended. Of `node:worker_threads` it takes `workerData: { module, memory }`. */
export const THREAD_CODE: string = `
const { module: code, memory } = require('node:worker_threads').workerData;
const kernels = new WebAssembly.Instance(code, { memory: { memory } }).exports;
const control = new Int32Array(memory.buffer, 0, ${CONTROL_WORDS});
const words = ${JSON.stringify(WORDS)};
const takeShares = ${takeShares};
const doShare = ${doShare};
for (let generation = 0; ; ) {
  for (let i = 0; i < ${LOOKS} && Atomics.load(control, words.generation) === generation; i++);
  Atomics.wait(control, words.generation, generation);
  generation = Atomics.load(control, words.generation);
  takeShares(control, kernels, words, doShare);
}`;
