/** Time of one update (activate and propagate) and of one activate, constrained and plain, interleaved; medians. */
import { cpus } from 'node:os';
import { median } from '@police/common/statistics';
import { box, chordProbe } from '@police/core';
import { constrain, freeze } from '@police/synaptic';
import { mulberry32 } from '@police/testing/random';
import { perceptron, runRows, triangle, wave } from './cases.mjs';

const ROUNDS = 41;
const MILLISECONDS = 20;
const WARM_UP = 4;
const RATE = 1e-4;

const samples = wave(40);
const square = box([-0.3, -0.3], [0.3, 0.3]);
const cases = [
  { name: '2-32-32-1, triangle (frame 3)', widths: [2, 32, 32, 1], regions: [triangle] },
  { name: '2-64-64-1, triangle (frame 3)', widths: [2, 64, 64, 1], regions: [triangle] },
  { name: '2-32-32-1, triangle and square (frame 6)', widths: [2, 32, 32, 1], regions: [triangle, square] },
  {
    name: '16-32-32-1, box (frame 17)',
    widths: [16, 32, 32, 1],
    regions: [box(new Float64Array(16).fill(-0.1), new Float64Array(16).fill(0.1))],
  },
];

const wide = ({ input, output }, size) => ({
  input: Array.from({ length: size }, (_, i) => input[i % 2] * (1 - i / 100)),
  output,
});

/** Microseconds of one call of `step(i)`, over about `MILLISECONDS`. */
function time(step) {
  let calls = 0;
  const start = performance.now();
  let now = start;
  while (now - start < MILLISECONDS) {
    for (let i = 0; i < 32; i++) step(calls++);
    now = performance.now();
  }
  return ((now - start) * 1000) / calls;
}

/** Times of interleaved rounds, by contender; the first ones warm up. */
function compare(contenders) {
  const times = Object.fromEntries(Object.keys(contenders).map(name => [name, []]));
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [name, step] of Object.entries(contenders)) {
      const taken = time(step);
      if (round >= 0) times[name].push(taken);
    }
  }
  return times;
}

const train = (network, set) => i => {
  const { input, output } = set[(i * 7919) % set.length];
  network.activate(input);
  network.propagate(RATE, output);
};

/** Throws unless the contenders do what they are timed for. */
function check(widths, regions, set) {
  const plain = perceptron(widths, 1);
  const free = constrain(plain, { regions: [] });
  const exact = constrain(plain, { regions });
  for (let i = 0; i < 300; i++) {
    const { input, output } = set[(i * 7919) % set.length];
    if (plain.activate(input)[0] !== free.activate(input)[0]) throw new Error('not the library bit for bit');
    plain.propagate(RATE, output);
    free.propagate(RATE, output);
    train(exact, set)(i);
  }
  for (const network of [exact, freeze(exact).model]) {
    for (const region of regions) {
      const { points, residual } = chordProbe(region, 100, mulberry32(1));
      if (!(residual(runRows(network, points)) < 1e-12)) throw new Error('not affine on the region');
    }
  }
}

console.log(`${cpus()[0].model}, Node ${process.version}; medians of ${ROUNDS} rounds\n`);
console.log(
  '| update, µs | library | library, unoptimised | no region | exact | bound | refresh 16 | refresh 16, limit | project |',
);
console.log('|---|---|---|---|---|---|---|---|---|');
/** The median, and the median of the ratios round by round, which a busy machine disturbs less. */
const beside = (list, base) =>
  `${median(list).toFixed(2)} (×${median(list.map((time, i) => time / base[i])).toFixed(2)})`;
for (const { name, widths, regions } of cases) {
  const set = samples.map(sample => wide(sample, widths[0]));
  check(widths, regions, set);
  const base = perceptron(widths, 1);
  const slow = base.clone();
  slow.setOptimize(false);
  const times = compare({
    library: train(base.clone(), set),
    slow: train(slow, set),
    free: train(constrain(base, { regions: [] }), set),
    exact: train(constrain(base, { regions }), set),
    refresh: train(constrain(base, { regions, refresh: 16 }), set),
    project: train(constrain(base, { regions, mode: 'project' }), set),
  });
  const { library, slow: unoptimised, free, exact, refresh, project } = times;
  const frame = regions.reduce((sum, region) => sum + region.frame.rows, 0);
  console.log(
    `| ${name} | ${median(library).toFixed(1)} | ${median(unoptimised).toFixed(1)} | ${median(free).toFixed(2)} | ${beside(exact, free)} | ` +
      `×${frame + 1} | ${beside(refresh, free)} | ×1.3 | ${beside(project, free)} |`,
  );
}

console.log('\n| activate, µs | library | frozen, ratio to library | constrained |\n|---|---|---|---|');
for (const { name, widths, regions } of cases) {
  const set = samples.map(sample => wide(sample, widths[0]));
  const base = perceptron(widths, 1);
  const policed = constrain(base, { regions });
  const { model } = freeze(policed);
  const run = network => i => network.activate(set[i % set.length].input);
  const times = compare({ library: run(base), frozen: run(model), constrained: run(policed) });
  const { library, frozen, constrained } = times;
  console.log(
    `| ${name} | ${median(library).toFixed(1)} | ${beside(frozen, library)} | ${median(constrained).toFixed(2)} |`,
  );
}
