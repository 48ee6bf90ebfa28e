import {
  type Certificate,
  type Certified,
  PoliceError,
  type Precision,
  type Region,
  type Uncertified,
} from '@police/core';
import type { ImportedModel } from '@police/onnx-import';
import {
  HALF_SENTENCE,
  inferenceSentence,
  largestInferenceError,
  largestOf,
  overflowIn,
  overflowSentence,
} from './inference-bound.js';
import { differenceSentence, replayIfInstalled } from './replay-command.js';
import type { Report } from './report.js';

/** Nothing is written that does not hold; what `verify` says of it is the better message for a library's error. */
export function assertProved(proof: Certified | Uncertified): asserts proof is Certified {
  if (proof.certified) return;
  const { layer, unit, region, margin } = proof;
  throw new PoliceError({
    code: 'not-frozen',
    where: layer,
    expected: 'a model that is affine on every region once written and read again',
    actual: `unit ${unit}, which may bend on region ${region}: it is short of its kink by ${-margin}`,
  });
}

/** A file that is affine on paper and infinite where it runs keeps no promise. */
export function assertNoOverflow(proof: Certified, precision: Precision['name']): void {
  const overflow = overflowIn(proof, precision);
  if (!overflow) return;
  throw new PoliceError({
    code: 'not-frozen',
    where: overflow.overflow,
    expected: 'numbers that float32 holds, on the way too',
    actual: overflowSentence(overflow),
    remedy: 'Take a smaller region, or scale the weights of the layers before it down.',
  });
}

/** Points of each region at which what is written is run. */
const SAMPLES = 16;

/**
 * What ONNX Runtime computes, where it is installed: throws `not-frozen` for a difference, whatever the proof says; a file that it does not run is
 * a warning, since the proof does not need it.
 */
export async function runOf(
  bytes: Uint8Array,
  model: ImportedModel,
  regions: readonly Region[],
  { regions: proofs }: Certified,
): Promise<{ samples: number } | { warning: string } | undefined> {
  if (model.arithmetic === 'float16') return undefined;
  try {
    const found = await replayIfInstalled(bytes, model, regions, proofs, SAMPLES);
    if (!found?.difference) return found;
    throw new PoliceError({
      code: 'not-frozen',
      where: 'onnxruntime-web',
      expected: 'what was proved',
      actual: `another number. ${differenceSentence(found.difference)}`,
    });
  } catch (error) {
    if (!(error instanceof PoliceError && error.code === 'unsupported-layer')) throw error;
    return { warning: `not run: ${error.message}` };
  }
}

/** What a certificate says, in short. */
export function summaryOf(
  { layers, regions }: Certificate,
  isHalf: boolean,
): Pick<Report, 'smallestMargin' | 'inferenceError' | 'inference' | 'approximationError'> {
  const margins = layers.map(({ smallestMargin }) => smallestMargin).filter(margin => margin !== null);
  const tails = regions.flatMap(({ approximationError }) =>
    approximationError ? [largestOf(approximationError)] : [],
  );
  return {
    smallestMargin: margins.length > 0 ? Math.min(...margins) : null,
    inferenceError: regions.map(region => (isHalf ? null : largestInferenceError(region))),
    inference: isHalf
      ? [HALF_SENTENCE]
      : regions.map((region, r) => `Region ${r}: float32 inference ${inferenceSentence(region)}.`),
    ...(tails.length > 0 ? { approximationError: largestOf(tails) } : {}),
  };
}
