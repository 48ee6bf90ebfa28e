import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { pickColumns } from '../ops/pick-columns.js';
import { type LayerConfig, layerFromConfig } from './layer-config.js';

type BatchShape = (number | null)[];

/**
 * `max(inner(x), x_winner + lift)`, window by window: a maximum whose winners are lifted so that they win all over the
 * regions. What `freeze` makes of a MaxPooling or Maximum layer that needs it; registered, so that saved models load.
 */
export class Lifted extends tfl.layers.Layer {
  static readonly className = 'PoliceLifted';

  readonly inner: tfl.layers.Layer;
  private readonly innerConfig: LayerConfig;
  /** The lifted entry of each window, counted in the flattened inputs, plus one; 0 for none. `[windows]`. */
  winner!: tfl.LayerVariable;
  /** `[windows]`. */
  lift!: tfl.LayerVariable;

  constructor({ inner, ...args }: { inner: LayerConfig; name?: string }) {
    super(args);
    this.innerConfig = inner;
    this.inner = layerFromConfig(inner);
  }

  override build(inputShape: BatchShape | BatchShape[]): void {
    this.inner.build(inputShape);
    const shape = this.inner.computeOutputShape(inputShape) as number[];
    const windows = [shape.slice(1).reduce((product, size) => product * size, 1)];
    const zeros = tfl.initializers.zeros();
    this.winner = this.addWeight('winner', windows, 'float32', zeros, undefined, false);
    this.lift = this.addWeight('lift', windows, 'float32', zeros, undefined, false);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return tf.tidy(() => {
      const list = Array.isArray(inputs) ? inputs : [inputs];
      const y = this.inner.call(inputs, kwargs) as tf.Tensor;
      const rows = tf.concat(
        list.map(x => tf.reshape(x, [x.shape[0], -1])),
        1,
      ) as tf.Tensor2D;
      const winner = this.winner.read();
      const index = Int32Array.from(winner.dataSync(), place => Math.max(place - 1, 0));
      const flat = tf.reshape(y, [y.shape[0], -1]);
      const lifted = tf.add(pickColumns(rows, index), this.lift.read());
      const isLifted = tf.broadcastTo(tf.greater(winner, 0), flat.shape);
      return tf.reshape(tf.maximum(flat, tf.where(isLifted, lifted, flat)), y.shape);
    });
  }

  override computeOutputShape(inputShape: BatchShape | BatchShape[]): BatchShape | BatchShape[] {
    return this.inner.computeOutputShape(inputShape) as BatchShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), inner: this.innerConfig as unknown as tf.serialization.ConfigDict };
  }
}

tf.serialization.registerClass(Lifted);
