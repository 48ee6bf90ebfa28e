// What fitting the weights keeps, on real networks: node packages/cli/bench/refit.mjs FOLDER [acas | mnist | conv | deep] [steps] [radius,...] [FOUND.jsonl]
// FOUND.jsonl: what was found for each image is added to it at once, and what it holds is not computed again, so that a run can be interrupted.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  box,
  certify,
  drift,
  enforce,
  forward,
  freeze,
  matrix,
  matrixFromRows,
  patch,
  refit,
  rowOf,
  vPolytope,
} from '@police/core';
import { useFastProducts } from '@police/core/fast';
import { readModel, writeBack } from '@police/onnx-import';
import { trainedConvnet } from './digit-convnet.mjs';

const [folder, what = 'all', steps = '0', radii = '0.05,0.1,0.02', file] = process.argv.slice(2);

useFastProducts();

const training = Number(steps) > 0 ? { distil: { steps: Number(steps) } } : {};

/** Uniform numbers, the same in every run. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Processor seconds that a function takes, and what it gives. */
function measured(make) {
  const before = process.cpuUsage();
  const made = make();
  const { user, system } = process.cpuUsage(before);
  return { made, seconds: (user + system) / 1e6 };
}

/** Fitted, frozen, written into the file's own initialisers, read again and proved. */
function fitted(name, regions, points, options) {
  const model = readModel(readFileSync(join(folder, name)));
  const { made, seconds } = measured(() => refit(model.network, regions, points, options));
  const frozenTo = net => freeze(net, regions, { precision: model.precision }).network;
  const { bytes, edits } = writeBack(model, frozenTo(made.enforced.network), frozenTo);
  const network = readModel(bytes).network;
  if (edits.some(({ kind }) => !['bias', 'weights'].includes(kind)))
    throw new Error(`${name}: not the same initialisers`);
  return {
    original: model.network,
    network,
    stages: made.stages,
    seconds,
    certified: certify(network, regions).certified,
  };
}

/** The best before training, which is what `--refit` alone gives. */
function beforeTraining(stages) {
  return stages.filter(({ stage, kept }) => kept && stage !== 'distil').at(-1);
}

const percent = share => `${(100 * share).toFixed(2)}%`;
const row = cells => console.log(`| ${cells.join(' | ')} |`);
function head(cells) {
  row(cells);
  row(cells.map(() => '---'));
}

const NETWORKS = ['1_1', '2_9', '3_3', '4_5', '5_9'];

/** The boxes of the properties, as their files say, and that of all inputs. Properties 1 and 2 are about the same box. */
const PROPERTIES = {
  'one and two': [
    [
      [0.6, -0.5, -0.5, 0.45, -0.5],
      [0.679857769, 0.5, 0.5, 0.5, -0.45],
    ],
  ],
  three: [
    [
      [-0.303531156, -0.009549297, 0.493380324, 0.3, 0.3],
      [-0.298552812, 0.009549297, 0.5, 0.5, 0.5],
    ],
  ],
  six: [
    [
      [-0.129289109, 0.11140846, -0.499999896, -0.5, -0.5],
      [0.700434925, 0.499999896, -0.499204121, 0.5, 0.5],
    ],
    [
      [-0.129289109, -0.499999896, -0.499999896, -0.5, -0.5],
      [0.700434925, -0.11140846, -0.499204121, 0.5, 0.5],
    ],
  ],
};
const DOMAIN = [
  [-0.328422877, -0.5, -0.5, -0.5, -0.5],
  [0.679857769, 0.5, 0.5, 0.5, 0.5],
];
const POINTS = 20_000;

/** Random points of the domain outside the regions. */
function outside(regions, seed) {
  const random = seeded(seed);
  const [lo, hi] = DOMAIN;
  const points = matrix(POINTS, lo.length);
  for (let i = 0; i < POINTS; ) {
    const x = rowOf(points, i);
    for (let k = 0; k < x.length; k++) x[k] = Math.fround(lo[k] + random() * (hi[k] - lo[k]));
    if (!regions.some(region => region.contains(x))) i++;
  }
  return points;
}

