import { box, vPolytope } from '@police/core';
import { describe, expect, test } from 'vitest';
import { entries, expectPoliced, expectSameForward, randomRows, rowsOf } from './checks.js';
import { hasModels, MODELS, modelBytes } from './models.js';

const title = hasModels ? 'real models' : 'skipped, ../shared/models is missing: real models';

/** Boxes of this half width around a random point: wide enough to cut some units of each network. */
const RADIUS: Readonly<Record<string, number>> = {
  mnist_256x2: 0.02,
  mnist5x20_leaky_relu: 0.02,
  conv_mp1: 0.05,
};

/** Of too many inputs or outputs to be policed in a test. */
const FORWARD_ONLY = ['cifar_bias_field', 'tinyyolo'];

describe.skipIf(!hasModels)(title, () => {
  test.each(MODELS)('%s: forward as ONNX Runtime; policed, certified, affine there', async name => {
    const bytes = modelBytes(name);
    const { inputShape } = await expectSameForward(bytes, { rows: 4 });
    const centre = randomRows(3, 1, entries(inputShape), 1).data;
    const r = RADIUS[name] ?? 0.2;
    const regions = [
      box(
        centre.map(c => c - r),
        centre.map(c => c + r),
      ),
    ];
    const { edits } = await expectPoliced(bytes, regions, { points: 4 });
    expect(edits.every(({ changed, largest }) => changed > 0 && largest > 0)).toBe(true);
  });

  test.each(FORWARD_ONLY)('%s: forward as ONNX Runtime', async name => {
    await expectSameForward(modelBytes(name), { rows: 1, scale: 1 });
  });

  test('convnet_avgpool: the same on a triangle of images', async () => {
    const bytes = modelBytes('convnet_avgpool');
    const { inputShape } = await expectSameForward(bytes, { rows: 1, scale: 1 });
    const size = entries(inputShape);
    const centre = randomRows(3, 1, size, 1).data;
    const corners = rowsOf(randomRows(4, 3, size, 0.05));
    const triangle = vPolytope(corners.map(corner => corner.map((d, i) => centre[i] + d)));
    const { edits } = await expectPoliced(bytes, [triangle], { points: 2 });
    expect(edits.length).toBeGreaterThan(0);
  });
});
