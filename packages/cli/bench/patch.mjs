// What patches cost and keep, on real networks: node packages/cli/bench/patch.mjs FOLDER [acas | ways [way …] | any [model …]]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  box,
  certify,
  enforce,
  fade,
  forward,
  freeze,
  matrix,
  matrixFromRows,
  network,
  patch,
  rowOf,
  vPolytope,
} from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import { run } from '../dist/run.js';
import { measured } from './measured.mjs';
import { latencies, openModel, tensorsOf } from './runtime.mjs';

const [folder, what = 'all', ...rest] = process.argv.slice(2);

let state = 1;
function random() {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
}

/** Runs one command line in this process; throws where it fails. */
async function police(args) {
  const said = [];
  const sink = { write: text => said.push(text) };
  const code = await run(args, { stdin: process.stdin, stdout: sink, stderr: sink });
  if (code !== 0) throw new Error(`police ${args.join(' ')}: ${code}\n${said.join('')}`);
  return said.join('');
}

/** {@link measured}; throws where the command fails. */
function done(args) {
  const found = measured(args);
  if (found.code !== 0) throw new Error(found.errors);
  return found;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const smallest = y => y.indexOf(Math.min(...y));

/** A float32 point of a box: every second one a corner. */
function inBox({ lower, upper }, isCorner) {
  return Float32Array.from(lower, (lo, k) => {
    const [least, most] = [up(lo), -up(-upper[k])];
    if (isCorner) return random() < 0.5 ? least : most;
    return Math.min(most, Math.max(least, Math.fround(lo + random() * (upper[k] - lo))));
  });
}

/** The least float32 that is not below. */
function up(x) {
  const y = Math.fround(x);
  if (y >= x) return y;
  return Math.fround(y + Math.max(Math.abs(y) * 2 ** -23, 2 ** -149));
}

/** A box around the same centre, `times` as wide. */
function wider({ lower, upper }, times) {
  const ends = lower.map((lo, k) => [(lo + upper[k]) / 2, (times * (upper[k] - lo)) / 2]);
  return { lower: ends.map(([c, r]) => c - r), upper: ends.map(([c, r]) => c + r) };
}

/** Law: y is f to the bit wherever |f − a| ≤ K d, and outputs elsewhere are counted. */
async function bitsAt(before, patched, points) {
  const counted = { held: 0, wrong: 0, changed: 0, kept: 0 };
  for (const x of points) {
    const [original] = await before.run(x);
    const [y, f, a, r] = await patched.run(x);
    original.forEach((value, j) => {
      if (!Object.is(value, f[j])) counted.wrong++;
      if (Math.abs(f[j] - a[j]) > r[j]) return;
      counted.held++;
      if (!Object.is(y[j], value)) counted.wrong++;
    });
    counted.changed += Number(original.some((value, j) => !Object.is(value, y[j])));
    counted.kept += Number(smallest(original) === smallest(y));
  }
  return counted;
}

const NETWORKS = ['1_1', '2_9', '3_3', '4_5', '5_9'];

/** The box of property 2, as its file says, and that of all inputs. */
const PROPERTY = { lower: [0.6, -0.5, -0.5, 0.45, -0.5], upper: [0.679857769, 0.5, 0.5, 0.5, -0.45] };
const DOMAIN = { lower: [-0.328422877, -0.5, -0.5, -0.5, -0.5], upper: [0.679857769, 0.5, 0.5, 0.5, 0.5] };

const POINTS = 10_000;

async function acas(work) {
  const property = join(folder, 'acasxu_prop_2.vnnlib');
  const region = box(PROPERTY.lower, PROPERTY.upper);
  const names = NETWORKS.map(name => join(folder, `acasxu_${name}.onnx`));
  const out = name => join(work, name.split('/').at(-1));
  const enforce = name => [
    ...['enforce', name, '-r', property, '--method', 'patch', '--map', 'fit', '--decision', 'smallest'],
    ...['-o', out(name), '-f', '--no-run'],
  ];
  const times = names.map(() => ({ wall: [], processor: [] }));
  for (let round = 0; round < 4; round++) {
    for (const [i, name] of names.entries()) {
      const [start, cpu] = [performance.now(), process.cpuUsage()];
      await police(enforce(name));
      const { user, system } = process.cpuUsage(cpu);
      // The first round compiles.
      if (round === 0) continue;
      times[i].wall.push((performance.now() - start) / 1000);
      times[i].processor.push((user + system) / 1e6);
    }
  }
  console.log(
    'network | certified | kept on R | kept in the domain | kept in 3 R | changed in the domain | bits | s | processor s | latency',
  );
  for (const [i, name] of names.entries()) {
    const [original, bytes] = [readFileSync(name), readFileSync(out(name))];
    const proof = certify(readModel(bytes).network, [region]);
    const tensors = tensorsOf(bytes);
    const before = await openModel(original, [tensors[0]]);
    const patched = await openModel(bytes, tensors);
    const at = (area, corners) =>
      Array.from({ length: POINTS }, (_, n) => inBox(area, corners && n % 2 === 0));
    const onR = await bitsAt(before, patched, at(PROPERTY, true));
    const all = await bitsAt(before, patched, at(DOMAIN, false));
    const near = await bitsAt(before, patched, at(wider(PROPERTY, 3), false));
    await Promise.all([before.release(), patched.release()]);
    const { data } = proof.regions[0].map.A;
    if (!data.some(x => x !== 0)) throw new Error('a constant map');
    const [old, now] = await latencies([original, bytes]);
    const percent = count => `${((100 * count) / POINTS).toFixed(2)}%`;
    console.log(
      [
        NETWORKS[i],
        proof.certified,
        percent(onR.kept),
        percent(all.kept),
        percent(near.kept),
        percent(all.changed),
        `${all.held + near.held} held, ${all.wrong + near.wrong + onR.wrong} wrong`,
        median(times[i].wall).toFixed(2),
        median(times[i].processor).toFixed(2),
        `${(1000 * old).toFixed(1)} → ${(1000 * now).toFixed(1)} µs, × ${(now / old).toFixed(3)}`,
      ].join(' | '),
    );
    console.log(`  property: ${belowAnother(proof.regions[0].map)}`);
  }
}

/** Property 2 asks that output 0 is never the largest: one of the others above it everywhere proves it. */
function belowAnother({ A, b }) {
  const most = [1, 2, 3, 4].map(j => {
    let value = b[0] - b[j];
    for (let k = 0; k < 5; k++) {
      const slope = A.data[k] - A.data[5 * j + k];
      value += Math.max(slope * PROPERTY.lower[k], slope * PROPERTY.upper[k]);
    }
    return value;
  });
  const least = Math.min(...most);
  return `max (y0 − y${1 + most.indexOf(least)}) on R is ${least.toExponential(2)}: ${least < 0 ? 'holds, proved' : 'not proved by one pair'}`;
}

/** The three ways to keep the promise on the same box, side by side: of decisions, the share kept; median and least of the networks. */
async function ways() {
  const region = box(PROPERTY.lower, PROPERTY.upper);
  const methods = {
    shift: net => freeze(enforce(net, [region]).network, [region]).network,
    'fade 0.1': net => fade(net, region, { width: 0.1 }),
    'fade 1': net => fade(net, region, { width: 1 }),
    patch: net => patch(net, [region], { decision: 'smallest' }).network,
  };
  const areas = {
    'in R': PROPERTY,
    'in 1.2 R': wider(PROPERTY, 1.2),
    'in 3 R': wider(PROPERTY, 3),
    'in the domain': DOMAIN,
  };
  const points = Object.entries(areas).map(([name, area]) => {
    const rows = Array.from({ length: POINTS }, () => inBox(area, false)).filter(
      x => name === 'in R' || !region.contains(Float64Array.from(x)),
    );
    const all = matrix(rows.length, 5);
    for (const [i, row] of rows.entries()) all.data.set(row, 5 * i);
    return all;
  });
  console.log(`way | ${Object.keys(areas).join(' | ')} | latency`);
  for (const [name, make] of Object.entries(methods)) {
    if (rest.length > 0 && !rest.includes(name)) continue;
    const kept = Object.keys(areas).map(() => []);
    const ratios = [];
    for (const file of NETWORKS) {
      const { network: net } = readModel(readFileSync(join(folder, `acasxu_${file}.onnx`)));
      const made = make(net);
      if (!certify(made, [region]).certified) throw new Error(`${name} of ${file} is not certified`);
      for (const [k, at] of points.entries()) {
        const [before, after] = [forward(net, at), forward(made, at)];
        let same = 0;
        for (let i = 0; i < at.rows; i++) same += smallest(rowOf(before, i)) === smallest(rowOf(after, i));
        kept[k].push((100 * same) / at.rows);
      }
      const [old, now] = await latencies([exportOnnx(net), exportOnnx(made)], 100);
      ratios.push(now / old);
    }
    const shares = kept.map(each => `${median(each).toFixed(2)}, ${Math.min(...each).toFixed(2)} %`);
    console.log([name, ...shares, `× ${median(ratios).toFixed(3)}`].join(' | '));
  }
}

/** Of any model: the region, and how points of it and outside are made. */
function cases() {
  const around = (length, centre, radius) => ({
    lower: Array(length).fill(centre - radius),
    upper: Array(length).fill(centre + radius),
  });
  const image = () => Array.from({ length: 8112 }, () => Math.fround(random()));
  const corners = Array.from({ length: 5 }, image);
  const weights = () => {
    const w = corners.map(() => -Math.log(random()));
    const sum = w.reduce((a, b) => a + b);
    return w.map(x => x / sum);
  };
  const inHull = () => {
    const w = weights();
    return Float32Array.from({ length: 8112 }, (_, k) => w.reduce((s, x, v) => s + x * corners[v][k], 0));
  };
  const boxes = area => ({
    json: { kind: 'box', ...area },
    region: box(area.lower, area.upper),
    inside: n => inBox(area, n % 2 === 0),
  });
  return [
    {
      name: 'attention_mnist',
      ...boxes(around(784, 0.5, 0.05)),
      outside: () => Float32Array.from({ length: 784 }, random),
      points: POINTS,
    },
    {
      name: 'policy_go1',
      ...boxes(around(48, 0, 0.1)),
      outside: () => Float32Array.from({ length: 48 }, () => 4 * random() - 2),
      points: POINTS,
    },
    {
      name: 'tinyyolo',
      json: { kind: 'vPolytope', vertices: corners },
      region: vPolytope(corners),
      inside: inHull,
      outside: () => Float32Array.from(image()),
      points: POINTS,
    },
  ];
}

/** Longer, and fewer points are run: how many were is told. */
const MOST_SECONDS = 300;

async function any(work) {
  for (const { name, json, region, inside, outside, points } of cases()) {
    if (rest.length > 0 && !rest.includes(name)) continue;
    const model = join(folder, `${name}.onnx`);
    const [file, patchedFile] = [join(work, `${name}.json`), join(work, `${name}.onnx`)];
    writeFileSync(file, JSON.stringify(json));
    const enforced = done([
      ...['enforce', model, '-r', file, '--method', 'patch', '-o', patchedFile, '-f', '--json'],
    ]);
    const verified = done(['verify', patchedFile, '-r', file]);
    console.log(`${name}: ${cost(enforced)} to patch, ${cost(verified)} to verify`);
    const said = JSON.parse(enforced.text.split('\n').find(line => line.startsWith('{')));
    console.log(`  ${said.added.nodes} operators, ${said.added.entries} numbers; values by ${said.valuesBy}`);
    console.log(`  ${JSON.stringify(said.patches[0].inside)} in R, ${JSON.stringify(said.patches[0].shell)}`);
    console.log(
      `  on ${said.harm.points} ${said.harm.of}: ${said.harm.outputsChanged} changed; ${said.verdict}`,
    );

    const bytes = readFileSync(patchedFile);
    const { network: read } = readModel(bytes);
    const proof = certify(read, [region]);
    if (!proof.certified) throw new Error('not certified');
    const bound = proof.regions[0].inferenceError.reduce((most, e) => Math.max(most, e), 0);
    const held = centreOf(read);
    const tensors = tensorsOf(bytes);
    const patched = await openModel(bytes, tensors);
    const start = performance.now();
    const found = { count: 0, most: 0 };
    while (found.count < points && performance.now() - start < 1000 * MOST_SECONDS) {
      const x = inside(found.count);
      const [y] = await patched.run(x);
      const wanted = rowOf(forward(held, matrixFromRows([x])), 0);
      wanted.forEach((value, j) => {
        found.most = Math.max(found.most, Math.abs(y[j] - value));
        if (!(found.most <= bound))
          throw new Error(`output ${j} is off by ${found.most} at point ${found.count}`);
      });
      found.count++;
    }
    console.log(
      `  in R, ${found.count} points: |y − (A x + b)| at most ${found.most.toExponential(2)}, proved ${bound.toExponential(2)}`,
    );
    const before = await openModel(readFileSync(model), [tensors[0]]);
    const far = Array.from({ length: Math.min(1000, found.count) }, outside);
    const { held: same, wrong, changed } = await bitsAt(before, patched, far);
    console.log(
      `  outside, ${far.length} points: ${same} outputs within K d, ${wrong} not to the bit; points changed: ${changed}`,
    );
    await Promise.all([before.release(), patched.release()]);
  }
}

const cost = ({ wall, processor, memory }) =>
  `${wall.toFixed(1)} s (processor ${processor.toFixed(1)} s, ${memory.toFixed(0)} MiB)`;

/** The nodes that the patch's centre is computed by, as a network. */
function centreOf({ nodes }) {
  const clamp = nodes.findLast(({ kind }) => kind === 'clamp');
  const wanted = new Set([clamp.inputs[1]]);
  const all = [...nodes].reverse().filter(n => {
    if (!wanted.has(n.name)) return false;
    for (const input of n.inputs ?? (n.input ? [n.input] : [])) wanted.add(input);
    return true;
  });
  return network(all.reverse());
}

const work = mkdtempSync(join(tmpdir(), 'patch-'));
try {
  const wanted = name => what === 'all' || what === name;
  if (wanted('acas')) await acas(work);
  if (wanted('ways')) await ways();
  if (wanted('any')) await any(work);
} finally {
  rmSync(work, { recursive: true });
}
