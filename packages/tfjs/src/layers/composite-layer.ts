import * as tfl from '@tensorflow/tfjs-layers';

/** A layer made of others, whose weights are its own. */
export abstract class CompositeLayer extends tfl.layers.Layer {
  /** None while the base class's constructor asks. */
  protected abstract get parts(): readonly tfl.layers.Layer[];

  override get trainableWeights(): tfl.LayerVariable[] {
    const parts = this.trainable ? this.parts.flatMap(part => part.trainableWeights) : [];
    return [...parts, ...super.trainableWeights];
  }

  override set trainableWeights(weights: tfl.LayerVariable[]) {
    super.trainableWeights = weights; // only the base class's constructor asks for this
  }

  override get nonTrainableWeights(): tfl.LayerVariable[] {
    const parts = this.parts.flatMap(part => (this.trainable ? part.nonTrainableWeights : part.weights));
    return [...parts, ...super.nonTrainableWeights];
  }

  override set nonTrainableWeights(weights: tfl.LayerVariable[]) {
    super.nonTrainableWeights = weights;
  }
}
