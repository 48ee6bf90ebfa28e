import { constrain } from '@police/brainjs';
import { box } from '@police/core';
import { randomRows } from '@police/testing/conformance/rows';
import type { NeuralNetwork } from 'brain.js';
import { describe, expect, test } from 'vitest';
import { makeNet, runAll, toData, weightsOf } from './helpers.js';

type Net = NeuralNetwork<number[], number[]>;

const WIDTHS = [3, 9, 6, 2];
const data = toData(randomRows(7, 3, 1, 2), randomRows(7, 2, 2));
const options = { iterations: 12, errorThresh: 1e-9, learningRate: 0.05, momentum: 0.4 };

describe.each(['relu', 'leaky-relu', 'sigmoid', 'tanh'] as const)('%s', activation => {
  test.each([{}, { praxis: 'adam', beta1: 0.8, epsilon: 1e-6 } as const])(
    'without regions training is brain.js’s, bit for bit, %o',
    praxis => {
      const make = () => makeNet(WIDTHS, activation, 4, praxis);
      const plain = make();
      const none = constrain(make(), { regions: [], epsilon: 0.1 });
      const trained = [plain, none].map(net => {
        const errors: unknown[] = [];
        const status = (net as Net).train(data, {
          ...options,
          callback: s => errors.push(s),
          callbackPeriod: 5,
        });
        return { status, errors };
      });
      expect(trained[1]).toEqual(trained[0]);
      expect(trained[0].errors.length).toBe(2);
      expect(weightsOf(none)).toEqual(weightsOf(plain));
      expect(runAll(none, randomRows(5, 3, 9, 3))).toEqual(runAll(plain, randomRows(5, 3, 9, 3)));
      expect(none.toJSON().layers).toEqual(plain.toJSON().layers);
      expect(none.test(data)).toEqual(plain.test(data));
    },
  );
});

describe.each(['relu', 'leaky-relu'] as const)('%s', activation => {
  test('a region that no unit bends on changes nothing but rounding', () => {
    const make = () => makeNet(WIDTHS, activation, 4);
    const [plain, policed] = [
      make(),
      constrain(make(), { regions: [box([0.1, 0.1, 0.1], [0.1, 0.1, 0.1])] }),
    ];
    plain.train(data, options);
    policed.train(data, options);
    expect(weightsOf(policed)).toEqual(weightsOf(plain));
  });
});
