import { forward, matrix } from '@police/core';
import { forwardValues } from '@police/core/adapter';
import { convNetwork, randomGraph } from '@police/testing/graphs';
import { randomArray, seededRng, seeds } from '@police/testing/helpers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inputsOf } from '../../src/network/nodes.js';
import { mostAtATime, type Rules, walk, walkToEnd } from '../../src/network/walk.js';

const networks = fc
  .tuple(seeds, fc.boolean())
  .map(([seed, isConv]) => (isConv ? convNetwork(seededRng(seed)) : randomGraph(seededRng(seed), 3, 2)));

test('a walk to the end has the last value of a walk, and no more at a time than is counted', () => {
  fc.assert(
    fc.property(networks, net => {
      // A value names all that went into it.
      const name = (node: { name: string }, inputs: readonly string[]) => `${node.name}(${inputs.join()})`;
      const rules: Rules<string> = {
        input: node => name(node, []),
        affine: name,
        activation: name,
        sum: name,
        concat: name,
        max: name,
        clamp: name,
        opaque: name,
      };
      const steps: number[] = [];
      const last = walkToEnd(net, rules, (done, total) => steps.push(done / total));
      expect(last).toBe(walk(net, rules).get(net.nodes.at(-1)!.name));
      expect(steps).toEqual(net.nodes.map((_, i) => (i + 1) / net.nodes.length));
      // The slow way: at each node, what it or a later one reads, and itself.
      const sizeOf = (at: string) => net.sizes.get(at)!;
      const most = net.nodes.map(({ name: own }, i) => {
        const read = new Set(net.nodes.slice(i).flatMap(inputsOf));
        const live = net.nodes.slice(0, i).filter(({ name: before }) => read.has(before));
        return sizeOf(own) + live.reduce((sum, node) => sum + sizeOf(node.name), 0);
      });
      expect(mostAtATime(net, net.sizes)).toBe(Math.max(...most));
    }),
    { numRuns: 30 },
  );
});

test('running a network on data is the last of the values after every node', () => {
  fc.assert(
    fc.property(networks, seeds, (net, seed) => {
      const x = matrix(2, net.inputSize, Float64Array.from(randomArray(seededRng(seed), 2 * net.inputSize)));
      expect(forward(net, x)).toEqual(forwardValues(net, x).get(net.nodes.at(-1)!.name));
    }),
    { numRuns: 20 },
  );
});
