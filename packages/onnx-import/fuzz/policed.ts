import {
  box,
  certify,
  type EnforceOptions,
  enforce,
  forward,
  freeze,
  type Matrix,
  matrix,
  type Network,
  PoliceError,
  type Region,
} from '@police/core';
import { readModel, writeBack } from '../src/index.js';
import { rounderOf } from '../src/tensor.js';
import { buildModel, type TestModel } from '../test/onnx.js';
import { arithmeticOf, inputRows, type Outcome, runRuntime } from './compare.js';
import { Random } from './random.js';
import { worstExcess } from './rounding.js';

/** Points of each region that are run. */
const POINTS = 6;

/** How far two orders of float64 sums of one real function may be apart, relative to the values. */
const REORDERED = 2 ** -40;

/**
 * Polices a model on random boxes and writes it back. The law: the written file is certified as read again; it is the
 * frozen network, which is the original plus the reported shifts, on points anywhere, in core and in ONNX Runtime; and on
 * the regions ONNX Runtime gives A x + b.
 */
export async function comparePoliced(model: TestModel, seed: number): Promise<Outcome> {
  const rng = new Random(seed);
  const bytes = buildModel(model);
  const dtype = model.dtype ?? 'float32';
  const read = readModel(bytes);
  const { network, inputShape, precision } = read;
  const regions = randomBoxes(rng, network.inputSize);
  const sharing = rng.pick<NonNullable<EnforceOptions['sharing']>>(['per-unit', 'per-channel']);
  let written: ReturnType<typeof writeBack>;
  try {
    const frozenTo = (net: Network) => freeze(net, regions, { precision }).network;
    written = writeBack(read, frozenTo(enforce(network, regions, { sharing }).network), frozenTo);
  } catch (error) {
    if (error instanceof PoliceError) return { kind: 'refused', why: error.message };
    throw error;
  }
  const frozen = written.network;
  const again = readModel(written.bytes);
  const proof = certify(again.network, regions);
  if (!proof.certified) {
    return {
      kind: 'different',
      how: `${proof.layer} unit ${proof.unit} is short of its kink by ${-proof.margin}`,
    };
  }
  const outside = inputRows(rng, network.inputSize, dtype);
  const differing = differs(forward(again.network, outside).data, forward(frozen, outside).data);
  if (differing) return { kind: 'different', how: `read again, outside: ${differing}` };
  const points = pointsOf(regions, rng, network.inputSize);
  // Rounded to the input's type a point may leave its region by that rounding.
  const inside = { ...points, data: points.data.map(rounderOf(dtype)) };
  const all = { ...outside, rows: outside.rows + inside.rows, data: joined(outside.data, inside.data) };
  let actual: Float64Array;
  try {
    actual = (await runRuntime(written.bytes, dtype, inputShape, all)).values;
  } catch (error) {
    return { kind: 'not run', why: `${error instanceof Error ? error.message : error}` };
  }
  const excess = worstExcess(frozen, all, actual, arithmeticOf(model));
  if (!(excess <= 1))
    return { kind: 'different', how: `${excess} times the rounding explained, written file run` };
  const mapped = regions.flatMap((_, r) => affineAt(proof.regions[r].map, rowsOfRegion(points, r)));
  const bent = differs(forward(again.network, points).data, Float64Array.from(mapped));
  if (bent) return { kind: 'different', how: `on the regions: ${bent}` };
  if (arithmeticOf(model) === 'float16') return { kind: 'same' };
  const run = actual.subarray(actual.length - mapped.length);
  const bounds = proof.regions
    .flatMap(({ inferenceError }) => Array.from({ length: POINTS }, () => [...inferenceError]))
    .flat();
  const at = mapped.findIndex((y, i) => !(Math.abs(run[i] - y) <= bounds[i]));
  if (at < 0) return { kind: 'same' };
  return { kind: 'different', how: `A x + b is ${mapped[at]}, run ${run[at]}, certified to ${bounds[at]}` };
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

function joined(a: Float64Array, b: Float64Array): Float64Array {
  return Float64Array.from([...a, ...b]);
}

/** Where the lists differ by more than `REORDERED`. */
function differs(actual: Float64Array, expected: Float64Array): string | undefined {
  const size = expected.reduce((most, y) => Math.max(most, Math.abs(y)), 1);
  const at = actual.findIndex((y, i) => !(Math.abs(y - expected[i]) <= REORDERED * size));
  return at < 0 ? undefined : `output ${at} is ${actual[at]}, should be ${expected[at]}`;
}
