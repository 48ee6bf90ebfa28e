// Every model of a folder, on a box and on a hull: enforced or patched, written, proved from the file, run in ONNX Runtime. Prints
// the table of docs/models.md: node packages/cli/bench/models.mjs FOLDER [model …]
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnds } from '@police/onnx-import';
import { decode } from '@police/onnx-proto';
import { measured } from './measured.mjs';

/** What some models are asked with: a tensor inside, or a patch where not all operators can be read or A would be huge. */
const OPTIONS = {
  attention_mnist: ['--method', 'patch'],
  policy_go1: ['--method', 'patch'],
  tinyyolo: ['--method', 'patch'],
  unet_small: ['--at', '38'],
};

/** Seconds that a command may take. */
const MOST = 200;
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
function tried(file, method, region, out) {
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
  return { cell: `${made.processor.toFixed(1)} s, ${made.memory.toFixed(0)} MiB, ≤ ${bound}${ran}` };
}

const [folder, ...names] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'models-'));
try {
  const head = ['model', 'kB', 'inputs', 'method', 'box of radius 0.05', 'hull of five samples'];
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
    const isImage = size >= IMAGE;
    const [centre, corners] = [join(work, 'centre.npy'), join(work, 'corners.npy')];
    const point = () => Array.from({ length: size }, () => (isImage ? random() : 2 * random() - 1));
    writeFileSync(centre, npy([Array(size).fill(isImage ? 0.5 : 0)]));
    writeFileSync(corners, npy([point(), point(), point(), point(), point()]));
    const regions = [
      ['--around', centre, '--radius', `${RADIUS}`],
      ['--hull', corners],
    ];
    const cells = regions.map(region => tried(file, options, region, join(work, 'out.onnx')));
    const kB = Math.round(statSync(file).size / 1000);
    const method = options.join(' ') || 'shift';
    console.log(
      `| \`${name}\` | ${kB} | ${size} | ${method} | ${cells.map(({ cell, refusal }) => cell ?? `refused: ${refusal}`).join(' | ')} |`,
    );
  }
} finally {
  rmSync(work, { recursive: true });
}
