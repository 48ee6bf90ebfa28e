// What shifts cost outside their regions, and what they cost where they fade out: node packages/cli/bench/fade.mjs FOLDER [width]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { box, certify, enforce, faded, forward, freeze, matrix, rowOf } from '@police/core';
import { readModel } from '@police/onnx-import';
import { run } from '../dist/run.js';
import { latencies, openModel } from './runtime.mjs';

const [folder, given = '0.1'] = process.argv.slice(2);
const width = Number(given);

let state = 1;
function random() {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
}

const NETWORKS = ['1_1', '2_9', '3_3', '4_5', '5_9'];

/** Boxes of the properties, as their files say, and that of all inputs. */
const DOMAIN = { lower: [-0.328422877, -0.5, -0.5, -0.5, -0.5], upper: [0.679857769, 0.5, 0.5, 0.5, 0.5] };
const PROPERTIES = {
  1: [{ lower: [0.6, -0.5, -0.5, 0.45, -0.5], upper: [0.679857769, 0.5, 0.5, 0.5, -0.45] }],
  3: [
    {
      lower: [-0.303531156, -0.009549297, 0.493380324, 0.3, 0.3],
      upper: [-0.298552812, 0.009549297, 0.5, 0.5, 0.5],
    },
  ],
  6: [
    {
      lower: [-0.129289109, 0.11140846, -0.499999896, -0.5, -0.5],
      upper: [0.700434925, 0.499999896, -0.499204121, 0.5, 0.5],
    },
    {
      lower: [-0.129289109, -0.499999896, -0.499999896, -0.5, -0.5],
      upper: [0.700434925, -0.11140846, -0.499204121, 0.5, 0.5],
    },
  ],
};

const POINTS = 20_000;
const RUN = 2_000;

const boxOf = ({ lower, upper }) => box(lower, upper);

/** Float32 points of the domain outside the regions. */
function outside(regions, count) {
  const points = matrix(count, DOMAIN.lower.length);
  for (let i = 0; i < count; ) {
    const x = Float64Array.from(DOMAIN.lower, (lo, k) => Math.fround(lo + random() * (DOMAIN.upper[k] - lo)));
    if (regions.some(region => region.contains(x))) continue;
    points.data.set(x, i * points.cols);
    i++;
  }
  return points;
}

const smallest = y => y.indexOf(Math.min(...y));

function keptShare(before, after) {
  let kept = 0;
  for (let i = 0; i < before.rows; i++) kept += smallest(rowOf(before, i)) === smallest(rowOf(after, i));
  return (100 * kept) / before.rows;
}

/** Outputs in ONNX Runtime of both files where no gate is open: how many, and how many of them not to the bit. */
async function bitsOutside(files, gates, points) {
  const on = forward(gates, points);
  const [before, after] = await Promise.all(files.map(bytes => openModel(bytes)));
  const found = { held: 0, wrong: 0 };
  for (let i = 0; i < points.rows; i++) {
    if (rowOf(on, i).some(t => t > 0)) continue;
    const x = Float32Array.from(rowOf(points, i));
    const [[old], [now]] = [await before.run(x), await after.run(x)];
    old.forEach((y, j) => {
      found.held++;
      found.wrong += Number(!Object.is(y, now[j]));
    });
  }
  await Promise.all([before.release(), after.release()]);
  return found;
}

async function police(args) {
  const said = [];
  const sink = { write: text => said.push(text) };
  const code = await run(args, { stdin: process.stdin, stdout: sink, stderr: sink });
  if (code !== 0) throw new Error(`police ${args.join(' ')}: ${code}\n${said.join('')}`);
}

async function measure(name, property, work) {
  const model = join(folder, `acasxu_${name}.onnx`);
  const boxes = PROPERTIES[property];
  const regions = boxes.map(boxOf);
  const files = boxes.map((each, r) => {
    const file = join(work, `${property}-${r}.json`);
    writeFileSync(file, JSON.stringify({ kind: 'box', ...each }));
    return ['-r', file];
  });
  const out = join(work, 'faded.onnx');
  const cpu = process.cpuUsage();
  await police(['enforce', model, ...files.flat(), '--fade', given, '-o', out, '-f', '--no-run']);
  const { user, system } = process.cpuUsage(cpu);
  await police(['verify', out, ...files.flat(), '--run']);

  const original = readFileSync(model);
  const written = readFileSync(out);
  const { network } = readModel(original);
  const { network: read } = readModel(written);
  if (!certify(read, regions).certified) throw new Error('not certified');
  const { report, network: enforced } = enforce(network, regions, { lookahead: true });
  const shifted = freeze(enforced, regions, { lookahead: true }).network;
  const points = outside(regions, POINTS);
  const before = forward(network, points);
  const { gates } = faded(network, regions, { width });
  const few = { rows: RUN, cols: points.cols, data: points.data.slice(0, RUN * points.cols) };
  const bits = await bitsOutside([original, written], gates, few);
  const [old, now] = await latencies([original, written], 100);
  console.log(
    [
      name,
      property,
      regions.length,
      report.shifted,
      report.freed ?? 0,
      `${keptShare(before, forward(shifted, points)).toFixed(1)}%`,
      `${keptShare(before, forward(read, points)).toFixed(2)}%`,
      `${bits.held} held, ${bits.wrong} wrong`,
      `${((user + system) / 1e6).toFixed(2)} s`,
      `× ${(now / old).toFixed(2)}`,
    ].join(' | '),
  );
}

const work = mkdtempSync(join(tmpdir(), 'fade-'));
try {
  console.log(
    'network | property | regions | units shifted | spared by lookahead | kept outside, shift | kept outside, fade | outputs to the bit outside the shells | processor | latency',
  );
  for (const property of Object.keys(PROPERTIES))
    for (const name of NETWORKS) await measure(name, property, work);
} finally {
  rmSync(work, { recursive: true });
}
