import { seededRng } from '@police/common/random';
import { chordProbe, type Matrix, PoliceError, type Region } from '@police/core';
import { changeCounts } from '@police/core/adapter';
import type { Shape } from '../state/settings.js';
import { gridOf } from '../training/targets.js';
import type { Evaluator } from './evaluator.js';
import { type Promised, patched, shifted } from './keep.js';
import { type Attempt, type Comparison, OWN_SIDE } from './messages.js';
import { evaluatorOf, type OwnModel } from './open.js';
import { inputsAt, regionIn, type Slice } from './slice.js';

/** A model before, and after each of the two ways of keeping the promise on the shapes of a slice. `output`: which one is in view. */
export async function compare(
  model: OwnModel,
  slice: Slice,
  shapes: readonly Shape[],
  output: number,
): Promise<Comparison> {
  const regions = shapes.map(shape => regionIn(slice, shape));
  const inputs = inputsAt(slice, gridOf(OWN_SIDE));
  const before = await model.evaluator.at(inputs);
  const attempt = async (way: typeof shifted): Promise<Attempt> => {
    try {
      return await kept(await way(model, regions), { model, regions, inputs, before, output });
    } catch (error) {
      // The other way may be open.
      if (error instanceof PoliceError) return { problem: error.message };
      throw error;
    }
  };
  return {
    before: { values: column(before, output), residual: await residualOf(model.evaluator, regions) },
    shift: await attempt(shifted),
    patch: await attempt(patched),
  };
}

interface Looked {
  readonly model: OwnModel;
  readonly regions: readonly Region[];
  readonly inputs: Matrix;
  readonly before: Matrix;
  readonly output: number;
}

async function kept(
  { bytes, read, certificate, done }: Promised,
  { model, regions, inputs, before, output }: Looked,
): Promise<Attempt> {
  const evaluator = await evaluatorOf(bytes, model.ends, read);
  try {
    const after = await evaluator.at(inputs);
    const { decisionsChanged, outputsChanged, largestChange } = changeCounts(before, after, 'largest');
    const values = column(after, output);
    const old = column(before, output);
    return {
      values,
      difference: values.map((y, i) => y - old[i]),
      decisionsKept: 1 - decisionsChanged / inputs.rows,
      changed: outputsChanged / inputs.rows,
      largestChange,
      residual: await residualOf(evaluator, regions),
      done,
      onnx: bytes,
      certificate,
    };
  } finally {
    await evaluator.release();
  }
}

const column = ({ rows, cols, data }: Matrix, j: number): Float32Array =>
  Float32Array.from({ length: rows }, (_, i) => data[i * cols + j]);

const CHORDS = 64;

/** Largest deviation from affine on random chords of the regions, the same for the same regions. */
async function residualOf({ at }: Evaluator, regions: readonly Region[]): Promise<number> {
  let largest = 0;
  for (const region of regions) {
    const { points, residual } = chordProbe(region, CHORDS, seededRng(7));
    largest = Math.max(largest, residual(await at(points)));
  }
  return largest;
}
