// Every model of a folder, on a box and on a hull: enforced or patched, written, proved from the file, run in ONNX Runtime. Prints
// the table of docs/models.md: node packages/cli/bench/models.mjs FOLDER [model …]. Of a generated MobileNetV3-like classifier of
// 3 × 224 × 224, on a hull and on a ball in a subspace: --mobilenet. Of a generated dense one of 252 MB on a hull: --large. Of generated
// convolutional ones on boxes around a picture of 3 × 32 × 32: --boxes.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forward, matrix } from '@police/core';
import { readEnds, readModel } from '@police/onnx-import';
import { decode } from '@police/onnx-proto';
import { denseClassifier } from '@police/testing/dense-classifier';
import { LARGE, mobilenet } from '@police/testing/mobilenet';
import { maxPoolNet, smallResnet } from '@police/testing/small-convnets';
import { loadRuntime, startRuntime } from '../dist/runtime.js';
import { measured } from './measured.mjs';

/** What some models are asked with: a tensor inside, or a patch where not all operators can be read. */
const OPTIONS = {
  attention_mnist: ['--method', 'patch'],
  policy_go1: ['--method', 'patch'],
  unet_small: ['--at', '38'],
};

/** Seconds that a command may take; a busy machine needs more. */
const MOST = Number(process.env.MOST_SECONDS ?? 200);
const SAMPLES = 200;
const RADIUS = 0.05;

/** Inputs from which coordinates are pixels, from 0 to 1; others lie around 0. */
const IMAGE = 64;

let state = 1;
function random() {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
}

