import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { assertData } from './data-check.js';

/** A Sequential that says what is wrong with data, and takes callbacks of any kind. */
export class CheckedModel extends tfl.Sequential {
  /** Done when training has ended. */
  protected trained(): void {}

  /** Done when an epoch has ended, before the user's callbacks; absent where there is nothing to do. */
  protected epochEnded?(): void;

  private callbacksOf(args: FitArgs | undefined): FitArgs['callbacks'] {
    const given = callbacksOf(args);
    if (!this.epochEnded) return given;
    const own = new tfl.CustomCallback({ onEpochEnd: async () => this.epochEnded!() }, 'never');
    const others = given === undefined ? [] : Array.isArray(given) ? given : [given];
    return callbacksOf({ ...args, callbacks: [own, ...others] as tfl.CustomCallback[] });
  }

  override async fit(...[x, y, args]: Parameters<tfl.Sequential['fit']>): Promise<tfl.History> {
    assertData(x, this.inputs[0].shape, 'fit x');
    assertData(y, this.outputs[0].shape, 'fit y');
    const callbacks = this.callbacksOf(args);
    const history = await super.fit(x, y, { ...args, ...(callbacks ? { callbacks } : {}) });
    this.trained();
    return history;
  }

  override async fitDataset<T>(
    dataset: Parameters<tfl.Sequential['fitDataset']>[0],
    args: Parameters<typeof tfl.Sequential.prototype.fitDataset<T>>[1],
  ): Promise<tfl.History> {
    const callbacks = this.callbacksOf(args);
    const history = await super.fitDataset(dataset, {
      ...args,
      ...(callbacks ? { callbacks } : {}),
    } as typeof args);
    this.trained();
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
