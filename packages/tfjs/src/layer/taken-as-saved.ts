import type * as tfl from '@tensorflow/tfjs-layers';
import { fieldsOf } from '../graph/values.js';

interface Constrained {
  constraint: { apply: unknown } | null | undefined;
}

/**
 * Lets each weight take what is written to it first, by loading, as it is. TensorFlow.js applies a weight's own constraint on every
 * write: a model whose training had left the constraint behind, or whose norm is 1 but for rounding, would come back as another one.
 */
export function takeAsSaved(variables: readonly tfl.LayerVariable[]): void {
  for (const variable of variables) {
    const own = fieldsOf<Constrained>(variable);
    const { constraint } = own;
    if (!constraint) continue;
    own.constraint = null;
    variable.write = (...args) => {
      Reflect.deleteProperty(variable, 'write');
      const written = variable.write(...args);
      own.constraint = constraint;
      return written;
    };
  }
}
