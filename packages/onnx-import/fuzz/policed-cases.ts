import type { TestModel } from '../test/onnx.js';
import { OPSETS, randomModel, type Tally } from './cases.js';
import type { DataType } from './draft.js';
import { Random } from './random.js';

/** A random model to be policed; undefined where none came of the seed. */
export function policedCase(seed: number, tried: Tally): TestModel | undefined {
  const rng = new Random(seed);
  const dtype: DataType = rng.chance(0.7) ? 'float32' : rng.pick(['float64', 'float16']);
  return randomModel(rng, rng.pick(OPSETS), dtype, tried);
}
