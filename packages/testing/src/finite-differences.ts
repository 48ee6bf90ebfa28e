import {
  dense,
  type Matrix,
  matrix,
  matrixFromRows,
  type Network,
  network,
  type PolicedForwardOptions,
  policedBackward,
  policedForward,
  prelu,
  type Region,
  type Rng,
} from '@police/core';
import { expect } from 'vitest';
import { asDense } from './as-dense.js';
import { expectClose, randomArray, roundingBound } from './helpers.js';

/** Central differences err by STEP² of the third derivative and by rounding over STEP; this step balances them. */
export const STEP = Math.cbrt(Number.EPSILON);

/** One parameter: a node's weight or bias entry, or its alpha. */
interface Parameter {
  readonly node: string;
  readonly kind: 'weight' | 'bias' | 'alpha';
  readonly index: number;
}

function parametersOf(net: Network): Parameter[] {
  const all = (node: string, kind: Parameter['kind'], count: number) =>
    Array.from({ length: count }, (_, index): Parameter => ({ node, kind, index }));
  return net.nodes.flatMap(node => {
    if (node.kind === 'affine') {
      const { weight, bias } = asDense(node.operator);
      return [...all(node.name, 'weight', weight.data.length), ...all(node.name, 'bias', bias.length)];
    }
    const isPrelu = node.kind === 'activation' && node.activation.name === 'prelu';
    return isPrelu ? all(node.name, 'alpha', net.sizes.get(node.name)!) : [];
  });
}

function moved(net: Network, { node: name, kind, index }: Parameter, step: number): Network {
  const bump = (values: Float64Array) => values.map((x, i) => (i === index ? x + step : x));
  return network(
    net.nodes.map(node => {
      if (node.name !== name) return node;
      if (node.kind === 'affine') {
        const { weight, bias } = asDense(node.operator);
        const operator =
          kind === 'weight' ? dense({ ...weight, data: bump(weight.data) }, bias) : dense(weight, bump(bias));
        return { ...node, operator };
      }
      if (node.kind !== 'activation') return node;
      return { ...node, activation: prelu(bump(node.activation.pieces[0].slope as Float64Array)) };
    }),
  );
}

interface Setting {
  readonly net: Network;
  readonly regions: readonly Region[];
  readonly x: Matrix;
  readonly dOutput: Matrix;
  readonly options: PolicedForwardOptions;
}

/** A batch about the regions, inside and outside. */
export function setting(
  net: Network,
  regions: readonly Region[],
  options: PolicedForwardOptions,
  rng: Rng,
): Setting {
  const inside = regions.flatMap(region => [region.sample(rng), region.sample(rng)]);
  const x = matrixFromRows([
    ...inside,
    ...Array.from({ length: 4 }, () => randomArray(rng, net.inputSize, 2)),
  ]);
  const dOutput = matrix(
    x.rows,
    net.outputSize,
    Float64Array.from(randomArray(rng, x.rows * net.outputSize)),
  );
  return { net, regions, x, dOutput, options };
}

/** The loss whose gradient in the outputs is dOutput everywhere. */
export function lossOf({ net, regions, x, dOutput, options }: Setting): number {
  const { output } = policedForward(net, regions, x, options);
  return output.data.reduce((sum, y, i) => sum + y * dOutput.data[i], 0);
}

export function gradientOf(
  { net, regions, x, dOutput, options }: Setting,
  gradient: 'exact' | 'local',
): Float64Array {
  const { affine, alpha } = policedBackward(policedForward(net, regions, x, options), dOutput, { gradient });
  return Float64Array.from(parametersOf(net), ({ node, kind, index }) => {
    if (kind === 'alpha') return alpha.get(node)![index];
    const { weight, bias } = affine.get(node)!;
    return kind === 'weight' ? weight.data[index] : bias[index];
  });
}

/** At most this share of parameters may have a kink, of data or of a vote, within a step. */
const MOST_SKIPPED = 0.05;

export function expectDerivatives(given: Setting): void {
  const { net, x, dOutput } = given;
  const parameters = parametersOf(net);
  const gradient = gradientOf(given, 'exact');
  // Rounding of a loss over the step; and truncation, of balls alone (all else is linear in any one parameter), whose
  // third derivative is some multiple of the weights' size.
  const largest = Math.max(...x.data.map(Math.abs));
  const rounding = roundingBound(net, new Float64Array(net.inputSize).fill(largest), dOutput.data.length);
  const tolerance = (rounding * dOutput.data.length) / STEP + 2 ** 10 * STEP ** 2;
  const difference = (parameter: Parameter, step: number) =>
    (lossOf({ ...given, net: moved(net, parameter, step) }) -
      lossOf({ ...given, net: moved(net, parameter, -step) })) /
    (2 * step);
  const smooth = parameters.map(parameter => {
    const wide = difference(parameter, STEP);
    return Math.abs(wide - difference(parameter, STEP / 2)) <= tolerance ? wide : undefined;
  });
  const skipped = smooth.filter(slope => slope === undefined).length;
  expect(skipped, 'parameters with a kink within the step').toBeLessThanOrEqual(
    MOST_SKIPPED * parameters.length,
  );
  parameters.forEach(({ node, kind, index }, i) => {
    if (smooth[i] !== undefined)
      expectClose([gradient[i]], [smooth[i]], tolerance, `${node} ${kind} ${index}`);
  });
}
