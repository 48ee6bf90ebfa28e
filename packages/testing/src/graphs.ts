import {
  dense,
  maxoutWindows,
  maxPoolWindows,
  type Network,
  type NetworkNode,
  network,
  operators,
  type Rng,
} from '@police/core';
import { windowsOf } from '@police/core/adapter';
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

export const CONV_INPUT: [number, number, number] = [2, 6, 6];
export const CONV_SIZE = 72;

function randomConv(
  rng: Rng,
  name: string,
  input: string,
  inShape: [number, number, number],
  outChannels: number,
) {
  const weightShape: [number, number, number, number] = [outChannels, inShape[0], 3, 3];
  const reach = Math.sqrt(3 / (inShape[0] * 9));
  const operator = operators.conv({
    inShape,
    weight: randomArray(rng, outChannels * inShape[0] * 9, reach),
    weightShape,
    bias: randomArray(rng, outChannels),
    padding: [1, 1, 1, 1],
  });
  return { kind: 'affine', name, input, operator } satisfies NetworkNode;
}

/** conv → bend → overlapping max-pool → residual of conv and batch-norm → bend → average pool → dense. */
export function convNetwork(rng: Rng): Network {
  const channels = 3;
  const full: [number, number, number] = [channels, 6, 6];
  const { windows, outShape } = maxPoolWindows({
    shape: full,
    kernel: [3, 3],
    strides: [2, 2],
    padding: [1, 1, 1, 1],
  });
  const pooled = outShape[0] * outShape[1] * outShape[2];
  const bend = (name: string, input: string, units: number): NetworkNode => ({
    kind: 'activation',
    name,
    input,
    activation: makeActivation(pick(rng, activationKinds), units, rng),
  });
  const norm = operators.batchNorm({
    shape: outShape,
    gamma: randomArray(rng, channels),
    beta: randomArray(rng, channels),
    mean: randomArray(rng, channels),
    variance: randomArray(rng, channels).map(v => 0.5 + v * v),
  });
  const average = operators.averagePool({ shape: outShape, kernel: [3, 3], strides: [1, 1] });
  return network([
    { kind: 'input', name: 'x', size: CONV_SIZE },
    randomConv(rng, 'conv1', 'x', CONV_INPUT, channels),
    bend('bend1', 'conv1', channels * 36),
    { kind: 'max', name: 'pool', input: 'bend1', windows },
    randomConv(rng, 'conv2', 'pool', outShape, channels),
    { kind: 'affine', name: 'norm', input: 'conv2', operator: norm },
    { kind: 'sum', name: 'residual', inputs: ['norm', 'pool'] },
    bend('bend2', 'residual', pooled),
    { kind: 'affine', name: 'average', input: 'bend2', operator: average },
    randomDense(rng, 'hidden', 'average', average.outSize, 6),
    bend('bend3', 'hidden', 6),
    randomDense(rng, 'head', 'bend3', 6, 2),
  ]);
}
