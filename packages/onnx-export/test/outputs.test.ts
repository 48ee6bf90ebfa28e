import {
  type Activation,
  abs,
  chain,
  clip,
  dense,
  elu,
  freeze,
  gelu,
  geluTanh,
  hardSigmoid,
  hardSwish,
  hardTanh,
  identity,
  leakyRelu,
  mish,
  type Network,
  network,
  prelu,
  quickGelu,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { activationKinds, randomArray, randomNetwork, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { expectSameOutputs, randomRows } from './helpers.js';

const UNITS = 5;
const activations: readonly Activation[] = [
  identity(),
  relu(),
  abs(),
  relu6(),
  hardTanh(),
  clip(-0.5, 2.25),
  hardSigmoid(Math.fround(0.2), 0.5),
  hardSwish(),
  elu(Math.fround(0.7)),
  selu(),
  leakyRelu(0.125),
  leakyRelu(-0.3),
  leakyRelu(1.7),
  prelu([0.1, -0.2, 0, 1, 3]),
  ...[softplus, silu, gelu, geluTanh, quickGelu, mish, sigmoid, tanh].map(make => make(2 ** -20)),
];
const batchSizes = [1, 7];

const frozen = (net: Network): Network => freeze(net, []).network;

describe.each(batchSizes)('a batch of %i rows: ONNX Runtime gives what core gives', batch => {
  test.each(activations)('$name alone', async activation => {
    const net = frozen(chain(UNITS, [activation]));
    // Reaches beyond every kink.
    await expectSameOutputs(exportOnnx(net), net, randomRows(seededRng(1), batch, UNITS, 9));
  });

  test.each(activations)('$name at its kinks and next to them', async activation => {
    const net = frozen(chain(UNITS, [activation]));
    const ends = activation.kinks.flatMap(({ lo, hi }) => [lo, hi]).filter(Number.isFinite);
    const edges = [-0, 0, 2 ** -149, -(2 ** -149), ...ends.flatMap(x => [x, x * 1.25])];
    const data = new Float64Array(batch * UNITS).map((_, k) => edges[k % edges.length]);
    await expectSameOutputs(exportOnnx(net), net, { rows: batch, cols: UNITS, data });
  });

  test.each(activations)('$name after a shift that is not folded', async activation => {
    const shift = Float64Array.of(3, -2, 0, 0.5, -6);
    const net = frozen(
      network([
        { kind: 'input', name: 'input', size: UNITS },
        { kind: 'activation', name: 'shifted', input: 'input', activation, shift },
      ]),
    );
    await expectSameOutputs(exportOnnx(net), net, randomRows(seededRng(2), batch, UNITS, 9));
  });

  test('dense', async () => {
    const rng = seededRng(3);
    const rows = Array.from({ length: 2 }, () => randomArray(rng, UNITS));
    const net = frozen(chain(UNITS, [dense(rows, [0.5, -1])]));
    await expectSameOutputs(exportOnnx(net), net, randomRows(rng, batch, UNITS));
  });

  test('an input node alone', async () => {
    const net = chain(UNITS, []);
    await expectSameOutputs(exportOnnx(net), net, randomRows(seededRng(4), batch, UNITS));
  });

  test('generated networks', async () => {
    const width = fc.integer({ min: 1, max: 24 });
    const cases = fc.record({
      seed: seeds,
      widths: fc.array(width, { minLength: 2, maxLength: 5 }),
      kind: fc.constantFrom(...activationKinds),
      scale: fc.constantFrom(1e-9, 1e-3, 1, 1e3),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ seed, widths, kind, scale }) => {
        const rng = seededRng(seed);
        const net = frozen(randomNetwork(rng, widths, kind, scale));
        await expectSameOutputs(exportOnnx(net), net, randomRows(rng, batch, widths[0], scale));
      }),
      { numRuns: 25 },
    );
  });
});