function acas() {
  const decision = 'smallest';
  head([
    'property',
    'network',
    'shift',
    '--refit',
    `and ${steps} steps of training`,
    'as written',
    'off plateaus',
    'certified',
    'processor s',
    'patch',
  ]);
  for (const [property, boxes] of Object.entries(PROPERTIES)) {
    const regions = boxes.map(([lower, upper]) => box(lower, upper));
    // One seed for the points that are fitted on, another for those that count.
    const [points, unseen] = [outside(regions, 1), outside(regions, 7)];
    for (const name of NETWORKS) {
      const options = { decision, ...training };
      const { original, network, stages, seconds, certified } = fitted(
        `acasxu_${name}.onnx`,
        regions,
        points,
        options,
      );
      const best = stages.filter(({ kept }) => kept).at(-1);
      const patched = patch(original, regions, { decision, data: points }).network;
      row([
        property,
        name,
        percent(stages[0].decisionAgreement),
        percent(beforeTraining(stages).decisionAgreement),
        percent(best.decisionAgreement),
        percent(drift(original, network, unseen, { decision }).decisionAgreement),
        percent(best.offPlateaus),
        certified,
        seconds.toFixed(0),
        percent(drift(original, patched, unseen, { decision }).decisionAgreement),
      ]);
    }
  }
}

const RADII = radii.split(',').map(Number);
const IMAGES = 10;
const UNSEEN = 2000;

/** The images of the `mnist` package in a random order: `[{ pixels, digit }]`. */
function digits() {
  const from = dirname(createRequire(import.meta.url).resolve('mnist/package.json'));
  const all = Array.from({ length: 10 }, (_, digit) => {
    const { data } = JSON.parse(readFileSync(join(from, 'src/digits', `${digit}.json`), 'utf8'));
    return Array.from({ length: Math.floor(data.length / 784) }, (_, i) => ({
      pixels: data.slice(784 * i, 784 * (i + 1)),
      digit,
    }));
  }).flat();
  const random = seeded(3);
  return all.map(each => ({ ...each, key: random() })).sort((a, b) => a.key - b.key);
}

function accuracy(net, images) {
  const y = forward(net, matrixFromRows(images.map(({ pixels }) => pixels)));
  const right = images.filter(({ digit }, i) => {
    const scores = rowOf(y, i);
    return scores.indexOf(Math.max(...scores)) === digit;
  });
  return right.length / images.length;
}

/** What was found before under a key, or finds it and adds it to the file. */
function once(key, find) {
  if (file === undefined) return find();
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean) : [];
  const known = lines.map(line => JSON.parse(line)).find(line => line.key === key);
  if (known) return known.found;
  const found = find();
  appendFileSync(file, `${JSON.stringify({ key, found })}\n`);
  return found;
}

function mnist() {
  const all = digits();
  const [unseen, seen] = [all.slice(0, UNSEEN), all.slice(UNSEEN)];
  const points = matrixFromRows(seen.map(({ pixels }) => pixels));
  const name = 'mnist_256x2.onnx';
  console.log(
    `accuracy on ${UNSEEN} images that nothing was fitted on (--refit: decisions kept on those held out); median and least of ${IMAGES} regions`,
  );
  head([
    'radius',
    'original',
    'shift',
    '--refit',
    `and ${steps} steps, as written`,
    'decisions kept',
    'certified',
    'processor s',
    'patch',
  ]);
  for (const radius of RADII) {
    const found = Array.from({ length: IMAGES }, (_, k) =>
      once(`${steps} steps, ${radius}, ${k}`, () => {
        const { pixels } = unseen.find(({ digit }) => digit === k);
        const regions = [
          box(
            pixels.map(x => x - radius),
            pixels.map(x => x + radius),
          ),
        ];
        const whole = fitted(name, regions, points, training);
        const patched = patch(whole.original, regions, { data: points }).network;
        return {
          seconds: whole.seconds,
          certified: whole.certified,
          before: accuracy(enforce(whole.original, regions).network, unseen),
          refit: beforeTraining(whole.stages).decisionAgreement,
          accuracy: accuracy(whole.network, unseen),
          kept: drift(whole.original, whole.network, matrixFromRows(unseen.map(image => image.pixels)))
            .decisionAgreement,
          first: accuracy(whole.original, unseen),
          patch: accuracy(patched, unseen),
        };
      }),
    );
    const sorted = key => found.map(each => each[key]).sort((a, b) => a - b);
    const both = key => `${percent(sorted(key)[IMAGES / 2])}, ${percent(sorted(key)[0])}`;
    row([
      radius,
      percent(found[0].first),
      both('before'),
      both('refit'),
      both('accuracy'),
      both('kept'),
      found.every(({ certified }) => certified),
      sorted('seconds')[IMAGES / 2].toFixed(0),
      both('patch'),
    ]);
  }
}

