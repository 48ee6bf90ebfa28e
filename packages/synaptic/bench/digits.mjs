/**
 * Digits of 14 × 14 pixels under a box of radius 0.05 around one image (a frame of 197 rows), beside the library without
 * constraint. Build first, then: node packages/synaptic/bench/digits.mjs
 */
import { boxAround, certify, chordProbe } from '@police/core';
import { constrain, freeze } from '@police/synaptic';
import { accuracy, loadDigits, meanSquare } from '@police/testing/digits';
import { mulberry32 } from '@police/testing/random';
import synaptic from 'synaptic';
import { perceptron, runRows } from './cases.mjs';

const PASSES = Number(process.argv[2] ?? 20);
const RATE = Number(process.argv[3] ?? 0.005);
const all = await loadDigits(300, mulberry32(3));
const [train, test] = [all.slice(0, 2500), all.slice(2500)];
const region = boxAround(train[0].input, 0.05);
const probe = chordProbe(region, 50, mulberry32(2));
const base = perceptron([196, 32, 32, 10], 1, 1);

const contenders = {
  'no region (the library)': { regions: [] },
  exact: { regions: [region] },
  'refresh 16': { regions: [region], refresh: 16 },
  'refresh 200': { regions: [region], refresh: 200 },
  project: { regions: [region], mode: 'project' },
};
console.log(`${PASSES} passes over ${train.length} digits, rate ${RATE} falling as a cosine\n`);
console.log('| run | training loss | test loss | right | largest residual | certified | µs per update |');
console.log('|---|---|---|---|---|---|---|');
for (const [name, options] of Object.entries(contenders)) {
  const network = constrain(base, options);
  const scores = input => network.activate(input);
  Math.random = mulberry32(4); // Trainer's shuffle
  let residual = 0;
  let looking = 0;
  const start = performance.now();
  try {
    new synaptic.Trainer(network).train([...train], {
      rate: pass => (RATE * (1.03 + Math.cos((Math.PI * pass) / PASSES))) / 2,
      iterations: PASSES,
      error: 1e-9,
      shuffle: true,
      schedule: {
        every: 1,
        do: () => {
          const from = performance.now();
          residual = Math.max(residual, probe.residual(runRows(network, probe.points)));
          looking += performance.now() - from;
        },
      },
    });
  } catch (error) {
    console.log(`| ${name} | ${error.message} |`);
    continue;
  }
  const micros = ((performance.now() - start - looking) * 1e3) / PASSES / train.length;
  const certified = options.regions.length > 0 ? certify(freeze(network).network, [region]).certified : '–';
  const losses = [train, test].map(set => meanSquare(set, scores).toFixed(5)).join(' | ');
  const right = (100 * accuracy(test, scores)).toFixed(1);
  console.log(
    `| ${name} | ${losses} | ${right}% | ${residual.toExponential(1)} | ${certified} | ${micros.toFixed(0)} |`,
  );
}
