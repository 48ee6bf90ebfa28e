import { seededRng } from '@police/common/random';
import { outputsOf } from '@police/common/tfjs';
import type { ChordProbe, Region } from '@police/core';
import { toNetwork } from '@police/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { MOVING_SIDE, type Progress, SIDE, type Sight, type Snapshot } from '../picture/snapshot.js';
import { regionsText } from '../state/region-text.js';
import type { Settings } from '../state/settings.js';
import { freezeModel } from './freeze.js';
import { Learner } from './learner.js';
import type { Frozen } from './messages.js';
import { makeModel } from './model.js';
import { plainLayers } from './plain-network.js';
import { Raster } from './raster.js';
import { regionOf } from './regions.js';
import { probesOf, residualOf } from './residual.js';
import { gridOf, targetAt } from './targets.js';

const BATCH = 256;
const TRAINING_SIDE = 60;

/** Two networks of equal first weights that see equal batches, one of them under the constraint. */
export class Session {
  steps = 0;
  private readonly police: Learner;
  private readonly free: Learner;
  private regions: readonly Region[];
  private probes: readonly ChordProbe[];
  private readonly random: () => number;
  private readonly points = gridOf(TRAINING_SIDE);
  private values: Float32Array;
  /** Of a picture that stands still, and of one among many. */
  private readonly still = new Raster(SIDE);
  private readonly moving = new Raster(MOVING_SIDE);
  private targets: ReadonlyMap<Raster, Float32Array>;
  private time = { police: 0, free: 0 };

  constructor(private settings: Settings) {
    this.random = seededRng(settings.seed);
    this.values = targetAt(settings, this.points);
    this.targets = this.targetsOf(settings);
    this.regions = settings.regions.map(regionOf);
    this.probes = probesOf(this.regions);
    this.police = new Learner(makeModel(settings), settings.rate, optionsOf(settings, this.regions));
    this.free = new Learner(makeModel(settings), settings.rate, { regions: [] });
  }

  /**
   * The same weights under other regions, by another method, or with another target. Throws, and changes nothing, where there can be no
   * such constraint.
   */
  revise(settings: Settings): void {
    // A message copies what it carries, so the same regions are other objects.
    const isSame = regionsText(settings.regions) === regionsText(this.settings.regions);
    const isMethodSame = settings.method === this.settings.method;
    if (!isSame || !isMethodSame || settings.steepness !== this.settings.steepness) {
      const regions = isSame ? this.regions : settings.regions.map(regionOf);
      this.police.constrainBy(optionsOf(settings, regions), isSame && isMethodSame);
      this.regions = regions;
      if (!isSame) this.probes = probesOf(regions);
      this.time = { police: 0, free: 0 };
    }
    this.values = targetAt(settings, this.points);
    this.targets = this.targetsOf(settings);
    this.settings = settings;
  }

  private targetsOf(settings: Settings): ReadonlyMap<Raster, Float32Array> {
    return new Map([this.still, this.moving].map(raster => [raster, targetAt(settings, raster.points.data)]));
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
      this.police.step(x, y);
      const between = performance.now();
      this.free.step(x, y);
      this.time.police += between - started;
      this.time.free += performance.now() - between;
    });
    this.steps++;
  }

  /** A step under the constraint, in steps without; 0 before the first. */
  get cost(): number {
    return this.time.free > 0 ? this.time.police / this.time.free : 0;
  }

  get shifted() {
    return this.police.shifted;
  }

  /** What a picture needs. */
  snapshot(bends: boolean, progress: Progress): Snapshot {
    const raster = progress.running ? this.moving : this.still;
    const sight = ({ model, plain, isPatched, patches }: Learner): Sight => ({
      network: {
        layers: plainLayers(toNetwork(isPatched ? plain : model)),
        activation: this.settings.activation,
        patches: raster.patches.of(patches),
      },
      residual: residualOf(this.probes, points => outputsOf(model, points)),
    });
    return {
      kind: 'snapshot',
      free: sight(this.free),
      police: sight(this.police),
      side: raster.side,
      target: this.targets.get(raster)!,
      bends,
      progress,
    };
  }

  /** All weights of both networks, the sides of units and the maps of patches among them. */
  save(): Float32Array {
    const values = this.weights.flatMap(tensor => Array.from(tensor.dataSync()));
    return Float32Array.from(values);
  }

  /** The inverse of {@link save}, for a session of the same settings. */
  load(values: Float32Array): void {
    let at = 0;
    for (const { model } of [this.police, this.free]) {
      const weights = model.getWeights().map(({ shape, size }) => {
        at += size;
        return tf.tensor(values.slice(at - size, at), shape);
      });
      model.setWeights(weights);
      tf.dispose(weights);
    }
    if (at !== values.length) throw new Error(`Stored are ${values.length} numbers, not ${at}.`);
  }

  private get weights(): tf.Tensor[] {
    return [this.police, this.free].flatMap(({ model }) => model.getWeights());
  }

  /** The plain model, its certificate and its file. Throws where there is no region. */
  freeze(): Frozen {
    if (this.regions.length === 0) throw new Error('There is no region to prove anything on. Add one.');
    return freezeModel(this.police.model, this.regions, this.still.points);
  }

  dispose(): void {
    tf.disposeVariables();
  }
}

function optionsOf(settings: Settings, regions: readonly Region[]) {
  const { method, steepness, policy, mode, gradient } = settings;
  // A patch of no region is no patch.
  if (method === 'patch' && regions.length > 0) return { regions, method, steepness };
  return { regions, policy, mode, gradient };
}
