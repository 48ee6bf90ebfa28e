import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { fieldsOf } from '../graph/values.js';
import { CheckedModel } from './checked-model.js';
import { PolicedLayer } from './policed-layer.js';

/** What a Sequential hands its training to; tfjs-layers keeps it to itself. */
interface Trainer {
  makeTrainFunction(): (data: tf.Tensor[]) => tf.Scalar[];
}

/**
 * The model that `constrain` makes: an ordinary Sequential around the constraint. In mode `project` its weights, and those of the model it
 * was made of, are projected after every step of `fit`, `fitDataset` and `trainOnBatch`; with batch normalisation its moving
 * statistics are taken anew, under the constraint, before it is used or saved.
 */
export class PolicedModel extends CheckedModel {
  static override readonly className = 'PolicedModel';

  override build(inputShape?: Parameters<tfl.Sequential['build']>[0]): void {
    super.build(inputShape);
    const trainer = fieldsOf<{ model: Trainer }>(this).model;
    const makeTrainFunction = trainer.makeTrainFunction.bind(trainer);
    trainer.makeTrainFunction = () => {
      const step = makeTrainFunction();
      return data => {
        const results = step(data);
        const layer = policedLayerOf(this);
        layer.statistics?.label(data[this.inputs.length]);
        layer.project();
        return results;
      };
    };
  }

  protected override epochEnded(): void {
    policedLayerOf(this).settle();
  }

  /** The loss is read anyway. */
  override async trainOnBatch(
    ...[x, y]: Parameters<tfl.Sequential['trainOnBatch']>
  ): Promise<number | number[]> {
    const loss = await super.trainOnBatch(x, y);
    policedLayerOf(this).settle();
    return loss;
  }

  protected override trained(): void {
    warnWhereModesDisagree(this);
  }

  override getWeights(trainableOnly?: boolean): tf.Tensor[] {
    policedLayerOf(this).makeReady();
    return super.getWeights(trainableOnly);
  }

  /** The sides kept `[regions × kinks, units]`, and the lifted entries of maxima (−1 for none), by name of the nonlinearity. */
  get sides(): Readonly<Record<string, Int8Array | Int32Array>> {
    return policedLayerOf(this).sides;
  }

  /** The shifts `[units]` that inference adds now, by name of the activation; in mode `project` zeros. */
  get shifts(): Readonly<Record<string, Float64Array>> {
    return policedLayerOf(this).shifts;
  }
}

tf.serialization.registerClass(PolicedModel);

/** The constraint inside a model made by `constrain` (or loaded from one). Throws `unsupported-layer` otherwise. */
export function policedLayerOf(model: tfl.LayersModel): PolicedLayer {
  const layers = model.layers.filter(layer => layer.getClassName() !== 'InputLayer');
  if (layers.length === 1 && layers[0] instanceof PolicedLayer) return layers[0];
  const isPatched = layers.some(layer => layer.getClassName() === 'PolicePatch');
  throw new PoliceError({
    code: 'unsupported-layer',
    where: model.name,
    expected: `a model made by constrain()${isPatched ? " with method 'shift'" : ''}`,
    actual: isPatched
      ? "one with method 'patch'"
      : `layers ${layers.map(layer => layer.getClassName()).join(', ')}`,
    ...(isPatched
      ? { remedy: 'A patched model has maps, no shifts or sides: see its `maps`, or freeze it.' }
      : {}),
  });
}

/** A percentage point. */
const POINT = 0.01;

function warnWhereModesDisagree(model: PolicedModel): void {
  const scores = policedLayerOf(model).modeScores();
  if (!scores || scores.training - scores.inference <= POINT) return;
  const percent = (score: number) => `${(100 * score).toFixed(1)}%`;
  console.warn(
    `${model.name}: on the last ${scores.rows} rows of training this model scores ${percent(scores.training)} with each batch ` +
      `normalised by itself, as in training, and ${percent(scores.inference)} at inference. Train on larger batches, or constrain ` +
      "with sharing 'per-unit'; freeze(model, { calibrate: x }) takes the statistics from data of yours.",
  );
}
