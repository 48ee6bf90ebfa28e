import {
  box,
  certify,
  type Enforced,
  type EnforceOptions,
  enforce,
  type FrozenLayer,
  float16,
  float32,
  float64,
  forward,
  freeze,
  type Matrix,
  matrix,
  type Network,
  PoliceError,
  type Region,
  type RegionProof,
} from '@police/core';
import { readModel, type Written, writeBack } from '../src/index.js';
import { rounderOf } from '../src/tensor.js';
import { buildModel, type TestModel } from '../test/onnx.js';
import { arithmeticOf, inputRows, type Outcome, runRuntime } from './compare.js';
import { Random } from './random.js';
import { deviations, withReported } from './reported.js';
import { worstExcess } from './rounding.js';

/** Points of each region that are run. */
const POINTS = 6;

const FORMATS = { float16, float32, float64 };

/** How far two orders of float64 sums of one real function may be apart, relative to the values. */
const REORDERED = 2 ** -40;

/**
 * Polices a model on random boxes and writes it back. The law: the written file is certified as read again, and is the frozen
 * network on points anywhere; in ONNX Runtime it is the original plus the reported shifts, in and out of the regions, and on
 * the regions A x + b.
 */
export async function comparePoliced(model: TestModel, seed: number): Promise<Outcome> {
  const rng = new Random(seed);
  const read = readModel(buildModel(model));
  const size = read.network.inputSize;
  const regions = randomBoxes(rng, size);
  let enforced: Enforced;
  let written: Written;
  const rounds: (readonly FrozenLayer[])[] = [];
  try {
    const frozenTo = (net: Network) => {
      const frozen = freeze(net, regions, { precision: read.precision });
      rounds.push(frozen.layers);
      return frozen.network;
    };
    const sharing = rng.pick<NonNullable<EnforceOptions['sharing']>>(['per-unit', 'per-channel']);
    enforced = enforce(read.network, regions, { sharing });
    written = writeBack(read, frozenTo(enforced.network), frozenTo);
  } catch (error) {
    if (error instanceof PoliceError) return { kind: 'refused', why: error.message };
    throw error;
  }
  const dtype = model.dtype ?? 'float32';
  const points = { outside: inputRows(rng, size, dtype), inside: pointsOf(regions, rng, size) };
  const again = readModel(written.bytes).network;
  const proof = certify(again, regions);
  if (!proof.certified) {
    const how = `${proof.layer} unit ${proof.unit} is short of its kink by ${-proof.margin}`;
    return { kind: 'different', how };
  }
  const flaw = flawInCore(again, written.network, proof.regions, points);
  if (flaw) return { kind: 'different', how: flaw };
  // Rounded to the input's type a point may leave its region by that rounding.
  const inside = points.inside.data.map(rounderOf(dtype));
  const rows = points.outside.rows + points.inside.rows;
  const x = matrix(rows, size, Float64Array.from([...points.outside.data, ...inside]));
  let actual: Float64Array;
  try {
    actual = (await runRuntime(written.bytes, dtype, read.inputShape, x)).values;
  } catch (error) {
    return { kind: 'not run', why: `${error instanceof Error ? error.message : error}` };
  }
  const arithmetic = arithmeticOf(model);
  const excess = worstExcess(written.network, x, actual, { arithmetic });
  if (!(excess <= 1)) return { kind: 'different', how: `run, ${excess} times the rounding explained` };
  const reported = withReported(read.network, enforced);
  const moved = deviations(reported, rounds, FORMATS[read.precision]);
  const unreported = worstExcess(reported, x, actual, { arithmetic, moved });
  if (!(unreported <= 1)) {
    return { kind: 'different', how: `run, ${unreported} times what the reported shifts explain` };
  }
  // Certificates say nothing of half precision.
  if (arithmetic === 'float16') return { kind: 'same' };
  const bent = flawInRun(actual, proof.regions, points.inside);
  return bent ? { kind: 'different', how: bent } : { kind: 'same' };
}

/** The file read again is the frozen network everywhere, and A x + b on the regions. */
function flawInCore(
  again: Network,
  frozen: Network,
  proofs: readonly RegionProof[],
  { outside, inside }: { readonly outside: Matrix; readonly inside: Matrix },
): string | undefined {
  const differing = differs(forward(again, outside).data, forward(frozen, outside).data);
  if (differing) return `read again, outside: ${differing}`;
  const bent = differs(forward(again, inside).data, mapped(proofs, inside));
  return bent && `on the regions: ${bent}`;
}

/** What ran on the regions, the last of `actual`, is A x + b to the certified bound. */
function flawInRun(actual: Float64Array, proofs: readonly RegionProof[], inside: Matrix): string | undefined {
  const expected = mapped(proofs, inside);
  const run = actual.subarray(actual.length - expected.length);
  const bounds = proofs.flatMap(({ inferenceError }) =>
    Array.from({ length: POINTS }, () => [...inferenceError]).flat(),
  );
  const at = expected.findIndex((y, i) => !(Math.abs(run[i] - y) <= bounds[i]));
  return at < 0 ? undefined : `A x + b is ${expected[at]}, run ${run[at]}, certified to ${bounds[at]}`;
}

/** A x + b of each region on its own points. */
function mapped(proofs: readonly RegionProof[], inside: Matrix): Float64Array {
  return Float64Array.from(proofs.flatMap(({ map }, r) => affineAt(map, rowsOfRegion(inside, r))));
}

function randomBoxes(rng: Random, size: number): Region[] {
  return rng.list(rng.chance(0.8) ? 1 : 2, () => {
    const centre = rng.list(size, () => 3 * (2 * rng.unit() - 1));
    const radius = rng.pick([0, 0.05, 0.3, 1]);
    return box(
      centre.map(c => c - radius * (0.2 + rng.unit())),
      centre.map(c => c + radius * (0.2 + rng.unit())),
    );
  });
}

/** `[POINTS · regions, size]`. */
function pointsOf(regions: readonly Region[], rng: Random, size: number): Matrix {
  const data = regions.flatMap(region =>
    rng.list(POINTS, () => Array.from(region.sample(() => rng.unit()))).flat(),
  );
  return matrix(POINTS * regions.length, size, Float64Array.from(data));
}

function rowsOfRegion({ data, cols }: Matrix, region: number): Matrix {
  return matrix(POINTS, cols, data.slice(region * POINTS * cols, (region + 1) * POINTS * cols));
}

function affineAt({ A, b }: { readonly A: Matrix; readonly b: Float64Array }, x: Matrix): number[] {
  return Array.from({ length: x.rows * b.length }, (_, i) => {
    const [row, j] = [Math.floor(i / b.length), i % b.length];
    let y = b[j];
    for (let k = 0; k < x.cols; k++) y += A.data[j * x.cols + k] * x.data[row * x.cols + k];
    return y;
  });
}

/** Where the lists differ by more than `REORDERED`. */
function differs(actual: Float64Array, expected: Float64Array): string | undefined {
  const size = expected.reduce((most, y) => Math.max(most, Math.abs(y)), 1);
  const at = actual.findIndex((y, i) => !(Math.abs(y - expected[i]) <= REORDERED * size));
  return at < 0 ? undefined : `output ${at} is ${actual[at]}, should be ${expected[at]}`;
}
