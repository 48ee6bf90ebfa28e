import {
  chain,
  enforce,
  forward,
  type Matrix,
  matrix,
  matrixFromRows,
  type Network,
  operators,
  type Rng,
  relu,
} from '@police/core';
import { activate, mapNodes, rowRange } from '@police/core/adapter';
import {
  expectClose,
  makeRegion,
  pointsOf,
  randomArray,
  randomNetwork,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adam } from '../../src/refit/adam.js';
import { leastDamage } from '../../src/refit/damage.js';
import { imitationGradient, outputScale } from '../../src/refit/imitation-loss.js';
import { plateaus } from '../../src/refit/judge.js';
import { withMedianBias } from '../../src/refit/output-bias.js';
import { type FittedRows, type HeldRows, type LayerChange, ridgeChange } from '../../src/refit/ridge.js';

function randomMatrix(rng: Rng, rows: number, cols: number): Matrix {
  return matrix(rows, cols, Float64Array.from(randomArray(rng, rows * cols, 2)));
}

/** The fit to all rows, in two blocks of unequal size where there are enough. */
function changeOn(x: Matrix, y: Matrix, ridge: number, held: readonly HeldRows[] = []): LayerChange {
  return ridgeChange(inBlocks(x, y), ridge, held);
}

function inBlocks(x: Matrix, y: Matrix): FittedRows {
  const middle = Math.ceil(x.rows / 3);
  const blocks = [
    { x: rowRange(x, 0, middle), y: rowRange(y, 0, middle) },
    { x: rowRange(x, middle, x.rows), y: rowRange(y, middle, y.rows) },
  ];
  return { inputs: x.cols, outputs: y.cols, count: x.rows, blocks: () => blocks };
}

