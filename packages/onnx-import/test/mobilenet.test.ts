import { ball, inSubspace, type Region, vPolytope } from '@police/core';
import { LARGE, mobilenet, SMALL } from '@police/testing/mobilenet';
import { expect, test } from 'vitest';
import { entries, expectPoliced, expectSameForward, randomRows, rowsOf } from './checks.js';

const bytes = mobilenet(SMALL);
const size = 3 * SMALL.size ** 2;
const picture = randomRows(3, 1, size, 1).data;

/** Pictures, or directions, of one picture changed by up to `by`. */
const changes = (count: number, by: number) => rowsOf(randomRows(4, count, size, by));

const regions: readonly (readonly [string, Region])[] = [
  ['the hull of pictures', vPolytope(changes(5, 0.1).map(change => change.map((d, i) => picture[i] + d)))],
  [
    'a ball in a subspace',
    inSubspace(
      ball([0, 0, 0], 0.5),
      picture,
      changes(3, 0.1).map(row => [...row]),
    ),
  ],
];

test('the generated image classifier: forward as ONNX Runtime', async () => {
  const { network, inputShape } = await expectSameForward(bytes, { rows: 2, scale: 1 });
  expect(entries(inputShape)).toBe(size);
  const kinds = new Set(
    network.nodes.map(node => (node.kind === 'activation' ? node.activation.name : node.kind)),
  );
  expect([...kinds].sort()).toEqual(['affine', 'clip', 'hardSwish', 'input', 'sum']);
});

test.each(regions)(
  'policed per channel and unit on %s, certified, affine there as run',
  async (_name, region) => {
    for (const sharing of ['per-channel', 'per-unit'] as const) {
      const { edits } = await expectPoliced(bytes, [region], { points: 3, sharing });
      const adds = edits.filter(({ kind }) => kind === 'add').length;
      expect(edits.length).toBeGreaterThan(0);
      expect(adds > 0, 'a shift for each unit needs an operator').toBe(sharing === 'per-unit');
    }
  },
);

test('the same layout and seed give the same file; the large one has five million weights', () => {
  expect(mobilenet(SMALL)).toEqual(bytes);
  expect(mobilenet(SMALL, 2)).not.toEqual(bytes);
  const weights = mobilenet(LARGE).length / Float32Array.BYTES_PER_ELEMENT;
  expect(weights).toBeGreaterThan(5e6);
  expect(weights).toBeLessThan(5.2e6);
});
