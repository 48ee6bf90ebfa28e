import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { CompositeLayer } from './composite-layer.js';
import { type LayerConfig, layerFromConfig } from './layer-config.js';

type BatchShape = (number | null)[];
type Kwargs = Record<string, unknown>;

interface ShiftedArgs {
  /** What comes before the shift, if anything. */
  readonly before?: LayerConfig | null;
  /** The nonlinearity. */
  readonly after: LayerConfig;
  readonly name?: string;
}

/**
 * `after(before(x) + shift)`: a nonlinearity with a shift that no bias before it can hold, after a sum, say. What
 * `freeze` makes of such a layer; registered, so that saved models load.
 */
export class Shifted extends CompositeLayer {
  static readonly className = 'PoliceShifted';

  readonly before: tfl.layers.Layer | undefined;
  readonly after: tfl.layers.Layer;
  private readonly configs: { before: LayerConfig | null; after: LayerConfig };
  /** `[...shape]` of the nonlinearity's input. */
  shift!: tfl.LayerVariable;

  constructor({ before = null, after, ...args }: ShiftedArgs) {
    super(args);
    this.configs = { before, after };
    this.before = before ? layerFromConfig(before) : undefined;
    this.after = layerFromConfig(after);
  }

  override build(inputShape: BatchShape | BatchShape[]): void {
    this.before?.build(inputShape);
    const shape = (this.before?.computeOutputShape(inputShape) ?? inputShape) as BatchShape;
    this.shift = this.addWeight('shift', shape.slice(1), 'float32', tfl.initializers.zeros());
    this.after.build(shape);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    return tf.tidy(() => {
      const [x] = Array.isArray(inputs) ? inputs : [inputs];
      const h = this.before ? (this.before.call(x, kwargs) as tf.Tensor) : x;
      return this.after.call(tf.add(h, this.shift.read()), kwargs) as tf.Tensor;
    });
  }

  override computeOutputShape(inputShape: BatchShape | BatchShape[]): BatchShape | BatchShape[] {
    return (this.before?.computeOutputShape(inputShape) ?? inputShape) as BatchShape;
  }

  protected override get parts(): tfl.layers.Layer[] {
    return [this.before, this.after].filter(part => part !== undefined);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...(this.configs as unknown as tf.serialization.ConfigDict) };
  }
}

tf.serialization.registerClass(Shifted);