describe('the ridge fit', () => {
  /** The objective as the docstring states it, term by term. */
  function objective(x: Matrix, y: Matrix, weight: Matrix, bias: Float64Array, ridge: number): number {
    const mean = Array.from({ length: x.cols }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < x.rows; i++) sum += x.data[i * x.cols + k];
      return sum / x.rows;
    });
    let [loss, spread, size] = [0, 0, 0];
    for (let i = 0; i < x.rows; i++) {
      for (let j = 0; j < y.cols; j++) {
        let value = bias[j];
        for (let k = 0; k < x.cols; k++) value += weight.data[j * x.cols + k] * x.data[i * x.cols + k];
        loss += (value - y.data[i * y.cols + j]) ** 2;
      }
      for (let k = 0; k < x.cols; k++) spread += (x.data[i * x.cols + k] - mean[k]) ** 2;
    }
    for (const w of weight.data) size += w * w;
    return loss + ((ridge * spread) / x.cols) * size;
  }

  /** What held rows add to it. */
  function heldBack(f: Matrix, y: Matrix, weight: Matrix): number {
    let sum = 0;
    for (let i = 0; i < f.rows; i++)
      for (let j = 0; j < y.cols; j++) {
        let value = -y.data[i * y.cols + j];
        for (let k = 0; k < f.cols; k++) value += weight.data[j * f.cols + k] * f.data[i * f.cols + k];
        sum += value ** 2;
      }
    return sum;
  }

  test('is where no step makes the objective smaller', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.constantFrom(1e-6, 1e-2, 1),
        fc.constantFrom(0, 0.1, 10),
        (seed, ridge, share) => {
          const rng = seededRng(seed);
          const [x, y] = [randomMatrix(rng, 20, 4), randomMatrix(rng, 20, 3)];
          const [f, g] = [randomMatrix(rng, 5, 4), randomMatrix(rng, 5, 3)];
          const { weight, bias } = changeOn(x, y, ridge, [{ rows: inBlocks(f, g), weight: share }]);
          const whole = (w: Matrix, b: Float64Array) =>
            objective(x, y, w, b, ridge) + share * heldBack(f, g, w);
          const best = whole(weight, bias);
          for (let trial = 0; trial < 10; trial++) {
            const step = 10 ** (-4 * rng());
            const other = matrix(
              3,
              4,
              weight.data.map(w => w + step * (rng() - 0.5)),
            );
            const shifted = bias.map(b => b + step * (rng() - 0.5));
            expect(whole(other, shifted)).toBeGreaterThanOrEqual(best * (1 - 1e-12));
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('finds an affine function that is there', () => {
    const rng = seededRng(3);
    const x = randomMatrix(rng, 30, 4);
    const [W, b] = [randomMatrix(rng, 2, 4), randomArray(rng, 2)];
    const y = matrix(30, 2);
    for (let i = 0; i < 30; i++)
      for (let j = 0; j < 2; j++) {
        y.data[2 * i + j] = b[j];
        for (let k = 0; k < 4; k++) y.data[2 * i + j] += W.data[4 * j + k] * x.data[4 * i + k];
      }
    const found = changeOn(x, y, 1e-12);
    // Of a ridge of 1e-12 and rounding of sums of 30 terms, by the condition of 4 random columns.
    expectClose(found.weight.data, W.data, 1e-9, 'weights');
    expectClose(found.bias, b, 1e-9, 'biases');
  });

  test('leaves weights as they are where inputs do not vary, and moves the bias', () => {
    const x = matrixFromRows([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    const { weight, bias } = changeOn(x, matrixFromRows([[1], [2], [6]]), 1e-4);
    expect([...weight.data]).toEqual([0, 0]);
    expect([...bias]).toEqual([3]);
  });
});

describe('the side of least damage', () => {
  const sideOf = (samples: number[], lo: number, hi: number) => {
    const h = matrix(samples.length, 1, Float64Array.from(samples));
    return leastDamage(
      relu(),
      h,
      h,
    )({
      unit: 0,
      region: 0,
      kink: 0,
      lo,
      hi,
      votes: 0,
      centre: 0,
      symmetric: true,
    });
  };

  test('is the one that leaves the samples alone, though the shift there is larger', () => {
    // Above its kink at all samples: lifted by 3 it is the same function of them, but for a constant.
    expect(sideOf([0.5, 2, 5, 9], -3, 1)).toBe(1);
    // Below at all but one: lowered by 3 it is 0 where it was, lifted by 1 it is not.
    expect(sideOf([-5, -4, -9, -0.5, 4], -1, 3)).toBe(-1);
  });

  test('leaves less unexplained than the other, by an explicit fit', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const samples = randomArray(rng, 12, 3);
        const [lo, hi] = [-2 * rng() - 0.1, 2 * rng() + 0.1];
        const target = matrix(
          12,
          1,
          Float64Array.from(samples, h => activate(relu(), h, 0)),
        );
        const left = (shift: number) => {
          const x = matrix(
            12,
            1,
            Float64Array.from(samples, h => activate(relu(), h + shift, 0)),
          );
          const { weight, bias } = changeOn(x, target, 0);
          return x.data.reduce((sum, v, i) => sum + (weight.data[0] * v + bias[0] - target.data[i]) ** 2, 0);
        };
        const [up, down] = [left(-lo), left(-hi)];
        fc.pre(Math.abs(up - down) > 1e-9);
        expect(sideOf(samples, lo, hi)).toBe(up < down ? 1 : -1);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the loss of imitation', () => {
  /** As the docstring states it. */
  function loss(y: Matrix, t: Matrix, variance: number, gap: number, s: number): number {
    let sum = 0;
    for (let i = 0; i < y.rows; i++) {
      const rows = [t, y].map(m => Array.from(m.data.subarray(i * m.cols, (i + 1) * m.cols)));
      const [was, now] = rows;
      sum += was.reduce((all, v, j) => all + (now[j] - v) ** 2, 0) / (2 * y.cols * variance);
      if (gap === 0) continue;
      const [p, q] = rows.map(row => {
        const powers = row.map(v => Math.exp((s * v) / gap));
        const total = powers.reduce((a, b) => a + b);
        return powers.map(power => power / total);
      });
      sum += p.reduce((all, v, j) => all + v * Math.log(v / q[j]), 0);
    }
    return sum / y.rows;
  }

  test.each(['largest', 'smallest'] as const)('has this gradient, %s', decision => {
    const rng = seededRng(5);
    const [y, t] = [randomMatrix(rng, 6, 3), randomMatrix(rng, 6, 3)];
    const scale = outputScale(t, decision);
    const gradient = imitationGradient(y, t, scale, decision);
    const step = Math.cbrt(Number.EPSILON);
    const numeric = y.data.map((_, at) => {
      const [above, below] = [step, -step].map(by => {
        const moved = matrix(
          6,
          3,
          y.data.map((v, i) => (i === at ? v + by : v)),
        );
        return loss(moved, t, scale.variance, scale.gap, decision === 'largest' ? 1 : -1);
      });
      return (above - below) / (2 * step);
    });
    // Central differences: step² of a third derivative below gap⁻³, and rounding over the step.
    expectClose(gradient.data, numeric, 100 * step ** 2 * Math.max(1, scale.gap ** -3), 'gradient');
  });

  test('the gap is the median of those that are there; a single output has none', () => {
    const outputs = matrixFromRows([
      [0, 1, 5],
      [0, 3, 4],
      [7, 7, 1],
      [0, 0, 2],
    ]);
    expect(outputScale(outputs, 'largest').gap).toBe(2);
    expect(outputScale(outputs, 'smallest').gap).toBe(3);
    expect(outputScale(matrixFromRows([[1], [2]]), 'largest').gap).toBe(0);
  });
});

test('Adam does what its paper’s Algorithm 1 says', () => {
  const rng = seededRng(4);
  const start = randomArray(rng, 5);
  const values = Float64Array.from(start);
  const move = adam([values.subarray(0, 2), values.subarray(2)], 1e9);
  const [m, v, slow] = [Array(5).fill(0), Array(5).fill(0), [...start]];
  for (let t = 1; t <= 20; t++) {
    const g = randomArray(rng, 5);
    move([Float64Array.from(g.slice(0, 2)), Float64Array.from(g.slice(2))], 0.01);
    for (let i = 0; i < 5; i++) {
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
      // As in its section 2: ε beside the uncorrected root.
      slow[i] -= (((0.01 * Math.sqrt(1 - 0.999 ** t)) / (1 - 0.9 ** t)) * m[i]) / (Math.sqrt(v[i]) + 1e-8);
    }
  }
  expectClose(values, slow, 1e-13, 'parameters');
});

test('a gradient that is too long is followed in its direction', () => {
  const [a, b] = [new Float64Array(2), new Float64Array(2)];
  const [long, short] = [adam([a], 1), adam([b], 1)];
  // Adam’s first step is the sign of the gradient, whatever its length; its second is not.
  for (const [g, cut] of [
    [
      [3, 4],
      [0.6, 0.8],
    ],
    [
      [0.3, 0.1],
      [0.3, 0.1],
    ],
  ]) {
    long([Float64Array.from(g)], 0.1);
    short([Float64Array.from(cut)], 0.1);
  }
  expectClose(a, b, 1e-15, 'steps');
});

describe('plateaus', () => {
  const wide = Array.from({ length: 30 }, (_, i) => [i, 60 - i]);
  test('are one output vector of many points that almost ties', () => {
    const flat = Array.from({ length: 10 }, () => [5, 5.01]);
    const found = plateaus(matrixFromRows([...wide, ...flat]), 'largest');
    expect([...found]).toEqual([...Array(30).fill(0), ...Array(10).fill(1)]);
  });
  test('are none where the vector decides, or few points share it', () => {
    const clear = Array.from({ length: 10 }, () => [5, 50]);
    expect(plateaus(matrixFromRows([...wide, ...clear]), 'largest').some(Boolean)).toBe(false);
    expect(plateaus(matrixFromRows([...wide, [5, 5.01]]), 'largest').some(Boolean)).toBe(false);
  });
});

test('outputs of a convolution that share a bias move by the median residual of all of them', () => {
  const rng = seededRng(8);
  const last = operators.conv({ inShape: [2, 4], weight: randomArray(rng, 12), weightShape: [3, 2, 2] });
  const net = chain(8, [last]);
  const [x, targets] = [randomMatrix(rng, 11, 8), randomMatrix(rng, 11, 9)];
  const options = { isFree: () => true, sharing: 'per-unit' as const };
  const moved = withMedianBias({ network: net, sides: {} }, [], x, targets, options)!;
  const now = forward(moved.network, x);
  for (let channel = 0; channel < 3; channel++) {
    const residuals = Float64Array.from({ length: 33 }, (_, i) => {
      const at = 9 * Math.floor(i / 3) + 3 * channel + (i % 3);
      return targets.data[at] - now.data[at];
    }).sort();
    // Of sums of 4 products of a few units each.
    expect(Math.abs(residuals[16])).toBeLessThan(1e-13);
  }
});

test('after the bias moved, the median residual of every output is 0', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const rng = seededRng(seed);
      const net = randomNetwork(rng, [3, 8, 6, 2], 'relu');
      const region = makeRegion('box', 3, rng);
      const x = pointsOf(region, 21, rng);
      const targets = forward(net, x);
      const sides = enforce(net, [region]).sides;
      const options = { isFree: () => true, sharing: 'per-unit' as const };
      const moved = withMedianBias({ network: net, sides }, [region], x, targets, options)!;
      const now = forward(enforce(moved.network, [region], { sides }).network, x);
      for (let j = 0; j < 2; j++) {
        const residuals = Float64Array.from(
          { length: x.rows },
          (_, i) => targets.data[2 * i + j] - now.data[2 * i + j],
        ).sort();
        expect(Math.abs(residuals[Math.floor(x.rows / 2)])).toBeLessThan(1e-12 * (1 + Math.abs(now.data[j])));
      }
      const frozen: Network = mapNodes(net, {});
      expect(
        withMedianBias({ network: frozen, sides }, [region], x, targets, { ...options, isFree: () => false }),
      ).toBeUndefined();
    }),
    { numRuns: 20 },
  );
});
