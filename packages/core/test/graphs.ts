import {
  dense,
  maxoutWindows,
  type Network,
  type NetworkNode,
  network,
  type Rng,
  windowsOf,
} from '@police/core';
import { type ActivationKind, activationKinds, makeActivation, pick, randomArray } from './helpers.js';

/** A dense node with weights of about unit gain. */
export function randomDense(
  rng: Rng,
  name: string,
  input: string,
  inSize: number,
  outSize: number,
): NetworkNode {
  const reach = Math.sqrt(3 / inSize);
  const rows = Array.from({ length: outSize }, () => randomArray(rng, inSize, reach));
  return { kind: 'affine', name, input, operator: dense(rows, randomArray(rng, outSize)) };
}

/**
 * A random graph with every kind of node: blocks of dense and activation with a residual sum, a concatenation, maxima
 * over overlapping windows, maxout, and a difference, then a dense head.
 */
export function randomGraph(rng: Rng, inSize: number, outSize: number): Network {
  const WIDTH = 6;
  const nodes: NetworkNode[] = [{ kind: 'input', name: 'x', size: inSize }];
  const activation = (name: string, input: string, units: number, kind: ActivationKind): NetworkNode => ({
    kind: 'activation',
    name,
    input,
    activation: makeActivation(kind, units, rng),
  });
  const kind = () => pick(rng, activationKinds);
  nodes.push(
    randomDense(rng, 'first', 'x', inSize, WIDTH),
    activation('bend1', 'first', WIDTH, kind()),
    randomDense(rng, 'inner', 'bend1', WIDTH, WIDTH),
    // The skip starts before a nonlinearity, so 'first' has two readers and holds no shift.
    { kind: 'sum', name: 'residual', inputs: ['inner', 'first'] },
    activation('bend2', 'residual', WIDTH, kind()),
    { kind: 'max', name: 'pool', input: 'bend2', windows: overlapping(WIDTH) },
    { kind: 'concat', name: 'both', inputs: ['pool', 'bend1'] },
  );
  const joined = WIDTH - 2 + WIDTH;
  nodes.push(
    randomDense(rng, 'pieces', 'both', joined, 8),
    { kind: 'max', name: 'maxout', input: 'pieces', windows: maxoutWindows(4, 2) },
    randomDense(rng, 'left', 'maxout', 4, 4),
    { kind: 'sum', name: 'difference', inputs: ['left', 'maxout'], coefficients: [1, -0.5] },
    activation('bend3', 'difference', 4, kind()),
    randomDense(rng, 'head', 'bend3', 4, outSize),
  );
  return network(nodes);
}

/** Windows of three entries, one apart. */
function overlapping(size: number) {
  return windowsOf(Array.from({ length: size - 2 }, (_, i) => [i, i + 1, i + 2]));
}
