/** Learns the wave of the paper's Fig. 2, with and without the triangle: losses, residuals, loss curves. */
import { affineFloor } from '@police/common/floor';
import { samplesOf } from '@police/common/task';
import { chordProbe } from '@police/core';
import { constrain, freeze } from '@police/synaptic';
import { mulberry32 } from '@police/testing/random';
import synaptic from 'synaptic';
import { perceptron, runRows, triangle, wave } from './cases.mjs';

const [widths = '2-64-64-1', passes = '2000', rate = '0.0004'] = process.argv.slice(2);
const PASSES = Number(passes);
const RATE = Number(rate);
const LOOKS = 10;
const samples = wave(40);
const base = perceptron(widths.split('-').map(Number), 1);
const probe = chordProbe(triangle, 200, mulberry32(2));
const isInside = samples.map(({ input }) => triangle.contains(input));

/** Without regions the constrained network is the library's bit for bit, and a hundred times as fast. */
function assertSame() {
  const [plain, free] = [base.clone(), constrain(base, { regions: [] })];
  for (let i = 0; i < samples.length; i++) {
    for (const network of [plain, free]) {
      network.activate(samples[i].input);
      network.propagate(RATE, samples[i].output);
    }
  }
  const same = samples.every(({ input }) => plain.activate(input)[0] === free.activate(input)[0]);
  if (!same) throw new Error('without regions it is not the library');
}

function losses(network) {
  const errors = samples.map(({ input, output }) => (network.activate(input)[0] - output[0]) ** 2);
  const mean = keep => {
    const kept = errors.filter((_, i) => keep(i));
    return kept.reduce((sum, e) => sum + e, 0) / kept.length;
  };
  return { all: mean(() => true), outside: mean(i => !isInside[i]) };
}

assertSame();
console.log(
  `wave, ${widths} RELU, ${samples.length} points, ${PASSES} passes, rate ${RATE} falling as a cosine`,
);
const floor = affineFloor(samplesOf('wave', samples), [triangle]);
console.log(`least error of any function affine on the triangle: ${floor.toFixed(4)}\n`);
console.log(
  `| run | ${Array.from({ length: LOOKS }, (_, i) => ((i + 1) * PASSES) / LOOKS).join(' | ')} | outside the triangle | largest residual | frozen | seconds |`,
);
console.log(`|---|${'---|'.repeat(LOOKS + 4)}`);
const runs = {
  'no region (the library)': { regions: [] },
  shift: { regions: [triangle] },
  'shift, refresh 16': { regions: [triangle], refresh: 16 },
  project: { regions: [triangle], mode: 'project' },
};
for (const [name, options] of Object.entries(runs)) {
  const network = constrain(base, options);
  const order = mulberry32(3);
  Math.random = order; // Trainer's shuffle
  const curve = [];
  let residual = 0;
  let state = '';
  const start = performance.now();
  try {
    new synaptic.Trainer(network).train([...samples], {
      rate: pass => RATE * Math.max(0.03, (1 + Math.cos((Math.PI * pass) / PASSES)) / 2),
      iterations: PASSES,
      error: 1e-12,
      shuffle: true,
      schedule: {
        every: PASSES / LOOKS,
        do: () => {
          curve.push(losses(network).all.toFixed(4));
          residual = Math.max(residual, probe.residual(runRows(network, probe.points)));
        },
      },
    });
    const seconds = (performance.now() - start) / 1000;
    const frozen = options.regions.length > 0 ? losses(freeze(network).model).all.toFixed(4) : '–';
    state = `${losses(network).outside.toFixed(4)} | ${residual.toExponential(1)} | ${frozen} | ${seconds.toFixed(0)}`;
  } catch (error) {
    state = error.message;
  }
  console.log(`| ${name} | ${curve.join(' | ')} | ${state} |`);
}
