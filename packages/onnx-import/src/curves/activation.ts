import {
  type Activation,
  type AffineOperator,
  gelu,
  geluTanh,
  hardSwish,
  mish,
  quickGelu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from '@police/core';
import * as operators from '@police/core/operators';
import type { NetworkBuilder } from '../builder.js';
import type { NodeContext } from '../context.js';
import { unsupported } from '../errors.js';
import { shiftSiteOf } from '../sites.js';
import { type Data, entriesOf, type Value } from '../values.js';
import type { Cone } from './cones.js';
import type { Curve } from './recognise.js';

/** A smooth function of core's, by its name there. */
export type SmoothName = Exclude<Curve['name'], 'hardSwish'> | 'sigmoid' | 'tanh' | 'softplus';

const SMOOTH: Readonly<Record<SmoothName, (epsilon: number) => Activation>> = {
  silu,
  gelu,
  geluTanh,
  quickGelu,
  mish,
  sigmoid,
  tanh,
  softplus,
};

/** A smooth operator of a node, within `epsilon` of its tails. Throws `unsupported-layer` without one. `deviation`: see `Curve`. */
export function smoothActivation(ctx: NodeContext, name: SmoothName, deviation = 0): Activation {
  if (ctx.epsilon === undefined) throw smoothOf(ctx.label, name);
  ctx.float(0);
  return smoothWithin(name, ctx.epsilon, deviation, ctx.label);
}

/**
 * The value of a cone on its source: an activation, times the factor that the file's constants make. Its shift goes before all places that read the
 * source.
 */
export function curveValue(
  builder: NetworkBuilder,
  x: Data,
  cone: Cone,
  name: string,
  label: string,
  epsilon: number | undefined,
): Value {
  const [{ node, input }, ...also] = cone.places;
  const site = shiftSiteOf({ node, input, also }, x.shape, x.dtype);
  const curved = builder.activation(x, activationOf(cone.curve, epsilon, label), name, site);
  const shape = [...new Array<number>(Math.max(0, cone.rank - x.shape.length)).fill(1), ...x.shape];
  const groups = new Int32Array(entriesOf(shape));
  return cone.curve.factors.reduce<Value>(
    (y, factor) => builder.affine(y, timesFactor(factor, groups), shape, `${name}.factor`),
    builder.reshaped(curved, shape, true),
  );
}

/** A sixth is no number of any format: where a file divides, so do we. */
function timesFactor(factor: number, groups: Int32Array): AffineOperator {
  const divisor = 1 / factor;
  const isDivision = Math.fround(factor) !== factor && Math.fround(divisor) === divisor;
  return isDivision ? operators.divide([divisor], groups) : operators.scale({ factor: [factor], groups });
}

function activationOf(curve: Curve, epsilon: number | undefined, label: string): Activation {
  if (curve.name === 'hardSwish') {
    const { lo, hi } = curve;
    return { ...hardSwish(), kinks: [{ lo, hi }] };
  }
  if (epsilon === undefined) throw smoothOf(label, curve.name);
  return smoothWithin(curve.name, epsilon, curve.deviation, label);
}

/**
 * A smooth function within `epsilon` of its tails, where a constant in it is off by a share `deviation`: that moves its value by no more than half
 * the share anywhere, since max x² σ′(x) = 0.44 (over 1.702 for the quick GELU), max x² φ(x) = 0.3, and √(8/π) max x² σ′(2u) = 0.24 with
 * 0.03 for the cubic term.
 */
function smoothWithin(name: SmoothName, epsilon: number, deviation: number, label: string): Activation {
  const left = epsilon - deviation / 2;
  if (!(left > 0)) {
    throw unsupported(
      label,
      `an error above that of its rounded constants, ${(deviation / 2).toPrecision(2)}`,
      `${epsilon}`,
      'Accept a larger one.',
    );
  }
  return { ...SMOOTH[name](left), approximationError: epsilon };
}

const NAMES: Readonly<Record<SmoothName, string>> = {
  silu: 'a SiLU, x · Sigmoid(x)',
  gelu: 'a GELU',
  geluTanh: 'a GELU in its tanh form',
  quickGelu: 'a quick GELU, x · Sigmoid(1.702 x)',
  mish: 'a Mish, x · Tanh(Softplus(x))',
  sigmoid: 'a Sigmoid',
  tanh: 'a Tanh',
  softplus: 'a Softplus',
};

function smoothOf(label: string, name: SmoothName): Error {
  return unsupported(
    label,
    'an operator that is piecewise affine, or constant',
    `${NAMES[name]}: smooth, affine only up to an error, far enough from 0`,
    'Accept an error: readModel(bytes, { epsilon: 1e-3 }).',
  );
}
