import { activate, slopeAt } from '../network/activation.js';
import type { AffineOperator } from '../network/affine-operator.js';
import type { Network } from '../network/network.js';
import type { ActivationNode } from '../network/nodes.js';
import { type Rules, walk } from '../network/walk.js';
import { type Matrix, matrix } from '../numeric/matrix.js';
import type { Interval } from './intervals.js';

/**
 * Which entries `[size]` of a node may be above 0, and which below it, on a region: in exact arithmetic, and in float32 however it
 * rounds. Sums of what is never above 0 are not either, of which no bound on rounding knows.
 */
export interface Signs {
  readonly above: Uint8Array;
  readonly below: Uint8Array;
}

/** The signs of every node, from its intervals, by name. */
export function signsOn(net: Network, found: (name: string) => Interval): (name: string) => Signs {
  const within = (name: string, { above, below }: Signs): Signs => {
    const { lo, hi, runtime } = found(name);
    return {
      above: above.map((may, j) => Number(may && hi[j] + runtime[j] > 0)),
      below: below.map((may, j) => Number(may && lo[j] - runtime[j] < 0)),
    };
  };
  const unknown = (size: number): Signs => ({
    above: new Uint8Array(size).fill(1),
    below: new Uint8Array(size).fill(1),
  });
  const size = (name: string) => net.sizes.get(name)!;
  const rules: Rules<Signs> = {
    input: ({ name }) => within(name, unknown(size(name))),
    affine: ({ name, operator }, [x]) => within(name, affineSigns(operator, x)),
    sum: ({ name, coefficients }, inputs) => within(name, sumSigns(inputs, coefficients)),
    concat: (_node, inputs) => ({
      above: joined(inputs.map(({ above }) => above)),
      below: joined(inputs.map(({ below }) => below)),
    }),
    activation: (node, [x]) => within(node.name, activationSigns(node, preActivationSigns(node, x))),
    max: ({ name }) => within(name, unknown(size(name))),
    clamp: ({ name }) => within(name, unknown(size(name))),
    opaque: ({ name }) => within(name, unknown(size(name))),
  };
  const values = walk(net, rules);
  return name => values.get(name)!;
}

/** Of what an activation is applied to: nothing is known of units that their node shifts. */
export function preActivationSigns({ shift }: ActivationNode, { above, below }: Signs): Signs {
  if (!shift) return { above, below };
  return {
    above: above.map((may, j) => Number(may || shift[j] !== 0)),
    below: below.map((may, j) => Number(may || shift[j] !== 0)),
  };
}

/** A row may be above 0 where a weight above 0 meets an entry that may be, or one below 0 an entry that may be below. */
function affineSigns({ bias, linear, magnitude }: AffineOperator, { above, below }: Signs): Signs {
  const row = (flags: Uint8Array): Matrix => matrix(1, flags.length, Float64Array.from(flags));
  /** Whether, among the entries marked, a row has weights above 0, and whether it has any below. */
  const weights = (flags: Uint8Array) => {
    const sum = linear(row(flags)).data;
    const size = magnitude(row(flags)).data;
    // Sums of numbers of one sign round alike, whichever sign that is.
    return {
      above: sum.map((s, j) => Number(s !== -size[j])),
      below: sum.map((s, j) => Number(s !== size[j])),
    };
  };
  const [onAbove, onBelow] = [weights(above), weights(below)];
  return {
    above: Uint8Array.from(bias, (b, j) => Number(b > 0 || onAbove.above[j] || onBelow.below[j])),
    below: Uint8Array.from(bias, (b, j) => Number(b < 0 || onAbove.below[j] || onBelow.above[j])),
  };
}

function sumSigns(inputs: readonly Signs[], coefficients?: readonly number[]): Signs {
  const may = (up: 'above' | 'below', down: 'above' | 'below') =>
    Uint8Array.from(inputs[0].above, (_, j) =>
      Number(
        inputs.some((x, i) => {
          const c = coefficients?.[i] ?? 1;
          return c > 0 ? x[up][j] : c < 0 && x[down][j];
        }),
      ),
    );
  return { above: may('above', 'below'), below: may('below', 'above') };
}

/** A rising function through 0 keeps signs; whether it is ever below 0 its first piece tells. */
function activationSigns({ activation }: ActivationNode, { above, below }: Signs): Signs {
  const { pieces, curve } = activation;
  return {
    above: above.map((may, j) => Number(may || !isThroughZero(j))),
    below: below.map((may, j) => Number((may && !isFloored(j)) || !isThroughZero(j))),
  };
  function isThroughZero(unit: number): boolean {
    return !curve && pieces.every(piece => slopeAt(piece, unit) >= 0) && activate(activation, 0, unit) === 0;
  }
  function isFloored(unit: number): boolean {
    return slopeAt(pieces[0], unit) === 0 && pieces[0].offset >= 0;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => Array.from(part)));
}
