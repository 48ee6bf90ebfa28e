// Shifts that fade out, in a plain brain.js network: a deeper chain of ReLUs.
import { fromNetwork, plainFromJSON, toNetwork } from '@police/brainjs';
import {
  box,
  certify,
  chain,
  dense,
  faded,
  forward,
  leakyRelu,
  matrix,
  patch,
  plainChain,
  relu,
} from '@police/core';
import { seededRng } from '@police/core/adapter';
import { roundingBound } from '@police/testing/helpers';
import { describe, expect, test } from 'vitest';
import { errorOf } from './helpers.js';

const region = box([-0.5, -0.25], [0.5, 0.75]);

/** brain.js keeps values and weights in float32: roundings of 2⁻²⁴ for 2⁻⁵³. */
const FLOAT32_FOR_64 = 2 ** 29;

/** ReLUs after every layer, the last included, as brain.js has them; weights of float32. */
function reluNetwork(seed: number, activation = relu) {
  const rng = seededRng(seed);
  const layer = (rows: number, cols: number, bias: number) =>
    dense(
      Array.from({ length: rows }, () => Array.from({ length: cols }, () => Math.fround(2 * rng() - 1))),
      Array.from({ length: rows }, () => Math.fround(bias * rng())),
    );
  return chain(2, [layer(8, 2, 1), activation(), layer(6, 8, 1), activation(), layer(2, 6, 4), activation()]);
}

function probes(seed: number) {
  const rng = seededRng(seed);
  const points = matrix(80, 2);
  points.data.forEach((_, i) => {
    points.data[i] = Math.fround(6 * rng() - 3);
  });
  return points;
}

/** brain.js's outputs. */
const runRows = (net: { run(x: number[]): unknown }, { rows, cols, data }: ReturnType<typeof matrix>) =>
  Float64Array.from(
    Array.from({ length: rows }, (_, i) =>
      Array.from(net.run(Array.from(data.subarray(i * cols, (i + 1) * cols))) as Float32Array),
    ).flat(),
  );

describe('faded networks', () => {
  test.each([1, 2, 3])('of ReLUs are chains that brain.js holds, runs, saves and reads, seed %i', seed => {
    const original = reluNetwork(seed);
    const before = toNetwork(fromNetwork(original));
    const { network, gates } = faded(before, [region], { width: 0.4 });
    const { network: plain } = plainChain(network, [region]);
    const model = fromNetwork<number[], number[]>(plain);
    expect(certify(toNetwork(model), [region])).toMatchObject({ certified: true });
    const again = plainFromJSON(JSON.parse(JSON.stringify(model.toJSON())));
    expect(certify(toNetwork(again), [region])).toMatchObject({ certified: true });

    const points = probes(seed);
    const on = forward(gates, points).data;
    const outputs = runRows(model, points);
    expect(runRows(again, points)).toEqual(outputs);
    const [as, was] = [forward(network, points).data, forward(before, points).data];
    const bound = FLOAT32_FOR_64 * (roundingBound(network, [3, 3]) + roundingBound(plain, [3, 3]));
    let outside = 0;
    outputs.forEach((y, i) => {
      expect(Math.abs(y - as[i])).toBeLessThanOrEqual(bound);
      if (on[Math.floor(i / 2)] > 0) return;
      outside++;
      expect(Math.abs(y - was[i])).toBeLessThanOrEqual(bound);
    });
    expect(outside).toBeGreaterThan(40);
    expect(network.nodes.length).toBeGreaterThan(before.nodes.length);
  });

  test('what brain.js cannot hold is refused, with the way through ONNX', async () => {
    const leaky = faded(
      reluNetwork(4, () => leakyRelu(0.125)),
      [region],
      { width: 0.4 },
    ).network;
    const mixed = await errorOf(() => fromNetwork(plainChain(leaky, [region]).network));
    expect(mixed).toMatchObject({ code: 'unsupported-activation', actual: 'relu and leakyRelu' });
    expect(`${mixed}`).toContain('exportOnnx(network)');
    const patched = patch(reluNetwork(4), [region], { steepness: 5 }).network;
    const linear = await errorOf(() => fromNetwork(plainChain(patched, [region]).network));
    expect(linear).toMatchObject({ code: 'unsupported-layer' });
    expect(`${linear}`).toContain('exportOnnx(network)');
    const graph = await errorOf(() => fromNetwork(faded(reluNetwork(4), [region]).network));
    expect(`${graph}`).toContain('plainChain(network, regions)');
  });
});
