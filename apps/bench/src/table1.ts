import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { chordProbe, type Region, rowOf, simplex } from '@police/core';
import { constrain } from '@police/tfjs';
import { register, unregister } from '@police/tfjs-wasm-training';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { plainForward } from './plain-police.js';

const HELP = `npm run bench:table1 -- [options]

The paper's Table 1 on the wasm backend in Node: how much slower a training step (forward and backward, batch 1024) is
under the constraint, on the simplex {0, e_i}/√D, leaky ReLU. Contenders take turns; medians; before that each must be affine
on the region.

  --rows 1,2,…    rows of the table          (default all six)
  --repeats N     steps of each contender    (default 9; at least 3)
  --batch N       samples                    (default 1024)
  --help
`;

interface Row {
  readonly size: number;
  readonly depth: number;
  readonly width: number;
  /** Slow-down that the paper measured, on a GPU. */
  readonly paper: number;
}

const ROWS: readonly Row[] = [
  { size: 2, depth: 2, width: 256, paper: 4.5 },
  { size: 2, depth: 4, width: 64, paper: 5.7 },
  { size: 2, depth: 4, width: 4096, paper: 1.4 },
  { size: 784, depth: 2, width: 1024, paper: 5.5 },
  { size: 784, depth: 8, width: 1024, paper: 6.6 },
  { size: 3072, depth: 6, width: 4096, paper: 3.9 },
];

/** {0, e₁, …, e_D} / √D. */
function tableSimplex(size: number): Region {
  const scale = 1 / Math.sqrt(size);
  const vertices = Array.from({ length: size + 1 }, (_, p) => {
    const vertex = new Float64Array(size);
    if (p > 0) vertex[p - 1] = scale;
    return vertex;
  });
  return simplex(vertices);
}

/** `depth` hidden layers of `width` leaky ReLU units, and one output. */
function makeModel({ size, depth, width }: Row): tfl.Sequential {
  const model = tfl.sequential();
  for (let i = 0; i < depth; i++) {
    const kernelInitializer = tfl.initializers.heNormal({ seed: i + 1 });
    model.add(
      tfl.layers.dense({ units: width, kernelInitializer, ...(i === 0 ? { inputShape: [size] } : {}) }),
    );
    model.add(tfl.layers.leakyReLU({ alpha: 0.01 }));
  }
  model.add(tfl.layers.dense({ units: 1, kernelInitializer: tfl.initializers.heNormal({ seed: 99 }) }));
  return model;
}

/** One forward and backward pass over all weights; the outputs' mean square is the loss. */
function step(
  forward: (x: tf.Tensor2D) => tf.Tensor,
  x: tf.Tensor2D,
  weights: readonly tfl.LayerVariable[],
): void {
  const variables = weights.map(weight => (weight as unknown as { val: tf.Variable }).val);
  const { value, grads } = tf.variableGrads(() => tf.mean(tf.square(forward(x))) as tf.Scalar, variables);
  // Waits for the device, and catches a step that went wrong.
  if (!Number.isFinite(value.dataSync()[0])) throw new Error('the loss is not finite');
  tf.dispose([value, ...Object.values(grads)]);
}

interface Contender {
  readonly name: string;
  run(): void;
}

/** Median, and half the distance of the quartiles. */
function summary(times: readonly number[]): { median: number; spread: number } {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { median: at(0.5), spread: (at(0.75) - at(0.25)) / 2 };
}

/**
 * Multiply-adds of a constrained step over those of an unconstrained one: 6 per weight and sample, 6 per weight and frame row.
 * The first layer sees the frame's directions as its own columns, and the last one is never shifted.
 */
function workBound({ size, depth, width }: Row, batch: number): number {
  const hidden = (depth - 1) * width * width;
  const data = 6 * batch * (size * width + hidden + width);
  return (data + 6 * (size + 1) * hidden) / data;
}

