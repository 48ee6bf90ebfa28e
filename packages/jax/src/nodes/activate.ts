import { numpy as np } from '@jax-js/jax';
import { type Activation, type ActivationName, PoliceError } from '@police/core';
import { scalar, type Tensor } from '../arrays.js';
import type { NodeParams } from './node.js';

/** y = σ(x), entry by entry; NaN stays NaN. At a kink's end the derivative is the left one's, as in core. */
export function activate(activation: Activation, params: NodeParams, x: Tensor): Tensor {
  const curved = CURVED[activation.name];
  if (curved) return curved(x, activation);
  const { kinks, pieces } = activation;
  const end = (k: number) => scalar(kinks[k].hi, x.dtype);
  const on = (k: number) => onPiece(activation, params, k, x.ref);
  // What no comparison is true of, NaN, lands on a piece that has a slope.
  const sloped = pieces.findIndex(({ slope }) => slope !== 0);
  let y = on(sloped);
  for (let k = sloped + 1; k < pieces.length; k++) y = np.where(np.greater(x.ref, end(k - 1)), on(k), y);
  for (let k = sloped - 1; k >= 0; k--) y = np.where(np.lessEqual(x.ref, end(k)), on(k), y);
  x.dispose();
  return y;
}

/** The slope of a piece: a number's array, or one of each unit, in their shape. */
export function slopeOf(activation: Activation, params: NodeParams, piece: number, like: Tensor): Tensor {
  const { slope } = activation.pieces[piece];
  return typeof slope === 'number' ? scalar(slope, like.dtype) : params.alpha.ref;
}

function onPiece(activation: Activation, params: NodeParams, piece: number, x: Tensor): Tensor {
  const { slope, offset } = activation.pieces[piece];
  if (slope === 0) {
    const y = scalar(offset, x.dtype);
    x.dispose();
    return y;
  }
  const scaled = slope === 1 ? x : x.mul(slopeOf(activation, params, piece, x));
  return offset === 0 ? scaled : scaled.add(scalar(offset, scaled.dtype));
}

/** Functions with a stretch that no affine piece tells. */
const CURVED: Partial<Record<ActivationName, (x: Tensor, activation: Activation) => Tensor>> = {
  elu: (x, { alpha }) => exponentialBelow(x, alpha!, 1),
  selu: (x, { alpha, pieces }) => exponentialBelow(x, alpha!, pieces[1].slope as number),
  hardSwish: x => {
    const one = scalar(1, x.dtype);
    const share = np.clip(x.ref.div(scalar(6, x.dtype)).add(scalar(0.5, x.dtype)), scalar(0, x.dtype), one);
    return x.mul(share);
  },
  hardSigmoid: (x, { pieces }) => {
    const line = x.ref.mul(scalar(pieces[1].slope as number, x.dtype)).add(scalar(pieces[1].offset, x.dtype));
    x.dispose();
    return np.clip(line.ref, scalar(0, line.dtype), scalar(1, line.dtype));
  },
};

/** `scale · x` above 0, `scale · alpha (eˣ − 1)` below, where nothing overflows. */
function exponentialBelow(x: Tensor, alpha: number, scale: number): Tensor {
  const { dtype } = x;
  const below = np.expm1(np.minimum(x.ref, scalar(0, dtype))).mul(scalar(scale * alpha, dtype));
  return np.where(np.greater(x.ref, scalar(0, dtype)), x.mul(scalar(scale, dtype)), below);
}

/** What layers and networks may apply. Throws `unsupported-activation`. */
export function assertKnown(activation: Activation, where: string): void {
  if (activation.approximationError === undefined) return;
  throw new PoliceError({
    code: 'unsupported-activation',
    where,
    expected:
      'an activation that is exactly affine outside its kinks: relu, leakyRelu, prelu, abs, relu6, hardTanh, clip, hardSigmoid, hardSwish, elu, selu',
    actual: activation.name,
    remedy: 'Take elu or hardTanh in its place, or `patch`, which holds any function of jax-js.',
  });
}