/** A convolutional network on the hull of five images: decisions kept on images that nothing was fitted on. */
function conv() {
  const all = digits();
  const [unseen, seen] = [all.slice(0, UNSEEN), all.slice(UNSEEN, 2 * UNSEEN)].map(images =>
    matrixFromRows(images.map(({ pixels }) => pixels)),
  );
  const { network } = readModel(readFileSync(join(folder, 'convnet_avgpool.onnx')));
  const regions = [vPolytope([0, 1, 2, 3, 4].map(i => rowOf(seen, i)))];
  head(['one shift a', 'shift', `--refit${steps === '0' ? '' : ` and ${steps} steps`}`, 'processor s']);
  for (const sharing of ['per-unit', 'per-channel']) {
    const { made, seconds } = measured(() => refit(network, regions, seen, { sharing, ...training }));
    const kept = net => percent(drift(network, net, unseen).decisionAgreement);
    const shifts = enforce(network, regions, { sharing }).network;
    row([sharing.slice(4), kept(shifts), kept(made.enforced.network), seconds.toFixed(0)]);
  }
}

/** Four convolutions, trained here: on a box around an image, and on the hull of five. */
function deep() {
  const all = digits();
  const [unseen, seen] = [all.slice(0, UNSEEN), all.slice(UNSEEN)];
  const { made: network, seconds: trained } = measured(() => trainedConvnet(seen, seeded(11)));
  console.log(`trained in ${trained.toFixed(0)} s to ${percent(accuracy(network, unseen))} of accuracy`);
  const points = matrixFromRows(seen.slice(0, UNSEEN).map(({ pixels }) => pixels));
  const { pixels } = unseen[0];
  const regions = {
    'box of radius 0.02': box(
      pixels.map(x => x - 0.02),
      pixels.map(x => x + 0.02),
    ),
    'hull of 5': vPolytope([0, 1, 2, 3, 4].map(i => rowOf(points, i))),
  };
  head([
    'region',
    'one shift a',
    'shift',
    '--refit',
    `and ${steps} steps`,
    'stage kept',
    'accuracy',
    'certified',
    'processor s',
  ]);
  for (const [region, body] of Object.entries(regions)) {
    for (const sharing of ['per-unit', 'per-channel']) {
      const { made, seconds } = measured(() => refit(network, [body], points, { sharing, ...training }));
      const kept = made.stages.filter(stage => stage.kept).at(-1);
      const frozen = freeze(made.enforced.network, [body]).network;
      row([
        region,
        sharing.slice(4),
        percent(made.stages[0].decisionAgreement),
        percent(beforeTraining(made.stages).decisionAgreement),
        percent(kept.decisionAgreement),
        kept.stage,
        percent(accuracy(frozen, unseen)),
        certify(frozen, [body]).certified,
        seconds.toFixed(0),
      ]);
    }
  }
}

const wanted = name => what === 'all' || what === name;
if (wanted('acas')) acas();
if (wanted('mnist')) mnist();
if (wanted('conv')) conv();
if (wanted('deep')) deep();
