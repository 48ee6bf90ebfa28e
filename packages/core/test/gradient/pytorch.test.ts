import { enforce, forward, policedBackward, policedForward } from '@police/core';
import { largestDifference } from '@police/testing/helpers';
import { pytorchCases } from '@police/testing/pytorch-fixtures';
import { describe, expect, test } from 'vitest';

/** The bound for float64; the figures agree to about 1e-15. */
const FLOAT64_AGREEMENT = 1e-10;

describe.each(pytorchCases)('the authors’ PyTorch figures: $name', fixture => {
  const { network, region, target } = fixture;
  const options = { policy: 'majority' } as const;

  test('shifts', () => {
    const { shifts } = enforce(network, [region], options);
    fixture.activationNames.forEach((name, i) => {
      expect(largestDifference(shifts[name], fixture.shifts[i])).toBeLessThan(FLOAT64_AGREEMENT);
    });
  });

  test('outputs, outside and inside the region', () => {
    const { network: policed } = enforce(network, [region], options);
    expect(largestDifference(forward(policed, fixture.x).data, fixture.y.data)).toBeLessThan(
      FLOAT64_AGREEMENT,
    );
    expect(largestDifference(forward(policed, fixture.xInside).data, fixture.yInside.data)).toBeLessThan(
      FLOAT64_AGREEMENT,
    );
  });

  test('loss and its gradients through the shifts', () => {
    const run = policedForward(network, [region], fixture.x, options);
    const error = run.output.data.map((y, i) => y - target.data[i]);
    const loss = error.reduce((sum, e) => sum + e * e, 0) / error.length;
    expect(Math.abs(loss - fixture.mseLoss)).toBeLessThan(FLOAT64_AGREEMENT);
    const { affine } = policedBackward(run, {
      ...run.output,
      data: error.map(e => (2 * e) / error.length),
    });
    fixture.affineNames.forEach((name, i) => {
      const gradient = affine.get(name)!;
      expect(largestDifference(gradient.weight.data, fixture.gradients[i].weight.flat())).toBeLessThan(
        FLOAT64_AGREEMENT,
      );
      expect(largestDifference(gradient.bias, fixture.gradients[i].bias)).toBeLessThan(FLOAT64_AGREEMENT);
    });
  });
});