/** Rows as a NumPy file of float32. */
function npy(rows) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows.length}, ${rows[0].length}), }`;
  const padded = `${header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11)}\n`;
  const begin = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length % 256, padded.length >> 8]);
  return Buffer.concat([
    begin,
    Buffer.from(padded),
    ...rows.map(row => Buffer.from(Float32Array.from(row).buffer)),
  ]);
}

/** The first sentence of what was said, without the command's name. */
const sentence = text =>
  text
    .trim()
    .split('\n')
    .at(-1)
    .replace(/^police: /, '');

const short = bound => (bound >= 1 ? bound.toPrecision(2) : bound.toExponential(0));

/** Enforces and verifies; a cell of the table, and the bound. */
function tried(file, method, region, out, isGenerated) {
  const made = measured(['enforce', file, ...method, ...region, '-o', out, '-f', '--json', '--quiet'], MOST);
  if (made.code === 'SIGKILL') return { cell: `more than ${MOST} s` };
  if (made.code !== 0) return { refusal: sentence(made.errors) };
  const at = method.includes('--at') ? method.slice(-2) : [];
  const proof = measured(
    ['verify', out, ...at, ...region, '--run', '--samples', `${SAMPLES}`, '--json'],
    MOST,
  );
  if (proof.code !== 0) throw new Error(`${file}: ${sentence(proof.errors || proof.text)}`);
  const { inferenceError, run } = JSON.parse(proof.text.split('\n').find(line => line.startsWith('{')));
  const bound = inferenceError[0] === null ? 'none' : short(inferenceError[0]);
  const ran = run.samples === SAMPLES ? '' : `, ${run.warning ?? `${run.samples} points`}`;
  const clock = ({ wall }) => (isGenerated ? `${wall.toFixed(1)} s by the clock, ` : '');
  const cost = done => `${clock(done)}${done.processor.toFixed(1)} s, ${done.memory.toFixed(0)} MiB`;
  const proved = isGenerated ? `; proof ${cost(proof)}` : '';
  return { cell: `${cost(made)}${proved}, ≤ ${bound}${ran}` };
}

/** How far ONNX Runtime is from the network as it was read, at random points, beside the largest output. */
async function differenceIn(bytes, { at }, points) {
  let model;
  try {
    model = readModel(bytes, at ? { at: [at] } : {});
  } catch {
    return 'not read';
  }
  const runtime = await startRuntime(await loadRuntime(), bytes, model);
  let [difference, largest] = [0, 0];
  for (const point of points) {
    const x = Float64Array.from(Float32Array.from(point));
    const run = await runtime.run(x);
    forward(model.network, matrix(1, x.length, x)).data.forEach((y, j) => {
      difference = Math.max(difference, Math.abs(run[j] - y));
      largest = Math.max(largest, Math.abs(y));
    });
  }
  await runtime.release();
  return largest === 0 ? `${difference}` : (difference / largest).toExponential(0);
}

/** Smooth changes of a picture: products of cosines. */
function directions(size, count) {
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: 3 * size ** 2 }, (_, k) => {
      const [channel, y, x] = [Math.floor(k / size ** 2), Math.floor(k / size) % size, k % size];
      const wave = (n, at) => Math.cos((Math.PI * n * (at + 0.5)) / size);
      return Number(
        (wave(i % 3, y) * wave(1 + Math.floor(i / 3), x) * (channel === i % 3 ? 1 : 0.5)).toFixed(4),
      );
    }),
  );
}

const point = size => Array.from({ length: size }, () => (size >= IMAGE ? random() : 2 * random() - 1));
const rounded = values => values.map(value => Number(value.toFixed(4)));

/** Files of regions, and the words for them: of a model of a folder, or of one made by an option. */
function regionsIn(folder, size, option) {
  const [centre, corners, ball] = ['centre.npy', 'corners.npy', 'ball.json'].map(name => join(folder, name));
  writeFileSync(centre, npy([Array(size).fill(size >= IMAGE ? 0.5 : 0)]));
  const pictures = option === '--mobilenet' ? 10 : 5;
  writeFileSync(corners, npy(Array.from({ length: pictures }, () => point(size))));
  if (option === '--large') return [['--hull', corners]];
  if (option === '--boxes') {
    const picture = join(folder, 'picture.npy');
    writeFileSync(picture, npy([point(size)]));
    return BOX_RADII.map(radius => ['--around', picture, '--radius', radius]);
  }
  if (option !== '--mobilenet')
    return [
      ['--around', centre, '--radius', `${RADIUS}`],
      ['--hull', corners],
    ];
  const region = { kind: 'ball', centre: Array(8).fill(0), radius: 0.1 };
  const basis = directions(LARGE.size, 8);
  writeFileSync(ball, JSON.stringify({ kind: 'subspace', region, origin: rounded(point(size)), basis }));
  return [
    ['--region', ball],
    ['--hull', corners],
  ];
}

const BOX_RADII = ['0.002', '0.008'];

/** Models by name that are made on demand. */
const GENERATED = {
  '--mobilenet': { mobilenet: () => mobilenet(LARGE) },
  '--large': { large: () => denseClassifier([3072, 4096, 4096, 4096, 4096, 10]) },
  '--boxes': { resnet: smallResnet, maxpool: maxPoolNet },
};

const [from, ...names] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'models-'));
try {
  const generated = GENERATED[from];
  const folder = generated ? work : from;
  for (const [name, make] of Object.entries(generated ?? {}))
    writeFileSync(join(work, `${name}.onnx`), make());
  const regions =
    from === '--boxes'
      ? BOX_RADII.map(radius => `box of radius ${radius}`)
      : [`box of radius ${RADIUS}`, 'hull of samples'];
  const head = ['model', 'kB', 'inputs', 'forward', 'method', ...regions];
  console.log(`| ${head.join(' | ')} |\n|${'---|'.repeat(head.length)}`);
  for (const name of readdirSync(folder).flatMap(file =>
    file.endsWith('.onnx') ? [file.slice(0, -5)] : [],
  )) {
    if (names.length > 0 && !names.includes(name)) continue;
    const file = join(folder, `${name}.onnx`);
    const bytes = readFileSync(file);
    const [output] = decode('ModelProto', bytes).graph.output;
    const size = readEnds(bytes, { output: output.name }).inputShape.reduce((product, n) => product * n, 1);
    const options = OPTIONS[name] ?? [];
    const at = options.includes('--at') ? options.at(-1) : undefined;
    const difference = await differenceIn(bytes, { at }, [point(size), point(size)]);
    const cells = regionsIn(work, size, from).map(region =>
      tried(file, options, region, join(work, 'out.onnx'), generated !== undefined),
    );
    const kB = Math.round(statSync(file).size / 1000);
    const method = options.join(' ') || 'shift';
    console.log(
      `| \`${name}\` | ${kB} | ${size} | ${difference} | ${method} | ${cells.map(({ cell, refusal }) => cell ?? `refused: ${refusal}`).join(' | ')} |`,
    );
  }
} finally {
  rmSync(work, { recursive: true });
}
