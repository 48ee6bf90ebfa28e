import { box, chordProbe, enforce, freeze, type Matrix, type Network, type Rng, rowOf } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { float32ErrorBound } from '@police/testing/float32-error';
import { activationKinds, randomNetwork, seededRng } from '@police/testing/helpers';
import { runOnnx } from '@police/testing/onnx-runtime';
import { expect, test } from 'vitest';

/** Points on this grid, of magnitude up to 2, have sums and midpoints that float32 holds exactly. */
const GRID = 2 ** -12;
const CHORDS = 200;
// Its corners lie on the grid, so rounding a point of it to the grid does not leave it.
const region = box([-0.5, 0.25, -1], [0.75, 1.5, 0.5]);
const WIDTHS = [3, 16, 16, 2];

/**
 * The largest residual over chords in ONNX Runtime, and the largest that rounding can make. At exact midpoints an
 * affine function has residual 0, so the error bounds of midpoint and ends are all there is.
 */
async function chordResidual(net: Network, bytes: Uint8Array, rng: Rng): Promise<[number, number]> {
  const { points, residual } = chordProbe(region, CHORDS, rng);
  const data = points.data.map(x => Math.round(x / GRID) * GRID);
  const x: Matrix = { ...points, data };
  for (let i = 0; i < CHORDS; i++) {
    const end = rowOf(x, CHORDS + i);
    rowOf(x, 2 * CHORDS + i).set(rowOf(x, i).map((a, k) => (a + end[k]) / 2));
  }
  const { data: error } = float32ErrorBound(net, x);
  const n = error.length / 3;
  let rounding = 0;
  for (let k = 0; k < n; k++) {
    rounding = Math.max(rounding, error[2 * n + k] + (error[k] + error[n + k]) / 2);
  }
  return [residual(await runOnnx(bytes, x)), rounding];
}

test.each(activationKinds)('a frozen %s network is affine on its box in ONNX Runtime', async kind => {
  const rng = seededRng(7);
  const net = randomNetwork(rng, WIDTHS, kind);
  const { network } = freeze(enforce(net, [region]).network, [region]);
  const [residual, rounding] = await chordResidual(network, exportOnnx(network, { regions: [region] }), rng);
  expect(residual).toBeLessThanOrEqual(rounding);

  // The same probe tells a network that was not constrained, so the bound is no empty one.
  const plain = freeze(net, []).network;
  const [bent, plainRounding] = await chordResidual(plain, exportOnnx(plain), rng);
  expect(bent).toBeGreaterThan(100 * plainRounding);
});
