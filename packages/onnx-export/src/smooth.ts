import type { SmoothActivationName } from '@police/core/adapter';
import { type Constant, type Operation, operation, type Value } from './operation.js';

/**
 * The functions that are affine on their tails only, as exporters of this opset write them: Gelu is an operator from
 * opset 20 on, before it is the pattern that runtimes know and fuse.
 */
export const SMOOTH_WRITERS: Readonly<Record<SmoothActivationName, (x: Value) => Operation>> = {
  softplus: x => elementwise('Softplus', x),
  sigmoid: x => elementwise('Sigmoid', x),
  tanh: x => elementwise('Tanh', x),
  silu: x => elementwise('Mul', x, elementwise('Sigmoid', x)),
  quickGelu: x =>
    elementwise('Mul', x, elementwise('Sigmoid', elementwise('Mul', x, nearest('steepness', 1.702)))),
  mish: x => elementwise('Mul', x, elementwise('Tanh', elementwise('Softplus', x))),
  gelu: x => {
    const erf = elementwise('Erf', elementwise('Div', x, nearest('sqrt2', Math.SQRT2)));
    const twice = elementwise('Add', erf, nearest('one', 1));
    return elementwise('Mul', elementwise('Mul', x, twice), nearest('half', 0.5));
  },
  geluTanh: x => {
    const cube = elementwise(
      'Mul',
      elementwise('Mul', elementwise('Mul', x, x), x),
      nearest('cubic', 0.044715),
    );
    const argument = elementwise(
      'Mul',
      elementwise('Add', x, cube),
      nearest('factor', Math.sqrt(2 / Math.PI)),
    );
    const twice = elementwise('Add', elementwise('Tanh', argument), nearest('one', 1));
    return elementwise('Mul', elementwise('Mul', x, twice), nearest('half', 0.5));
  },
};

function elementwise(opType: string, x: Value, ...others: (Value | Constant)[]): Operation {
  return operation(opType, [x, ...others], x.shape);
}

/** A constant of the function, no parameter of the network: rounded as a runtime rounds its own. */
function nearest(role: string, value: number): Constant {
  return { kind: 'constant', role, dims: [], values: Float32Array.of(value) };
}
