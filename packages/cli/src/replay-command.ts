import { PoliceError, type Region, type RegionProof } from '@police/core';
import type { ImportedModel } from '@police/onnx-import';
import { type Difference, replay } from './replay.js';
import { shortNumber } from './report.js';
import { loadRuntime, startRuntime } from './runtime.js';

export interface Replayed {
  /** Points of each region. */
  readonly samples: number;
  readonly difference?: Difference;
}

const DEFAULT_SAMPLES = 100;

/** Runs the file where regions are proved. Throws `unsupported-layer` where that cannot be done. */
export async function replayOrThrow(
  bytes: Uint8Array,
  model: ImportedModel,
  regions: readonly Region[],
  proofs: readonly RegionProof[],
  { samples = DEFAULT_SAMPLES }: { readonly samples?: number },
): Promise<Replayed> {
  const replayed = await replayIfInstalled(bytes, model, regions, proofs, samples);
  if (replayed) return replayed;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: '--run',
    expected: 'onnxruntime-web, which runs the model',
    actual: 'not installed',
    remedy: 'npm install onnxruntime-web',
  });
}

/** As {@link replayOrThrow}; undefined where ONNX Runtime is not installed. */
export async function replayIfInstalled(
  bytes: Uint8Array,
  model: ImportedModel,
  regions: readonly Region[],
  proofs: readonly RegionProof[],
  samples: number,
): Promise<Replayed | undefined> {
  const ort = await loadRuntime();
  if (!ort) return undefined;
  if (model.arithmetic === 'float16') {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: 'onnxruntime-web',
      expected: 'a model in float32 or float64, for whose inference a bound is given',
      actual: 'float16',
    });
  }
  const runtime = await startRuntime(ort, bytes, model);
  try {
    const difference = await replay(model, runtime, regions, proofs, samples);
    return { samples, ...(difference ? { difference } : {}) };
  } finally {
    await runtime.release();
  }
}

export function differenceSentence(difference: Difference): string {
  const { region, output, point, computed, expected, allowed } = difference;
  const shown = `${point.slice(0, 8).map(shortNumber).join(', ')}${point.length > 8 ? ', …' : ''}`;
  return `NOT as run: ONNX Runtime computes ${computed} for output ${output} at [${shown}] of region ${region}, where the proof says ${expected} up to ${shortNumber(allowed)}.`;
}
