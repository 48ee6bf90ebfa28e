import type { SmoothActivationName } from '@police/core/adapter';
import { type Constant, type Operation, operation, type Value } from './operation.js';

/**
 * The functions that are affine on their tails only, as exporters of this opset write them: Gelu is an operator from
 * opset 20 on, before it is the pattern that runtimes know and fuse.
 */
export function smoothOperation(name: SmoothActivationName, x: Value): Operation {
  const apply = (opType: string, ...inputs: (Value | Constant)[]) => operation(opType, inputs, x.shape);
  switch (name) {
    case 'softplus':
      return apply('Softplus', x);
    case 'sigmoid':
      return apply('Sigmoid', x);
    case 'tanh':
      return apply('Tanh', x);
    case 'silu':
      return apply('Mul', x, apply('Sigmoid', x));
    case 'gelu': {
      const erf = apply('Erf', apply('Div', x, nearest('sqrt2', Math.SQRT2)));
      return apply('Mul', apply('Mul', x, apply('Add', erf, nearest('one', 1))), nearest('half', 0.5));
    }
    case 'geluTanh': {
      const cube = apply('Mul', apply('Mul', apply('Mul', x, x), x), nearest('cubic', 0.044715));
      const argument = apply('Mul', apply('Add', x, cube), nearest('factor', Math.sqrt(2 / Math.PI)));
      const twice = apply('Add', apply('Tanh', argument), nearest('one', 1));
      return apply('Mul', apply('Mul', x, twice), nearest('half', 0.5));
    }
  }
}

/** A constant of the function, no parameter of the network: rounded as a runtime rounds its own. */
function nearest(role: string, value: number): Constant {
  return { kind: 'constant', role, dims: [], values: Float32Array.of(value) };
}
