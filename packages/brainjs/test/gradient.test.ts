import { constrain, type PolicedNeuralNetwork } from '@police/brainjs';
import {
  type ChainLayer,
  chain,
  type Dense,
  dense,
  forward,
  type Matrix,
  matrix,
  type Network,
  type NetworkNode,
  network,
  policedBackward,
  policedForward,
  type Region,
  type Sides,
} from '@police/core';
import { policedPass, shiftsOf } from '@police/core/adapter';
import { randomRows } from '@police/testing/conformance/rows';
import { describe, expect, test } from 'vitest';
import { activationName, layerName } from '../src/names.js';
import { plainNetwork } from '../src/read.js';
import {
  FLOAT32_ROUNDOFF,
  largestDifference,
  makeNet,
  makeRegion,
  type RegionKind,
  seededRng,
} from './helpers.js';

const WIDTHS = [3, 8, 6, 2];
const REGION_SETS: readonly (readonly RegionKind[])[] = [
  ['box'],
  ['simplex'],
  ['ball'],
  ['crossPolytope'],
  ['vPolytope'],
  ['flatBox', 'simplex', 'ball'],
];

/** Of a weight of order 1 before and after the step, of outputs and deltas on the way. */
const ROUNDINGS = 64;

type Policed = PolicedNeuralNetwork<number[], number[]>;

const regionsOf = (set: readonly RegionKind[]): Region[] =>
  set.map((kind, i) => makeRegion(kind, WIDTHS[0], seededRng(30 + i), 1));

/** What one step of learning rate `rate` changes: −gradient, by affine layer, from the float32 weights. */
function stepOf(
  policed: Policed,
  input: number[],
  output: number[],
): { weights: number[][]; biases: number[][] } {
  const before = parameters(policed);
  policed.trainPattern({ input: Float32Array.from(input), output: Float32Array.from(output) });
  const after = parameters(policed);
  const difference = (a: number[][], b: number[][]) => a.map((row, l) => row.map((x, i) => x - b[l][i]));
  return {
    weights: difference(after.weights, before.weights),
    biases: difference(after.biases, before.biases),
  };
}

/** Against the shift, so that the output is not freed; either way where there is none. */
const pull = (shift: number, i: number) => Math.sign(shift) || (i % 2 ? 1 : -1);

const parameters = (net: Policed) => ({
  weights: net.weights.slice(1).map(rows => rows.flatMap(row => [...row])),
  biases: net.biases.slice(1).map(biases => [...biases]),
});

/** Wide enough for the smooth activations to have a slope on their tails. */
const EPSILON = 0.05;

describe.each(['relu', 'leaky-relu', 'sigmoid', 'tanh'] as const)('%s', activation => {
  describe.each(REGION_SETS.map(set => ({ set, name: set.join(' + ') })))('on $name', ({ set }) => {
    test.each(['exact', 'local'] as const)('gradient %s is core’s', gradient => {
      const regions = regionsOf(set);
      const rate = 0.5;
      const policed = constrain(makeNet(WIDTHS, activation, 3, { learningRate: rate }), {
        regions,
        gradient,
        epsilon: EPSILON,
      });
      const { data, ...shape } = randomRows(6, WIDTHS[0], 4, 2);
      const x = { ...shape, data: data.map(Math.fround) };
      for (let i = 0; i < x.rows; i++) {
        const raw = plainNetwork(policed, EPSILON);
        const run = policedForward(raw, regions, matrix(1, x.cols, x.data.slice(3 * i, 3 * i + 3)), {
          sides: policed.sides,
        });
        const { shift } = run.pass.layers.get(activationName(WIDTHS.length - 2))!.shifts;
        const target = run.output.data.map((y, j) => Math.fround(y - 0.2 * pull(shift[j], i)));
        // brain.js descends on half the squared error.
        const dOutput = matrix(
          1,
          2,
          run.output.data.map((y, j) => y - target[j]),
        );
        const { affine } = policedBackward(run, dOutput, { gradient });
        // A fresh network each time: momentum would mix steps.
        for (const row of policed.changes.flat()) row?.fill(0);
        const step = stepOf(policed, Array.from(run.values.get('input')!.data), Array.from(target));
        WIDTHS.slice(1).forEach((_, l) => {
          const { weight, bias } = affine.get(layerName(l))!;
          const size = Math.max(...weight.data.map(Math.abs), ...bias.map(Math.abs));
          const tolerance = (ROUNDINGS * FLOAT32_ROUNDOFF * Math.max(size, 1)) / rate;
          expect(
            largestDifference(
              step.weights[l].map(s => -s / rate),
              weight.data,
            ),
            `weights ${l} ${i}`,
          ).toBeLessThan(tolerance);
          expect(
            largestDifference(
              step.biases[l].map(s => -s / rate),
              bias,
            ),
            `biases ${l} ${i}`,
          ).toBeLessThan(tolerance);
        });
      }
    });
  });
});

