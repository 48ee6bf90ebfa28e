import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '@police/common/program';
import { seededRng } from '@police/common/random';
import { outputsOf } from '@police/common/tfjs';
import { useWasm } from '@police/common/wasm';
import {
  boxAround,
  type ChordProbe,
  enforce,
  matrix,
  matrixFromRows,
  type Network,
  type Region,
  vPolytope,
} from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { constrain, freeze, toNetwork } from '@police/tfjs';
import type * as tfl from '@tensorflow/tfjs-layers';
import { type Digits, imageOf, loadDigits, PIXELS } from './digits.js';
import { sampledMargin, worstCaseMargin } from './margin.js';
import { classifier } from './model.js';
import { type DemoOptions, readOptions } from './options.js';
import { accuracy, type Predictor, probesOf, residualsOf } from './probes.js';
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
  await useWasm();
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
  const trained = await trainAll(training, regions, probes, options);
  const { network, smallestMargin, files, runOnnx } = await exported(
    trained.constrained,
    regions,
    options.out,
  );
  const x = matrix(test.labels.length, PIXELS, Float64Array.from(test.images));
  const { plain, constrained, residuals } = trained;
  const result: DemoResult = {
    regions: names,
    options,
    steps: options.epochs * Math.ceil(training.labels.length / BATCH),
    accuracy: {
      unconstrained: accuracy(outputsOf(plain, x), test.labels),
      constrained: accuracy(outputsOf(constrained, x), test.labels),
      onnx: accuracy(await runOnnx(x), test.labels),
    },
    probePoints: 3 * CHORDS,
    residuals: { ...residuals, 'frozen, in ONNX Runtime': await residualsOf(runOnnx, probes) },
    units: unitsOf(network),
    shiftedUnits: shiftedUnits(toNetwork(constrained)),
    smallestMargin,
    ...(await promises(network, regions, runOnnx, test.labels[0], options.seed + 2)),
    msPerStep: trained.msPerStep,
    seconds: (performance.now() - started) / 1000,
    files,
  };
  await writeFile(files.report, `${JSON.stringify(result, null, 2)}\n`);
  print(reportText(result));
}

interface TrainedModels {
  readonly plain: tfl.LayersModel;
  readonly constrained: tfl.LayersModel;
  readonly residuals: DemoResult['residuals'];
  readonly msPerStep: DemoResult['msPerStep'];
}

/** Trains without and with the constraint from the same weights, and stock TensorFlow.js for its time. */
async function trainAll(
  training: Digits,
  regions: readonly Region[],
  probes: readonly ChordProbe[],
  { seed, epochs }: DemoOptions,
): Promise<TrainedModels> {
  const plan: Omit<TrainingPlan, 'title'> = {
    epochs,
    batchSize: BATCH,
    learningRate: LEARNING_RATE,
    probes: probesOf(regions, TRAINING_CHORDS, seed + 1),
  };
  const residualsAt = (model: tfl.LayersModel) => residualsOf(x => outputsOf(model, x), probes);
  const few = firstOf(training, STOCK_STEPS * BATCH);
  const stock = await fit(classifier(seed), few, { ...plan, title: 'stock tfjs   ', epochs: 1 });
  const plain = constrain(classifier(seed), { regions: [] });
  const free = await fit(plain, training, { ...plan, title: 'unconstrained' });
  const constrained = constrain(classifier(seed), { regions });
  const atStart = await residualsAt(constrained);
  const policed = await fit(constrained, training, { ...plan, title: 'constrained  ' });
  return {
    plain,
    constrained,
    residuals: {
      'unconstrained, before training': await residualsAt(classifier(seed)),
      'unconstrained, after training': await residualsAt(plain),
      'constrained, before training': atStart,
      [`constrained, during training (${3 * TRAINING_CHORDS} points every 10 steps)`]: policed.worstResiduals,
      'constrained, after training': await residualsAt(constrained),
    },
    msPerStep: { stock: stock.msPerStep, unconstrained: free.msPerStep, constrained: policed.msPerStep },
  };
}

/** Freezes the model and writes its file, which ONNX Runtime then runs. */
async function exported(model: tfl.LayersModel, regions: readonly Region[], out: string) {
  const { network, layers } = freeze(model);
  const bytes = exportOnnx(network, {
    inputName: 'pixels',
    outputName: 'logits',
    graphName: 'digits',
    regions,
  });
  const files = { onnx: join(out, 'digits.onnx'), report: join(out, 'report.json') };
  await mkdir(out, { recursive: true });
  await writeFile(files.onnx, bytes);
  const smallestMargin = Math.min(...layers.map(layer => layer.smallestMargin));
  return { network, smallestMargin, files, runOnnx: await onnxPredictor(bytes) };
}

/** What the affine maps promise of the label's logit, beside what ONNX Runtime gives. */
async function promises(
  network: Network,
  regions: readonly Region[],
  runOnnx: Predictor,
  label: number,
  seed: number,
): Promise<Pick<DemoResult, 'shiftsStillNeeded' | 'mapsCoincide' | 'largestLogit' | 'logitMargin'>> {
  // A frozen network needs no further shift, so this only reads off its affine maps.
  const { maps, mapsCoincide, shifted } = enforce(network, regions).report;
  const worst = worstCaseMargin(maps[0], regions[0], label);
  const rng = seededRng(seed);
  const samples = matrixFromRows(Array.from({ length: MARGIN_SAMPLES }, () => regions[0].sample(rng)));
  const sampledLogits = await runOnnx(samples);
  const worstLogits = (await runOnnx(worst.point)).data;
  return {
    shiftsStillNeeded: shifted,
    mapsCoincide,
    largestLogit: sampledLogits.data.reduce((max, value) => Math.max(max, Math.abs(value)), 0),
    logitMargin: {
      label,
      against: worst.against,
      exact: worst.margin,
      onnxAtWorstPoint: worstLogits[label] - worstLogits[worst.against],
      sampled: sampledMargin(sampledLogits, label),
      samples: MARGIN_SAMPLES,
    },
  };
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

await runProgram(main);
