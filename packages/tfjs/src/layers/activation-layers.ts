import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Shape = (number | null)[];

abstract class ElementwiseLayer extends tfl.layers.Layer {
  protected abstract transform(x: tf.Tensor): tf.Tensor;

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => this.transform(Array.isArray(inputs) ? inputs[0] : inputs));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return inputShape;
  }
}

/** |x|, which tfjs-layers lacks. Registered, so that saved models load. */
export class Abs extends ElementwiseLayer {
  static readonly className = 'PoliceAbs';

  protected override transform(x: tf.Tensor): tf.Tensor {
    return tf.abs(x);
  }
}

/** x clipped to [−1, 1], which tfjs-layers lacks. Registered, so that saved models load. */
export class HardTanh extends ElementwiseLayer {
  static readonly className = 'PoliceHardTanh';

  protected override transform(x: tf.Tensor): tf.Tensor {
    return tf.clipByValue(x, -1, 1);
  }
}

tf.serialization.registerClass(Abs);
tf.serialization.registerClass(HardTanh);

/** A layer of |x|. */
export const abs = (args: { name?: string } = {}): Abs => new Abs(args);

/** A layer of x clipped to [−1, 1]. */
export const hardTanh = (args: { name?: string } = {}): HardTanh => new HardTanh(args);
