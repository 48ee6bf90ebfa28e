import { variablesOf } from '@police/common/tfjs';
import type { Gap, Region } from '@police/core';
import {
  type ConstrainOptions,
  constrain,
  type PatchedModel,
  PatchLayer,
  type PolicedModel,
  policedLayerOf,
} from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

/** A patch as it is now. */
export interface PresentPatch {
  readonly a: readonly number[];
  readonly b: number;
  readonly steepness: number;
  readonly gap: Gap;
}

/** A network of one output in training, under a constraint that can be exchanged for another. */
export class Learner {
  model: PolicedModel | PatchedModel;
  private optimizer: tf.Optimizer;

  constructor(
    readonly plain: tfl.LayersModel,
    private readonly rate: number,
    options: ConstrainOptions,
  ) {
    this.model = constrain(plain, options);
    this.optimizer = tf.train.adam(rate);
  }

  /** The same weights under another constraint; `keepMaps`: a patch of the same regions goes on with the maps it has learnt. */
  constrainBy(options: ConstrainOptions, keepMaps: boolean): void {
    const [before, shapes] = [this.model, shapesOf(this.model)];
    const next = constrain(this.plain, options);
    if (keepMaps) next.setWeights(before.getWeights());
    disposePatches(before);
    this.model = next;
    // Its moments are kept by the place of a variable.
    if (shapesOf(next) !== shapes) {
      this.optimizer.dispose();
      this.optimizer = tf.train.adam(this.rate);
    }
  }

  step(x: tf.Tensor, y: tf.Tensor): void {
    const loss = () =>
      tf.losses.meanSquaredError(y, this.model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
    this.optimizer.minimize(loss, false, variablesOf(this.model));
  }

  /** Of method `patch`, in the order of the regions. */
  get patches(): readonly PresentPatch[] {
    return (patchesOf(this.model) ?? []).map(patch => ({
      a: Array.from(patch.map.A.read().dataSync()),
      b: patch.map.b.read().dataSync()[0],
      steepness: patch.presentSteepness()[0],
      gap: patch.gap,
    }));
  }

  get isPatched(): boolean {
    return patchesOf(this.model) !== undefined;
  }

  /** Units that are shifted now, and how many there are. */
  get shifted(): { readonly units: number; readonly of: number } | undefined {
    return this.isPatched ? undefined : policedLayerOf(this.model).shifted;
  }
}

/** For the constraint of the regions. */
export type RegionOptions = ConstrainOptions & { readonly regions: readonly Region[] };

const shapesOf = (model: tfl.LayersModel): string =>
  variablesOf(model)
    .map(({ shape }) => shape)
    .join(' ');

const patchesOf = (model: tfl.LayersModel) =>
  model.layers.find(layer => layer instanceof PatchLayer)?.patches;

/** The weights inside are shared, so the layer cannot be disposed of as a whole. */
function disposePatches(model: tfl.LayersModel): void {
  for (const patch of patchesOf(model) ?? []) {
    patch.dispose();
    patch.map.A.dispose();
    patch.map.b.dispose();
  }
}
