import {
  chain,
  dense,
  forward,
  leakyRelu,
  matrixFromRows,
  maxoutWindows,
  type Network,
  network,
  operators,
  relu,
  relu6,
  rowOf,
} from '@police/core';
import { activate, biasOwner } from '@police/core/adapter';
import { sharedBias } from '@police/testing/hard-cases';
import {
  activationKinds,
  expectClose,
  makeActivation,
  pick,
  randomArray,
  randomNetwork,
  roundingBound,
  seededRng,
  seeds,
} from '@police/testing/helpers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** One row through the network, node by node and unit by unit. */
function slowForward(net: Network, x: readonly number[]): number[] {
  const values = new Map<string, number[]>();
  for (const node of net.nodes) {
    if (node.kind === 'input') values.set(node.name, [...x]);
    else if (node.kind === 'affine' || node.kind === 'activation') {
      const before = values.get(node.input)!;
      if (node.kind === 'activation') {
        const shifted = before.map((value, j) => value + (node.shift?.[j] ?? 0));
        values.set(
          node.name,
          shifted.map((value, j) => activate(node.activation, value, j)),
        );
      } else {
        const [weight, bias] = node.operator.parameters;
        const row = (j: number) =>
          before.reduce((sum, value, k) => sum + weight[j * before.length + k] * value, 0);
        values.set(
          node.name,
          Array.from(bias, (b, j) => row(j) + b),
        );
      }
    }
  }
  return values.get(net.nodes.at(-1)!.name)!;
}

test('forward is node by node and unit by unit', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(...activationKinds), (seed, kind) => {
      const rng = seededRng(seed);
      const net = rng() < 0.5 ? sharedBias(rng, kind) : randomNetwork(rng, [3, 9, 7, 2], kind);
      const rows = Array.from({ length: 5 }, () => randomArray(rng, 3));
      const tolerance = roundingBound(net, [1, 1, 1]);
      expectClose(
        forward(net, matrixFromRows(rows)).data,
        rows.flatMap(x => slowForward(net, x)),
        tolerance,
        'outputs',
      );
    }),
  );
});

test('forward of more rows than it takes at a time is that of each row', () => {
  const rng = seededRng(7);
  // Nodes so wide that 16 rows are taken at a time, of every kind: shifted, a maximum with a lifted entry, a sum, a concatenation.
  const size = 2 ** 15;
  const wide = (name: string) =>
    ({
      kind: 'affine',
      name,
      input: 'input',
      operator: operators.scale({ factor: randomArray(rng, size), offset: randomArray(rng, size) }),
    }) as const;
  const windows = maxoutWindows(size / 2, 2);
  const lifts = { winner: new Int32Array(size / 2).fill(-1), lift: new Float64Array(size / 2) };
  lifts.winner[3] = 6;
  lifts.lift[3] = 0.5;
  const net = network([
    { kind: 'input', name: 'input', size },
    wide('a'),
    wide('b'),
    {
      kind: 'activation',
      name: 'bent',
      input: 'a',
      activation: leakyRelu(0.1),
      shift: Float64Array.from(randomArray(rng, size)),
    },
    { kind: 'sum', name: 'sum', inputs: ['bent', 'b'] },
    { kind: 'max', name: 'max', input: 'sum', windows, lifts },
    { kind: 'concat', name: 'both', inputs: ['max', 'b'] },
  ]);
  const rows = Array.from({ length: 35 }, () => randomArray(rng, size));
  const together = forward(net, matrixFromRows(rows));
  rows.forEach((row, i) => {
    const alone = forward(net, matrixFromRows([row])).data;
    expect(rowOf(together, i).every((y, j) => y === alone[j])).toBe(true);
  });
});

test('the laws of an affine operator', () => {
  fc.assert(
    fc.property(
      seeds,
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      (seed, inSize, outSize) => {
        const rng = seededRng(seed);
        const rows = (count: number, cols: number) =>
          matrixFromRows(Array.from({ length: count }, () => randomArray(rng, cols)));
        const operator = dense(rows(outSize, inSize), randomArray(rng, outSize));
        const [x, other, y] = [rows(1, inSize), rows(1, inSize), rows(1, outSize)];
        const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
        // Each of inSize · outSize products of numbers up to 1 passes at most inSize + outSize roundings, on two sides.
        const tolerance = 2 * (inSize + outSize) * Number.EPSILON * inSize * outSize;
        const adjoint = dot(x.data, operator.adjoint(y).data);
        expectClose(
          [dot(operator.linear(x).data, y.data)],
          [adjoint],
          tolerance,
          '⟨linear(x), y⟩ = ⟨x, adjoint(y)⟩',
        );
        const sum = { ...x, data: x.data.map((value, k) => value + 2 * other.data[k]) };
        const [first, second] = [operator.linear(x).data, operator.linear(other).data];
        expectClose(
          operator.linear(sum).data,
          first.map((v, j) => v + 2 * second[j]),
          4 * tolerance,
          'linear(x + 2 x′)',
        );
        const sizes = operator.magnitude({ ...x, data: x.data.map(Math.abs) }).data;
        first.forEach((value, j) => {
          expect(Math.abs(value)).toBeLessThanOrEqual(sizes[j] + tolerance);
        });
        // The gradient of ⟨linear(x), y⟩ in the weights is y xᵀ.
        const into = operator.zeroGradient();
        operator.accumulateGradient(into, x, y);
        const outer = Array.from(y.data).flatMap(b => Array.from(x.data, a => a * b));
        expect(into.weight.data).toEqual(Float64Array.from(outer));
      },
    ),
  );
});

describe('chains', () => {
  const layers = [dense([[1, 2]]), relu(), dense([[1]]), relu6()];

  test('name their layers by kind and place, or as told', () => {
    const names = (net: Network) => net.nodes.map(({ name }) => name);
    expect(names(chain(2, layers))).toEqual(['input', 'affine_1', 'relu_2', 'affine_3', 'relu6_4']);
    expect(names(chain(2, layers, ['a', 'b']))).toEqual(['input', 'a', 'b', 'affine_3', 'relu6_4']);
  });

  test('know their sizes', () => {
    const net = chain(2, layers);
    expect([net.inputSize, net.outputSize]).toEqual([2, 1]);
    expect([...net.sizes.values()]).toEqual([2, 1, 1, 1, 1]);
  });

  test('copy the weights they are given', () => {
    const weight = [[1, 2]];
    const bias = [3];
    const operator = dense(weight, bias);
    weight[0][0] = 9;
    bias[0] = 9;
    expect(operator.parameters).toEqual([Float64Array.of(1, 2), Float64Array.of(3)]);
  });
});

test('a bias has an owner when one activation alone follows it', () => {
  const rng = seededRng(1);
  const net = sharedBias(rng, pick(rng, activationKinds));
  const owners = net.nodes.flatMap(node => (node.kind === 'activation' ? [biasOwner(net, node)?.name] : []));
  // onInput, unused, first, second and third.
  expect(owners).toEqual([undefined, undefined, undefined, undefined, 'own']);
  const single = chain(2, [dense([[1, 2]]), makeActivation('prelu', 1, rng)]);
  const node = single.nodes[2];
  expect(node.kind === 'activation' && biasOwner(single, node)).toBe(single.nodes[1]);
});
