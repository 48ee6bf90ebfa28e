import { expect, test } from 'vitest';
import { MAKERS, randomCase, Tally } from '../fuzz/cases.js';
import { compare, type Outcome } from '../fuzz/compare.js';
import { describeModel } from '../fuzz/options.js';
import { comparePoliced } from '../fuzz/policed.js';
import { policedCase } from '../fuzz/policed-cases.js';
import { seedOf } from '../fuzz/random.js';
import { shrink } from '../fuzz/shrink.js';
import type { TestModel } from './onnx.js';

const SEED = 2211;

function expectNoDifference(i: number, model: TestModel, outcome: Outcome): void {
  if (outcome.kind !== 'different') return;
  expect.fail(`case ${i} of seed ${SEED}: ${outcome.how}\n${describeModel(model)}`);
}

test('500 random models are read as ONNX Runtime runs them, and every operator is among them', async () => {
  const tried = new Tally();
  let same = 0;
  for (let i = 0; i < 500; i++) {
    const own = seedOf(SEED, i);
    const found = randomCase(own, tried);
    if (!found) continue;
    const outcome = await compare(found, own);
    expectNoDifference(i, found.model, outcome);
    if (outcome.kind === 'same') same++;
  }
  expect(same).toBeGreaterThan(350);
  const neverRead = [...Object.keys(MAKERS), 'Split'].filter(name => !tried.counts.get(name)?.read);
  expect(neverRead).toEqual([]);
}, 240_000);

test('200 random models, policed and written back, run as the original plus the reported shifts, and as A x + b on the regions', async () => {
  let same = 0;
  for (let i = 0; i < 200; i++) {
    const own = seedOf(SEED, i);
    const model = policedCase(own, new Tally());
    if (!model) continue;
    const outcome = await comparePoliced(model, own);
    expectNoDifference(i, model, outcome);
    if (outcome.kind === 'same') same++;
  }
  expect(same).toBeGreaterThan(150);
}, 240_000);

test('a difference is shrunk to what shows it', async () => {
  // As if every model with a HardSwish differed.
  const shows = async ({ model }: { model: TestModel }) => model.nodes.some(([type]) => type === 'HardSwish');
  const model: TestModel = {
    opset: 14,
    input: [1, 4],
    nodes: [
      ['Add', ['x', 'c'], ['a']],
      ['HardSwish', ['a'], ['b']],
      ['Mul', ['b', 'd'], ['y']],
    ],
    constants: { c: { dims: [1], data: [0.3] }, d: { dims: [1], data: [2] } },
  };
  const small = await shrink({ model, isConstant: false }, shows);
  expect(small.model).toMatchObject({
    nodes: [['HardSwish', ['x'], ['b'], {}]],
    constants: {},
    outputs: ['b'],
  });
});
