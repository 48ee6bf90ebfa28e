import { box } from '@police/core';
import { maxPoolNet, smallResnet } from '@police/testing/small-convnets';
import { expect, test } from 'vitest';
import { expectPoliced, expectSameForward, randomRows } from './checks.js';

const SIDE = 32;
const size = 3 * SIDE ** 2;
const picture = randomRows(3, 1, size, 1).data;

/** All channels of a square of so many pixels a side. */
const isInSquare = (entry: number, side: number) => {
  const [y, x] = [Math.floor(entry / SIDE) % SIDE, entry % SIDE];
  return Math.abs(y - 15) < side / 2 && Math.abs(x - 14) < side / 2;
};

test.each([
  ['the residual network', smallResnet, 6_244],
  ['the network with max-pools', maxPoolNet, 24_676],
] as const)(
  '%s: forward as ONNX Runtime, policed on a box of a square of pixels',
  async (_name, make, units) => {
    const bytes = make();
    const { network } = await expectSameForward(bytes, { rows: 2, scale: 1 });
    const bent = network.nodes.filter(node => node.kind === 'activation');
    expect(bent.reduce((sum, { name }) => sum + network.sizes.get(name)!, 0)).toBe(units);
    const radii = picture.map((_, entry) => (isInSquare(entry, 7) ? 0.05 : 0));
    const region = box(
      picture.map((x, k) => x - radii[k]),
      picture.map((x, k) => x + radii[k]),
    );
    expect(region.frame.rows).toBe(1 + 3 * 7 ** 2);
    const { edits } = await expectPoliced(bytes, [region], { points: 3, sharing: 'per-unit' });
    expect(edits.length).toBeGreaterThan(0);
  },
);