function measureRow(row: Row, batch: number, repeats: number): void {
  const region = tableSimplex(row.size);
  const model = makeModel(row);
  const policed = constrain(model, { regions: [region] });
  const local = constrain(model, { regions: [region], gradient: 'local' });
  const free = constrain(model, { regions: [] });
  const generator = xoroshiro128plus(7);
  const data = new Float32Array(batch * row.size);
  for (let i = 0; i < data.length; i++) data[i] = 2 * uniformFloat64(generator) - 1;
  const x = tf.tensor2d(data, [batch, row.size]);
  const vertices = tf.tensor2d(verticesOf(region), [row.size + 1, row.size]);
  const apply = (of: tfl.LayersModel) => (input: tf.Tensor2D) =>
    of.apply(input, { training: true }) as tf.Tensor;
  const weights = model.trainableWeights;
  assertAffine(region, policed);

  const contenders: Contender[] = [
    { name: 'unconstrained', run: () => step(apply(free), x, weights) },
    { name: 'exact', run: () => step(apply(policed), x, weights) },
    { name: 'local', run: () => step(apply(local), x, weights) },
    { name: 'Algorithm 1', run: () => step(input => plainForward(model, input, vertices), x, weights) },
  ];
  const times = new Map<string, number[]>();
  const failed = new Map<string, string>();
  for (let repeat = -1; repeat < repeats; repeat++) {
    for (const { name, run } of contenders) {
      if (failed.has(name)) continue;
      const start = performance.now();
      try {
        tf.tidy(run);
      } catch (error) {
        failed.set(name, (error as Error).message.slice(0, 60));
        continue;
      }
      if (repeat >= 0) times.set(name, [...(times.get(name) ?? []), performance.now() - start]);
    }
  }
  const base = summary(times.get('unconstrained')!).median;
  const name = `${row.size}, ${row.depth}, ${row.width}`.padEnd(14);
  const cells = contenders.map(contender => {
    const failure = failed.get(contender.name);
    if (failure) return `${contender.name}: ${failure}`;
    const { median, spread } = summary(times.get(contender.name)!);
    const ratio = contender.name === 'unconstrained' ? '' : ` ×${(median / base).toFixed(2)}`;
    return `${contender.name} ${median.toFixed(1)} ±${spread.toFixed(1)} ms${ratio}`;
  });
  const bound = workBound(row, batch).toFixed(2);
  process.stdout.write(`${name} bound ×${bound}, paper ×${row.paper}: ${cells.join(' · ')}\n`);
  tf.dispose([x, vertices]);
  for (const weight of model.weights) (weight as unknown as { dispose(): void }).dispose?.();
}

function verticesOf(region: Region): Float32Array {
  const { frame, size } = region;
  const vertices = new Float32Array(frame.rows * size);
  for (let i = 0; i < frame.rows; i++) {
    rowOf(frame, i).forEach((value, k) => {
      vertices[i * size + k] = value + (i === 0 ? 0 : frame.data[k]);
    });
  }
  return vertices;
}

/** Chords of the region, against the rounding of float32: √(layers · width) units in the last place of the outputs. */
function assertAffine(region: Region, model: tfl.LayersModel): void {
  const generator = xoroshiro128plus(3);
  const { points, residual } = chordProbe(region, 32, () => uniformFloat64(generator));
  const x = tf.tensor2d(Float32Array.from(points.data), [points.rows, points.cols]);
  const y = model.predict(x) as tf.Tensor;
  const values = Float64Array.from(y.dataSync());
  tf.dispose([x, y]);
  const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const found = residual({ rows: points.rows, cols: 1, data: values });
  if (!(found <= 1e-4 * (1 + largest)))
    throw new Error(`the constrained model bends by ${found} on the region`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '1,2,3,4,5,6' },
      repeats: { type: 'string', default: '9' },
      batch: { type: 'string', default: '1024' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [repeats, batch] = [Number(values.repeats), Number(values.batch)];
  if (!(Number.isInteger(repeats) && repeats >= 3))
    throw new Error('--repeats: expected a whole number from 3');
  if (!(Number.isInteger(batch) && batch > 0)) throw new Error('--batch: expected a whole number above 0');
  const rows = values.rows.split(',').map(text => ROWS[Number(text) - 1]);
  if (rows.some(row => !row)) throw new Error('--rows: expected numbers from 1 to 6');
  if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend did not start');
  register();
  process.stdout.write(
    `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}; wasm with tfjs-wasm-training, batch ${batch}; D, depth, width\n`,
  );
  for (const row of rows) measureRow(row, batch, repeats);
  unregister();
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
