import { seededRng } from '@police/common/random';
import { outputsOf, variablesOf } from '@police/common/tfjs';
import {
  type ChordProbe,
  certificateOf,
  certify,
  type Matrix,
  matrix,
  type Region,
  rowOf,
} from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { constrain, freeze, policedLayerOf, toNetwork } from '@police/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { regionsText } from '../state/region-text.js';
import type { Settings } from '../state/settings.js';
import { bendsOf } from './bends.js';
import { type Frozen, SIDE, type View } from './messages.js';
import { makeModel } from './model.js';
import { regionOf } from './regions.js';
import { probesOf, residualOf } from './residual.js';
import { gridOf, targetAt } from './targets.js';

const BATCH = 256;
const TRAINING_SIDE = 60;

/** One of the two networks in training. */
interface Learner {
  model: tfl.LayersModel;
  readonly optimizer: tf.Optimizer;
}

export interface Progress {
  readonly police: View;
  readonly free: View;
  readonly unitsShifted: number;
  readonly units: number;
  readonly share: number;
}

/** Two networks of equal first weights that see equal batches, one of them under the constraint. */
export class Session {
  steps = 0;
  private readonly police: Learner;
  private readonly free: Learner;
  private readonly plain: tfl.LayersModel;
  private regions: readonly Region[];
  private probes: readonly ChordProbe[];
  private readonly random: () => number;
  private readonly points = gridOf(TRAINING_SIDE);
  private values: Float32Array;
  private pictured: Float32Array;
  private policeTime = 0;

  constructor(private settings: Settings) {
    this.random = seededRng(settings.seed);
    this.values = targetAt(settings, this.points);
    this.pictured = targetAt(settings, PICTURE.data);
    this.plain = makeModel(settings);
    this.regions = settings.regions.map(regionOf);
    this.probes = probesOf(this.regions);
    const learner = (model: tfl.LayersModel): Learner => ({
      model,
      optimizer: tf.train.adam(settings.rate),
    });
    this.police = learner(constrain(this.plain, this.options(this.regions)));
    this.free = learner(constrain(makeModel(settings), { regions: [] }));
  }

  /** The same weights with other regions or another target. Throws, and changes nothing, where there can be no such region. */
  revise(settings: Settings): void {
    // A message copies what it carries, so the same regions are other objects.
    if (regionsText(settings.regions) !== regionsText(this.settings.regions)) this.moveTo(settings);
    this.values = targetAt(settings, this.points);
    this.pictured = targetAt(settings, PICTURE.data);
    this.settings = settings;
  }

  private moveTo(settings: Settings): void {
    const regions = settings.regions.map(regionOf);
    this.police.model = constrain(this.plain, this.options(regions));
    this.regions = regions;
    this.probes = probesOf(regions);
    this.policeTime = 0;
  }

  private options(regions: readonly Region[]) {
    const { policy, mode, gradient } = this.settings;
    return { regions, policy, mode, gradient };
  }

  step(): void {
    tf.tidy(() => {
      const index = Array.from({ length: BATCH }, () => Math.floor(this.random() * this.values.length));
      const x = tf.tensor2d(
        Float32Array.from(index.flatMap(i => [this.points[2 * i], this.points[2 * i + 1]])),
        [BATCH, 2],
      );
      const y = tf.tensor2d(
        Float32Array.from(index, i => this.values[i]),
        [BATCH, 1],
      );
      const started = performance.now();
      learn(this.police, x, y);
      this.policeTime += performance.now() - started;
      learn(this.free, x, y);
    });
    this.steps++;
  }

  progress(withBends: boolean): Progress {
    const { units, of } = policedLayerOf(this.police.model).shifted;
    const time = policedLayerOf(this.police.model).constraintTime;
    return {
      police: this.view(this.police.model, withBends),
      free: this.view(this.free.model, withBends),
      unitsShifted: units,
      units: of,
      share: this.policeTime > 0 ? Math.min(1, time / this.policeTime) : 0,
    };
  }

  private view(model: tfl.LayersModel, withBends: boolean): View {
    const values = pictureOf(model);
    const loss = values.reduce((sum, value, i) => sum + (value - this.pictured[i]) ** 2, 0) / values.length;
    return {
      values,
      loss,
      residual: residualOf(this.probes, points => outputsOf(model, points)),
      ...(withBends ? { bends: bendsOf(toNetwork(model), PICTURE, SIDE) } : {}),
    };
  }

  /** The plain model, its certificate and its file. Throws where there is no region. */
  freeze(): Frozen {
    if (this.regions.length === 0) throw new Error('There is no region to prove anything on. Add one.');
    const { model, network } = freeze(this.police.model);
    const values = pictureOf(model);
    const onnx = exportOnnx(network, { regions: this.regions });
    const proof = certify(network, this.regions);
    if (!proof.certified) throw new Error(`Not certified: unit ${proof.unit} of ${proof.layer}.`);
    const certificate = certificateOf(network, this.regions, onnx);
    model.dispose();
    return {
      onnx,
      certificate: JSON.stringify(certificate, null, 2),
      maps: proof.regions.map(({ map: { A, b }, mapError }) => ({
        a: Array.from(rowOf(A, 0)),
        b: b[0],
        error: mapError[0],
      })),
      smallestMargin: Math.min(...proof.layers.map(({ smallestMargin }) => smallestMargin)),
      values,
    };
  }

  dispose(): void {
    tf.disposeVariables();
  }
}

function learn({ model, optimizer }: Learner, x: tf.Tensor, y: tf.Tensor): void {
  const loss = () =>
    tf.losses.meanSquaredError(y, model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
  optimizer.minimize(loss, false, variablesOf(model));
}

/** The points of a picture. */
export const PICTURE: Matrix = matrix(SIDE * SIDE, 2, Float64Array.from(gridOf(SIDE)));

const pictureOf = (model: tfl.LayersModel): Float32Array => Float32Array.from(outputsOf(model, PICTURE).data);
