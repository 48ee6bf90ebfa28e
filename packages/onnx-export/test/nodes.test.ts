import {
  maxoutWindows,
  type Network,
  type NetworkNode,
  network,
  operators,
  type Rng,
  relu,
  type Windows,
} from '@police/core';
import { type Lifts, windowsOf } from '@police/core/adapter';
import { exportOnnx } from '@police/onnx-export';
import { randomGraph } from '@police/testing/graphs';
import { pick, randomArray, seededRng, seeds } from '@police/testing/helpers';
import { inFloat32 } from '@police/testing/in-float32';
import { integer } from '@police/testing/operators/oracles';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectSameOutputs, opTypesOf, randomRows } from './helpers.js';
import { randomImageGraph, randomLifts, randomPoolWindows } from './image-graphs.js';

/** A node on an input node that is reshaped to the shape, or stays flat where there is none. */
function alone(node: NetworkNode, size: number, shape?: readonly number[]): Network {
  const input: NetworkNode = { kind: 'input', name: 'x', size };
  if (!shape) return network([input, node]);
  const operator = operators.reshape([size], shape);
  return network([input, { kind: 'affine', name: 'shaped', input: 'x', operator }, node]);
}

function check(what: string, make: (rng: Rng) => Network, numRuns = 60) {
  test(what, async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async seed => {
        const rng = seededRng(seed);
        const net = inFloat32(make(rng));
        await expectSameOutputs(exportOnnx(net), net, randomRows(rng, pick(rng, [1, 3]), net.inputSize));
      }),
      { numRuns },
    );
  });
}

const randomShape = (rng: Rng) => [integer(rng, 1, 3), integer(rng, 1, 6), integer(rng, 1, 6)];

/** A maximum over the windows, at times lifted, on the shape or on a flat row. */
function maxOf(rng: Rng, windows: Windows, size: number, shape?: readonly number[]): Network {
  const lifts: { lifts?: Lifts } = rng() < 0.6 ? { lifts: randomLifts(rng, windows) } : {};
  return alone({ kind: 'max', name: 'max', input: shape ? 'shaped' : 'x', windows, ...lifts }, size, shape);
}

describe('every kind of node: ONNX Runtime gives what core gives', () => {
  check('sum', rng => {
    const size = integer(rng, 1, 6);
    const names = Array.from({ length: integer(rng, 1, 4) }, (_, i) => `part${i}`);
    const parts = names.map((name, i): NetworkNode => {
      const factor = randomArray(rng, size);
      const input = i === 0 ? 'x' : pick(rng, ['x', names[i - 1]]);
      return { kind: 'affine', name, input, operator: operators.scale({ factor }) };
    });
    const coefficients = names.map(() => pick(rng, [1, 1, -1, 0, 2 * rng() - 1]));
    const given = rng() < 0.7 ? { coefficients } : {};
    return network([
      { kind: 'input', name: 'x', size },
      ...parts,
      { kind: 'sum', name: 'sum', inputs: names, ...given },
    ]);
  });

  check('concat', rng => {
    const shape = randomShape(rng);
    const size = operators.sizeOf(shape);
    const parts = Array.from({ length: integer(rng, 1, 4) }, (_, i): NetworkNode => {
      const operator = pick(rng, [
        operators.gatherAlong(shape, 0, [0, -1]),
        operators.meanOver({ shape, axes: [1] }),
        operators.meanOver({ shape, axes: [0, 1, 2] }),
        operators.scale({ factor: randomArray(rng, size) }),
      ]);
      return { kind: 'affine', name: `part${i}`, input: 'x', operator };
    });
    const inputs = ['x', ...parts.map(({ name }) => name)].slice(integer(rng, 0, 1));
    return network([{ kind: 'input', name: 'x', size }, ...parts, { kind: 'concat', name: 'all', inputs }]);
  });

  check('max over the windows of a pool', rng => {
    const shape = randomShape(rng);
    return maxOf(rng, randomPoolWindows(rng, shape, rng() < 0.3).windows, operators.sizeOf(shape), shape);
  });

  check('max over the windows of a pool on a row whose shape is not known', rng => {
    const shape = randomShape(rng);
    return maxOf(rng, randomPoolWindows(rng, shape, rng() < 0.3).windows, operators.sizeOf(shape));
  });

  check('max over windows apart', rng => {
    const [units, pieces] = [integer(rng, 1, 4), integer(rng, 1, 4)];
    return maxOf(rng, maxoutWindows(units, pieces), units * pieces);
  });

  check('max over any windows', rng => {
    const size = integer(rng, 1, 9);
    const lists = Array.from({ length: integer(rng, 1, 6) }, () =>
      Array.from({ length: integer(rng, 1, 4) }, () => integer(rng, 0, size - 1)),
    );
    return maxOf(rng, windowsOf(lists), size, pick(rng, [undefined, [1, 1, size]]));
  });

  check('graphs of vectors', rng => randomGraph(rng, 3, 2), 20);
  check(
    'graphs of images',
    rng => randomImageGraph(rng, { isShifted: true, steps: integer(rng, 1, 14) }),
    80,
  );

  test('a batch of no rows', async () => {
    const rng = seededRng(1);
    const net = inFloat32(randomImageGraph(rng, { isShifted: true, steps: 10 }));
    await expectSameOutputs(exportOnnx(net), net, randomRows(rng, 0, net.inputSize));
  });
});

describe('windows of a pool become MaxPool', () => {
  test('whatever its options but dilations', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const rng = seededRng(seed);
        const shape = randomShape(rng);
        const { windows } = randomPoolWindows(rng, shape, false);
        const net = alone(
          { kind: 'max', name: 'max', input: 'shaped', windows },
          operators.sizeOf(shape),
          shape,
        );
        expect(opTypesOf(exportOnnx(net))).toEqual(['Reshape', 'MaxPool', 'Flatten']);
      }),
      { numRuns: 300 },
    );
  });

  test('but not if one entry is another', () => {
    const shape = [1, 4, 4];
    const { windows } = randomPoolWindows(seededRng(3), shape, false);
    const members = windows.members.slice();
    members[0] = (members[0] + 7) % 16;
    const node: NetworkNode = { kind: 'max', name: 'max', input: 'shaped', windows: { ...windows, members } };
    expect(opTypesOf(exportOnnx(alone(node, 16, shape)))).not.toContain('MaxPool');
  });
});

test('a shift that differs by position is an Add after the convolution', async () => {
  const rng = seededRng(5);
  const conv = operators.conv({
    inShape: [1, 3, 3],
    weight: [1, -2],
    weightShape: [2, 1, 1, 1],
    bias: [0.5, 0],
  });
  const nodes = (shift: Float64Array): NetworkNode[] => [
    { kind: 'input', name: 'x', size: 9 },
    { kind: 'affine', name: 'conv', input: 'x', operator: conv },
    { kind: 'activation', name: 'bend', input: 'conv', activation: relu(), shift },
  ];
  const net = inFloat32(network(nodes(Float64Array.from(randomArray(rng, 18)))));
  const bytes = exportOnnx(net);
  expect(opTypesOf(bytes)).toEqual(['Reshape', 'Conv', 'Add', 'Relu', 'Flatten']);
  await expectSameOutputs(bytes, net, randomRows(rng, 4, 9));
});
