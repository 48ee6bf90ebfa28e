import { numpy as np, valueAndGrad } from '@jax-js/jax';
import { vPolytope } from '@police/core';
import { type Format, fromNetwork, type Params, police, type State, start } from '@police/jax';
import { expectClose, roundingBoundOn } from '@police/testing/helpers';
import { type PytorchCase, pytorchCases } from '@police/testing/pytorch-fixtures';
import { runBound } from '@police/testing/rounding';
import { beforeAll, describe, expect, test } from 'vitest';
import { again, numbers, runPoliced, toTensor } from './helpers.js';

beforeAll(() => start('wasm'));

/** The fixtures are float64 figures, written with all their digits. */
const DTYPE: Format = 'float64';
/** A gradient sums over rows, and is as steep as the path it takes. */
const DERIVED_TIMES = 2 ** 8;

function policedOf({ network, vertices }: PytorchCase) {
  const regions = [vPolytope(vertices)];
  const { model, params } = fromNetwork(network, { dtype: DTYPE });
  const policed = police(model, regions, { policy: 'majority' });
  return { policed, params, state: policed.init(params), tolerance: roundingBoundOn(network, regions[0]) };
}

describe.each(pytorchCases)('the authors’ PyTorch figures: $name', fixture => {
  test('shifts', () => {
    const { policed, params, state, tolerance } = policedOf(fixture);
    const [adjustments] = policed.adjustments(again(params), again(state));
    expect(Object.keys(adjustments)).toEqual(fixture.activationNames);
    fixture.activationNames.forEach((name, i) => {
      const { shift } = adjustments[name] as { shift: np.Array };
      expectClose(numbers(shift), fixture.shifts[i], tolerance, `shifts of ${name}`);
    });
  });

  test.each([
    ['outside', fixture.x, fixture.y],
    ['inside', fixture.xInside, fixture.yInside],
  ])('outputs %s', (_, x, y) => {
    const { policed, params, state } = policedOf(fixture);
    const tolerance = 2 * runBound(policed.toNetwork(params, state), x, 2 ** -53);
    expectClose(runPoliced(policed, params, state, x).data, y.data, tolerance, 'outputs');
  });

  test('loss and its gradients through the shifts', () => {
    const { policed, params, state, tolerance } = policedOf(fixture);
    const loss = (given: Params, x: np.Array): [np.Array, State] => {
      const [y, next] = policed.apply(given, again(state), x);
      return [np.square(y.sub(toTensor(fixture.target, DTYPE))).mean(), next];
    };
    const found = valueAndGrad(loss, { hasAux: true })(again(params), toTensor(fixture.x, DTYPE));
    const [[value], gradient] = found;
    const allowed = DERIVED_TIMES * tolerance;
    expectClose(numbers(value), [fixture.mseLoss], allowed, 'loss');
    fixture.affineNames.forEach((name, i) => {
      const { weight, bias } = fixture.gradients[i];
      const transposed = weight[0].flatMap((_, j) => weight.map(row => row[j]));
      expectClose(numbers(gradient[name].w), transposed, allowed, `weights of ${name}`);
      expectClose(numbers(gradient[name].b), bias, allowed, `biases of ${name}`);
    });
  });
});
