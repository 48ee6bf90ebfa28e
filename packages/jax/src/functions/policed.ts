import type { Activation } from '@police/core';
import { PoliceError } from '@police/core';
import type { Tensor } from '../arrays.js';
import type { ActivationLayer } from '../layers/nonlinear.js';
import { activate, assertKnown } from '../nodes/activate.js';

/** What becomes of a nonlinearity while `police` runs a function: rows `[n, ...units]`, used up. */
export type AtBend = (activation: Activation, name: string, x: Tensor) => Tensor;

/** Set while `police` runs a function, which is at once: nothing asynchronous comes between. */
let present: AtBend | undefined;

/** Runs a function with something else in place of its policed nonlinearities. */
export function running<T>(atBend: AtBend, run: () => T): T {
  const before = present;
  present = atBend;
  try {
    return run();
  } finally {
    present = before;
  }
}

/**
 * A nonlinearity of a function written by hand, under a name of its own: inside `police` it adds the shift that keeps its units off their
 * kinks on the regions, elsewhere it is the plain activation. What lies between two of them must be affine, row by row. Throws
 * `unsupported-activation`.
 *
 * @example
 * const bend = policed(leakyRelu(0.1), 'hidden');
 * const mlp = ({ w, v }, x) => np.dot(bend(np.dot(x, w)), v);
 * const { init, apply } = police(mlp, [box([-1, -1], [1, 1])]);
 */
export function policed(of: ActivationLayer, name: string): (x: Tensor) => Tensor {
  const { activation } = of;
  if (!activation || activation.name === 'prelu') {
    throw new PoliceError({
      code: 'unsupported-activation',
      where: name,
      expected: 'an activation without parameters',
      actual: of.kind,
      remedy: 'Use sequential, or leakyRelu with a slope of your own.',
    });
  }
  assertKnown(activation, name);
  return x => (present ? present(activation, name, x) : activate(activation, {}, x));
}
