import {
  boundOutputs,
  decide,
  type LinearInequality,
  type LinearPrograms,
  matrix,
  type Network,
  type NetworkNode,
  PoliceError,
  type Precision,
} from '@police/core';
import { type Property, regionsIn } from './property.js';

/** Margins tried, as shares of what the inequalities are about: rounding and a runtime's error must fit in. */
const MARGINS = [2 ** -20, 2 ** -17, 2 ** -14, 2 ** -11, 2 ** -8];

/** Choices of inequalities that are tried. */
const MOST_CHOICES = 128;

/**
 * The least change of the output bias (Euclidean norm) of a network that is affine on a property's regions after which one inequality of each
 * alternative fails all over them. Throws `infeasible-target` where no bias does it, as of inequalities that speak of inputs.
 */
export function leastShift(
  net: Network,
  property: Property,
  precision: Precision,
  options: { readonly programs: LinearPrograms; readonly memory: number },
): Network {
  const regions = regionsIn(property);
  const conjuncts = property.cases.flatMap(each => each.conjuncts);
  const ways = conjuncts.map(rows => rows.filter(isOfOutputs));
  const isProved = (found: Network) =>
    decide(found, property.cases, { ...options, arithmetic: 'float32' }).answer === 'unsat';
  let count = 1;
  for (const { length } of ways) count *= length;
  if (count >= 1 && count <= MOST_CHOICES) {
    const choices = ways.reduce<LinearInequality[][]>(
      (all, rows) => all.flatMap(before => rows.map(row => [...before, row])),
      [[]],
    );
    for (const margin of MARGINS) {
      const found = choices
        .flatMap(rows => shiftedTo(net, rows, margin) ?? [])
        .sort((a, b) => a.cost - b.cost)
        .find(({ network }) => isProved(network));
      if (found) return found.network;
    }
  }
  throw new PoliceError({
    code: 'infeasible-target',
    where: property.file,
    expected: 'an output bias after which the property holds all over the regions',
    actual: count > MOST_CHOICES ? `${count} choices of inequalities to fail, more than are tried` : 'none',
    remedy: 'Use --method patch, which fits a map to the property.',
  });

  function shiftedTo(
    from: Network,
    rows: readonly LinearInequality[],
    share: number,
  ): { network: Network; cost: number } | undefined {
    const C = matrix(rows.length, from.outputSize);
    const d = rows.map(({ outputs = [], bound }, i) => {
      let size = Math.abs(bound);
      for (const { index, coefficient } of outputs) {
        C.data[i * C.cols + index] = -coefficient;
        size = Math.max(size, Math.abs(coefficient));
      }
      return -bound - share * size;
    });
    try {
      const network = boundOutputs(from, regions, C, d, { precision });
      return { network, cost: distance(outputBias(from), outputBias(network)) };
    } catch (error) {
      if (error instanceof PoliceError && error.code === 'infeasible-target') return undefined;
      throw error;
    }
  }
}

const isOfOutputs = ({ inputs = [], outputs = [] }: LinearInequality): boolean =>
  inputs.length === 0 && outputs.length > 0;

function outputBias({ nodes }: Network): Float64Array {
  const last: NetworkNode = nodes[nodes.length - 1];
  return 'operator' in last ? last.operator.bias : new Float64Array(0);
}

function distance(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((sum, x, j) => sum + (x - b[j]) ** 2, 0));
}
