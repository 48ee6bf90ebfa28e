import '@tensorflow/tfjs-backend-wasm';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  boxAround,
  certify,
  enforce,
  type Matrix,
  matrixFromRows,
  type Network,
  type Region,
  vPolytope,
} from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { constrain, freeze, toNetwork } from '@police/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { type Digits, imageOf, loadDigits, PIXELS } from './digits.js';
import { sampledMargin, worstCaseMargin } from './margin.js';
import { classifier } from './model.js';
import { type DemoOptions, readOptions } from './options.js';
import { accuracy, probesOf, residualsOf, seededRng, tfjsPredictor } from './probes.js';
import { type DemoResult, reportText } from './report.js';
import { onnxPredictor } from './runtime.js';
import { fit, type TrainingPlan } from './training.js';

const BATCH = 128;
const LEARNING_RATE = 1e-3;
/** Chords per region before and after training and in ONNX Runtime; three points each. */
const CHORDS = 2000;
/** Chords per region every few training steps. */
const TRAINING_CHORDS = 100;
/** Random points of the box for the sampled margin. */
const MARGIN_SAMPLES = 5000;
/** The digit whose images span the hull. */
const HULL_DIGIT = 3;
/** Steps of the stock model, for its time alone. */
const STOCK_STEPS = 20;

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) return;
  if (!(await tf.setBackend('wasm'))) throw new Error('The wasm backend did not start.');
  const started = performance.now();

  const { training, test } = loadDigits(options.seed);
  const { regions, names } = regionsFor(training, test, options);
  print(
    `${training.labels.length} training and ${test.labels.length} test images. The network is to be affine on`,
  );
  names.forEach((name, r) => {
    print(`  region ${r + 1}: the ${name}`);
  });
  print('');

  const probes = probesOf(regions, CHORDS, options.seed);
  const plan: Omit<TrainingPlan, 'title'> = {
    epochs: options.epochs,
    batchSize: BATCH,
    learningRate: LEARNING_RATE,
    probes: probesOf(regions, TRAINING_CHORDS, options.seed + 1),
  };
  const stock = await fit(classifier(options.seed), firstOf(training, STOCK_STEPS * BATCH), {
    ...plan,
    title: 'stock tfjs   ',
    epochs: 1,
  });
  const plainModel = constrain(classifier(options.seed), { regions: [] });
  const plain = await fit(plainModel, training, { ...plan, title: 'unconstrained' });
  const policedModel = constrain(classifier(options.seed), { regions });
  const atStart = await residualsOf(tfjsPredictor(policedModel), probes);
  const policed = await fit(policedModel, training, { ...plan, title: 'constrained  ' });

  const frozen = freeze(policedModel);
  const bytes = exportOnnx(frozen.network, {
    inputName: 'pixels',
    outputName: 'logits',
    graphName: 'digits',
    regions,
  });
  const files = { onnx: join(options.out, 'digits.onnx'), report: join(options.out, 'report.json') };
  await mkdir(options.out, { recursive: true });
  await writeFile(files.onnx, bytes);
  const runOnnx = await onnxPredictor(bytes);

  const x: Matrix = { rows: test.labels.length, cols: PIXELS, data: Float64Array.from(test.images) };
  // A frozen network needs no further shift, so this only reads off its affine maps.
  const { maps, mapsCoincide, shifted } = enforce(frozen.network, regions).report;
  const label = test.labels[0];
  const worst = worstCaseMargin(maps[0], regions[0], label);
  const rng = seededRng(options.seed + 2);
  const samples = matrixFromRows(Array.from({ length: MARGIN_SAMPLES }, () => regions[0].sample(rng)));
  const sampledLogits = await runOnnx(samples);
  const worstLogits = (await runOnnx(worst.point)).data;

  const result: DemoResult = {
    regions: names,
    options,
    steps: options.epochs * Math.ceil(training.labels.length / BATCH),
    accuracy: {
      unconstrained: accuracy(await tfjsPredictor(plainModel)(x), test.labels),
      constrained: accuracy(await tfjsPredictor(policedModel)(x), test.labels),
      onnx: accuracy(await runOnnx(x), test.labels),
    },
    probePoints: 3 * CHORDS,
    residuals: {
      'unconstrained, before training': await residualsOf(tfjsPredictor(classifier(options.seed)), probes),
      'unconstrained, after training': await residualsOf(tfjsPredictor(plainModel), probes),
      'constrained, before training': atStart,
      [`constrained, during training (${3 * TRAINING_CHORDS} points every 10 steps)`]: policed.worstResiduals,
      'constrained, after training': await residualsOf(tfjsPredictor(policedModel), probes),
      'frozen, in ONNX Runtime': await residualsOf(runOnnx, probes),
    },
    largestLogit: sampledLogits.data.reduce((max, value) => Math.max(max, Math.abs(value)), 0),
    units: unitsOf(frozen.network),
    shiftedUnits: shiftedUnits(toNetwork(policedModel)),
    shiftsStillNeeded: shifted,
    mapsCoincide,
    smallestMargin: smallestMargin(frozen.network, regions),
    logitMargin: {
      label,
      against: worst.against,
      exact: worst.margin,
      onnxAtWorstPoint: worstLogits[label] - worstLogits[worst.against],
      sampled: sampledMargin(sampledLogits, label),
      samples: MARGIN_SAMPLES,
    },
    msPerStep: { stock: stock.msPerStep, unconstrained: plain.msPerStep, constrained: policed.msPerStep },
    seconds: (performance.now() - started) / 1000,
    files,
  };
  await writeFile(files.report, `${JSON.stringify(result, null, 2)}\n`);
  print(reportText(result));
}

function regionsFor(
  training: Digits,
  test: Digits,
  { radius, hull }: DemoOptions,
): { regions: Region[]; names: string[] } {
  const members = [...training.labels.keys()].filter(i => training.labels[i] === HULL_DIGIT).slice(0, hull);
  return {
    regions: [boxAround(imageOf(test, 0), radius), vPolytope(members.map(i => imageOf(training, i)))],
    names: [
      `box of radius ${radius} around a test image of a ${test.labels[0]}, all ${PIXELS} pixels free: 2^${PIXELS} corners`,
      `convex hull of ${members.length} training images of a ${HULL_DIGIT}`,
    ],
  };
}

function firstOf({ images, labels }: Digits, count: number): Digits {
  return { images: images.slice(0, count * PIXELS), labels: labels.slice(0, count) };
}

function unitsOf({ nodes, sizes }: Network): number {
  return nodes.reduce((sum, node) => sum + (node.kind === 'activation' ? sizes.get(node.name)! : 0), 0);
}

function shiftedUnits({ nodes }: Network): number {
  return nodes.reduce((sum, node) => {
    const shift = node.kind === 'activation' ? node.shift : undefined;
    return sum + (shift ? shift.filter(c => c !== 0).length : 0);
  }, 0);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});

/** Least distance of a pre-activation from a kink on the regions, all rounding deducted: what the certificate proves. */
function smallestMargin(network: Network, regions: readonly Region[]): number {
  const proof = certify(network, regions);
  if (!proof.certified) throw new Error(`layer ${proof.layer} is not affine on region ${proof.region}`);
  return Math.min(...proof.layers.map(layer => layer.smallestMargin));
}
