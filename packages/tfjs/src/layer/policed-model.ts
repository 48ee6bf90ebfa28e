import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { fieldsOf } from '../graph/values.js';
import { assertData } from './data-check.js';
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
export class PolicedModel extends tfl.Sequential {
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

  override async fit(...[x, y, args]: Parameters<tfl.Sequential['fit']>): Promise<tfl.History> {
    assertData(x, this.inputs[0].shape, 'fit x');
    assertData(y, this.outputs[0].shape, 'fit y');
    const callbacks = callbacksOf(args);
    const history = await super.fit(x, y, { ...args, ...(callbacks ? { callbacks } : {}) });
    warnWhereModesDisagree(this);
    return history;
  }

  override async fitDataset<T>(
    dataset: Parameters<tfl.Sequential['fitDataset']>[0],
    args: Parameters<typeof tfl.Sequential.prototype.fitDataset<T>>[1],
  ): Promise<tfl.History> {
    const callbacks = callbacksOf(args);
    const history = await super.fitDataset(dataset, {
      ...args,
      ...(callbacks ? { callbacks } : {}),
    } as typeof args);
    warnWhereModesDisagree(this);
    return history;
  }

  override async trainOnBatch(
    ...[x, y]: Parameters<tfl.Sequential['trainOnBatch']>
  ): Promise<number | number[]> {
    assertData(x, this.inputs[0].shape, 'trainOnBatch x');
    assertData(y, this.outputs[0].shape, 'trainOnBatch y');
    return super.trainOnBatch(x, y);
  }

  override evaluate(...[x, y, args]: Parameters<tfl.Sequential['evaluate']>): tf.Scalar | tf.Scalar[] {
    assertData(x, this.inputs[0].shape, 'evaluate x');
    assertData(y, this.outputs[0].shape, 'evaluate y');
    return super.evaluate(x, y, args);
  }

  override predict(...[x, args]: Parameters<tfl.Sequential['predict']>): tf.Tensor | tf.Tensor[] {
    assertData(x, this.inputs[0].shape, 'predict');
    return super.predict(x, args);
  }

  override predictOnBatch(x: tf.Tensor): tf.Tensor | tf.Tensor[] {
    assertData(x, this.inputs[0].shape, 'predictOnBatch');
    return super.predictOnBatch(x);
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
  throw new PoliceError({
    code: 'unsupported-layer',
    where: model.name,
    expected: 'a model made by constrain()',
    actual: `layers ${layers.map(layer => layer.getClassName()).join(', ')}`,
  });
}

type FitArgs = Pick<tfl.ModelFitArgs, 'callbacks' | 'yieldEvery'>;

/** Plain objects as the callbacks they stand for: tfjs-layers takes an array of the one or of the other kind only. */
function callbacksOf(args: FitArgs | undefined): FitArgs['callbacks'] {
  const { callbacks, yieldEvery } = args ?? {};
  if (!Array.isArray(callbacks)) return callbacks;
  return callbacks.map(each =>
    'setParams' in each ? each : new tfl.CustomCallback(each, yieldEvery),
  ) as FitArgs['callbacks'];
}

/** A percentage point. */
const POINT = 0.01;

function warnWhereModesDisagree(model: PolicedModel): void {
  const scores = policedLayerOf(model).statistics?.scores();
  if (!scores || scores.training - scores.inference <= POINT) return;
  const percent = (score: number) => `${(100 * score).toFixed(1)}%`;
  console.warn(
    `${model.name}: on the last ${scores.rows} rows of training this model scores ${percent(scores.training)} with each batch ` +
      `normalised by itself, as in training, and ${percent(scores.inference)} at inference. Train on larger batches, or constrain ` +
      "with sharing 'per-unit'; freeze(model, { calibrate: x }) takes the statistics from data of yours.",
  );
}