/** Half the squared error at one input under the constraint, by core in float64. */
function lossAt(
  raw: Network,
  regions: readonly Region[],
  sides: Sides,
  x: Matrix,
  target: ArrayLike<number>,
): number {
  return halfSquare(policedForward(raw, regions, x, { sides }).output, target);
}

const halfSquare = ({ data }: Matrix, target: ArrayLike<number>) =>
  data.reduce((sum, y, j) => sum + (y - target[j]) ** 2 / 2, 0);

/** The same, the frames that enter layer `l` held as they are in `base`, and all other layers' shifts too. */
function localLossAt(
  raw: Network,
  base: ReturnType<typeof policedPass>,
  l: number,
  regions: readonly Region[],
  sides: Sides,
  x: Matrix,
  target: ArrayLike<number>,
): number {
  const shifted = network(
    raw.nodes.map((node): NetworkNode => {
      if (node.kind !== 'activation') return node;
      if (node.name !== activationName(l))
        return { ...node, shift: base.layers.get(node.name)!.shifts.shift };
      const affine = raw.nodes.find(({ name }) => name === node.input)!;
      if (affine.kind !== 'affine') throw new Error('an activation after an affine layer');
      const frames = base.values.get(affine.input)!.map(frame => {
        const h = affine.operator.linear(frame);
        affine.operator.bias.forEach((b, j) => {
          h.data[j] += b;
        });
        return h;
      });
      const { shift } = shiftsOf(regions, frames, node.activation, 'sticky', sides[node.name]);
      return { ...node, shift };
    }),
  );
  return halfSquare(forward(shifted, x), target);
}

/** The network with one parameter of layer `l` moved: number `index` of the weights, or after those of the biases. */
function moved(raw: Network, l: number, index: number, by: number): Network {
  const layers = raw.nodes.slice(1).map((node): ChainLayer => {
    if (node.kind === 'activation') return node.activation;
    if (node.kind !== 'affine') throw new Error('a chain');
    if (node.name !== layerName(l)) return node.operator;
    const { weight, bias } = node.operator as Dense;
    const w = weight.data.map((x, i) => (i === index ? x + by : x));
    return dense(
      { ...weight, data: w },
      bias.map((x, i) => (i + w.length === index ? x + by : x)),
    );
  });
  return chain(
    raw.inputSize,
    layers,
    raw.nodes.slice(1).map(({ name }) => name),
  );
}

describe.each(['relu', 'leaky-relu'] as const)('finite differences, %s', activation => {
  test.each(
    REGION_SETS.flatMap(set =>
      (['exact', 'local'] as const).map(gradient => ({ set: set.join(' + '), kinds: set, gradient })),
    ),
  )('gradient $gradient on $set', ({ kinds, gradient }) => {
    const regions = regionsOf(kinds);
    const rate = 0.5;
    const policed = constrain(makeNet(WIDTHS, activation, 8, { learningRate: rate }), { regions, gradient });
    const x = matrix(1, 3, Float64Array.of(1.5, -0.75, 0.5));
    const raw = plainNetwork(policed);
    const { sides } = policed;
    const base = policedPass(raw, regions, { policy: 'sticky', previous: sides });
    expect([...base.layers.values()].some(({ shifts }) => shifts.shift.some(c => c !== 0))).toBe(true);
    const { shift } = base.layers.get(activationName(WIDTHS.length - 2))!.shifts;
    const y = policedForward(raw, regions, x, { sides }).output.data;
    const target = Array.from(y, (value, j) => Math.fround(value - 0.25 * pull(shift[j], j)));
    const step = stepOf(policed, Array.from(x.data), target);
    const loss = (l: number, index: number, by: number) => {
      const net = moved(raw, l, index, by);
      return gradient === 'exact'
        ? lossAt(net, regions, sides, x, target)
        : localLossAt(net, base, l, regions, sides, x, target);
    };
    // Central differences in float64: truncation h², rounding ε/h.
    const h = 1e-5;
    WIDTHS.slice(1).forEach((_, l) => {
      const found = [...step.weights[l], ...step.biases[l]].map(s => -s / rate);
      const expected = found.map((_value, index) => (loss(l, index, h) - loss(l, index, -h)) / (2 * h));
      const size = Math.max(1, ...expected.map(Math.abs));
      const tolerance = (ROUNDINGS * FLOAT32_ROUNDOFF * size) / rate;
      expect(largestDifference(found, expected), layerName(l)).toBeLessThan(tolerance);
    });
  });
});

