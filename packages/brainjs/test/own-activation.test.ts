import { chain, chordProbe, dense, enforce, forward, type Network } from '@police/core';
import { bent, bentAt, bentSlope } from '@police/testing/bent';
import { randomRows } from '@police/testing/conformance/rows';
import { expectClose, seededRng } from '@police/testing/helpers';
import { roundedBox } from '@police/testing/regions/rounded-box';
import { runBound } from '@police/testing/rounding';
import { expect, test } from 'vitest';
import { createEngine } from '../src/engine.js';
import { type FlatLayer, flatten } from '../src/flat-layer.js';
import { settingsOf } from '../src/settings.js';
import type { Units } from '../src/units.js';
import { FLOAT32_ROUNDOFF, makeNet, rowAt } from './helpers.js';

const WIDTHS = [3, 8, 6, 2];
const regions = [roundedBox([0.2, -0.1, 0.3], [0.5, 1, 0.25])];
const bound = (net: Network, points: Parameters<typeof forward>[1]) =>
  runBound(net, points, FLOAT32_ROUNDOFF);

/** brain.js has four activations; this is what the engine needs of a fifth, of two kinks. */
const units: Units = {
  activation: bent(),
  activate: (y, shift, slopes) => {
    for (let j = 0; j < y.length; j++) {
      slopes[j] = bentSlope(y[j] + shift[j]);
      y[j] = Math.fround(bentAt(y[j] + shift[j]));
    }
  },
  writeDeltas: (deltas, errors, _outputs, slopes) => {
    for (let j = 0; j < deltas.length; j++) deltas[j] = Math.fround(slopes[j] * errors[j]);
  },
};

const networkOf = (params: readonly FlatLayer[]): Network =>
  chain(
    WIDTHS[0],
    params.flatMap(({ inSize, outSize, weights, biases }) => [
      dense({ rows: outSize, cols: inSize, data: Float64Array.from(weights) }, biases),
      bent(),
    ]),
  );

test.each(['shift', 'project'] as const)(
  'an activation and a kind of region that core does not know train in place, mode %s',
  mode => {
    const params = flatten(makeNet(WIDTHS, 'relu', 3));
    const engine = createEngine(params, regions, settingsOf({ regions, mode }), () => units);
    engine.project();
    const before = networkOf(params);
    const probe = chordProbe(regions[0], 20, seededRng(2));
    const [x, targets] = [randomRows(8, 3, 4, 2), randomRows(8, 2, 5)];
    for (let i = 0; i < x.rows; i++) {
      const options = { learningRate: 0.05, momentum: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
      engine.step(rowAt(x, i), rowAt(targets, i), options);
      const raw = networkOf(params);
      const sides = Object.fromEntries(engine.sides.map((kept, l) => [`bent_${2 * l + 2}`, kept.slice()]));
      const expected = enforce(raw, regions, { policy: 'sticky', sides });
      const tolerance = bound(expected.network, probe.points);
      engine.presentShifts().forEach((shift, l) => {
        expectClose(shift, expected.shifts[`bent_${2 * l + 2}`], tolerance, `shifts of layer ${l}`);
      });
      const { rows } = probe.points;
      const outputs = Array.from({ length: rows }, (_, n) => [...engine.run(rowAt(probe.points, n))]).flat();
      expectClose(outputs, forward(expected.network, probe.points).data, tolerance, 'outputs');
      expect(probe.residual({ rows, cols: 2, data: Float64Array.from(outputs) })).toBeLessThan(2 * tolerance);
    }
    const moved = forward(networkOf(params), x).data.some((y, i) => y !== forward(before, x).data[i]);
    expect(moved).toBe(true);
    const plain = forward(networkOf(params), probe.points);
    if (mode === 'shift') expect(probe.residual(plain)).toBeGreaterThan(100 * bound(before, probe.points));
  },
);