test.each(['exact', 'local'] as const)('refresh collects the gradient %s through the shifts', gradient => {
  const regions = regionsOf(['box', 'simplex']);
  // So small that the weights, hence the shifts, hardly change on the way, and momentum does nothing.
  const train = { learningRate: 3e-5, momentum: 1e-9 };
  const [x, y] = [randomRows(12, WIDTHS[0], 6, 2), randomRows(12, 2, 7)];
  const changeBy = (refresh: number): number[] => {
    const net = constrain(makeNet(WIDTHS, 'leaky-relu', 8, train), { regions, gradient, refresh });
    const before = parameters(net).weights.flat();
    for (let i = 0; i < x.rows; i++) {
      net.trainPattern({
        input: Float32Array.from(x.data.subarray(i * x.cols, (i + 1) * x.cols)),
        output: Float32Array.from(y.data.subarray(i * y.cols, (i + 1) * y.cols)),
      });
    }
    return parameters(net)
      .weights.flat()
      .map((w, i) => w - before[i]);
  };
  const [every, twelfth, never] = [1, 12, 100].map(changeBy);
  // What came through the shifts: all but what the samples alone do.
  const through = (changes: number[]) => changes.map((change, i) => change - never[i]);
  const size = Math.max(...through(every).map(Math.abs));
  expect(size).toBeGreaterThan(0.2 * Math.max(...every.map(Math.abs)));
  // What a step changes of the next one's gradient is of order rate × curvature: a few hundredths.
  expect(largestDifference(through(twelfth), through(every)) / size).toBeLessThan(0.05);
});

test('an output held at its kink and pulled away from it moves as if its shift were a constant', () => {
  const regions = regionsOf(['box']);
  const rate = 0.5;
  const net = makeNet(WIDTHS, 'leaky-relu', 8, { learningRate: rate });
  // Outputs that are 0 at the region's centre, and so straddle.
  const { values } = policedPass(plainNetwork(net), regions, { policy: 'minimal' });
  net.biases[3].set(net.biases[3].map((b, j) => b - values.get(layerName(2))![0].data[j]));
  const policed = constrain(net, { regions });
  const raw = plainNetwork(policed);
  const last = activationName(WIDTHS.length - 2);
  const shift = policed.shifts[last];
  expect(Math.min(...shift)).toBeGreaterThan(0);
  // A little more than the shift, so that core finds nothing left to shift.
  const free = network(
    raw.nodes.map(
      node => (node.name === last ? { ...node, shift: shift.map(c => c + 1e-9) } : node) as NetworkNode,
    ),
  );
  const x = matrix(1, 3, Float64Array.of(1.5, -0.75, 0.5));
  const run = policedForward(free, regions, x, { sides: policed.sides });
  const target = run.output.data.map(y => Math.fround(y + 0.25));
  const dOutput = matrix(
    1,
    2,
    run.output.data.map((y, j) => y - target[j]),
  );
  const { affine } = policedBackward(run, dOutput);
  const step = stepOf(policed, Array.from(x.data), Array.from(target));
  WIDTHS.slice(1).forEach((_, l) => {
    const { weight, bias } = affine.get(layerName(l))!;
    const size = Math.max(1, ...weight.data.map(Math.abs));
    const tolerance = (ROUNDINGS * FLOAT32_ROUNDOFF * size) / rate;
    const found = [...step.weights[l], ...step.biases[l]].map(s => -s / rate);
    expect(largestDifference(found, [...weight.data, ...bias]), layerName(l)).toBeLessThan(tolerance);
  });
  expect(Math.min(...step.biases[2])).toBeGreaterThan(0);
});
