import {
  assertFinite,
  assertPolicy,
  assertRegionsFit,
  assertSize,
  PoliceError,
  type Policy,
  type Region,
  regionFromJSON,
  type Sides,
} from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { type ConstraintSettings, forwardData, stageShifts } from './policed-forward.js';
import { withFiniteGradient } from './shift-op.js';
import { assertStagesFinite, readStages, type Stage } from './stages.js';

type Shape = (number | null)[];

/** How a model is constrained. */
export interface ConstrainOptions {
  /** Where the model must be affine, in the coordinates of its input. None: the plain model, for comparison. */
  readonly regions: readonly Region[];
  /**
   * How the sides are chosen, see core's `Policy`.
   * @defaultValue 'sticky'
   */
  readonly policy?: Policy;
  /**
   * `shift`: shifts are computed from the weights in every step and differentiated through (the paper's).
   * `project`: before a step's weights are used they are projected, shifts folded into the biases themselves.
   * @defaultValue 'shift'
   */
  readonly mode?: 'shift' | 'project';
  /**
   * Mode `shift`: whether the gradient follows the shifts through all earlier layers or, cheaper and only
   * approximate, through their own layer.
   * @defaultValue 'exact'
   */
  readonly gradient?: 'exact' | 'local';
}

interface PolicedLayerArgs extends ConstrainOptions {
  readonly model: tfl.Sequential;
  readonly name?: string;
}

/** The constraint as one layer around the user's model: fit, predict and save see an ordinary layer. */
export class PolicedLayer extends tfl.layers.Layer {
  static readonly className = 'PolicedLayer';

  readonly inner: tfl.Sequential;
  readonly settings: ConstraintSettings;
  readonly mode: 'shift' | 'project';
  private readonly stages: readonly Stage[];
  /** `[regions × kinks, units]` per stage: the sides, as weights so that they are saved with the model. */
  private readonly sideWeights = new Map<number, tfl.LayerVariable>();
  /** Shifts of the weights as they were when `key` was taken. */
  private cache: { key: readonly object[]; shifts: Map<number, Float32Array> } | undefined;

  constructor({
    model,
    regions,
    policy = 'sticky',
    mode = 'shift',
    gradient = 'exact',
    name,
  }: PolicedLayerArgs) {
    const stages = readStages(model);
    const inputSize = stages[0].kernel.shape[0] as number;
    assertRegionsFit(regions, inputSize);
    assertStagesFinite(stages);
    assertPolicy(policy);
    assertOneOf('mode', mode, ['shift', 'project']);
    assertOneOf('gradient', gradient, ['exact', 'local']);
    super({ batchInputShape: [null, inputSize], ...(name ? { name } : {}) });
    this.inner = model;
    this.stages = stages;
    this.settings = { regions, policy, gradient };
    this.mode = mode;
  }

  override build(inputShape: Shape | Shape[]): void {
    const [, size] = inputShape as Shape;
    assertSize(size as number, this.stages[0].kernel.shape[0] as number, this.name, 'an input');
    this.stages.forEach(({ name, kernel, activation }, i) => {
      if (!activation || this.settings.regions.length === 0) return;
      const rows = this.settings.regions.length * activation.describe().kinks.length;
      const shape = [rows, kernel.shape[1] as number];
      const zeros = tfl.initializers.zeros();
      this.sideWeights.set(i, this.addWeight(`${name}_sides`, shape, 'float32', zeros, undefined, false));
    });
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor2D;
      assertSize(x.shape.at(-1)!, this.stages[0].kernel.shape[0] as number, this.name, 'an input');
      const isTraining = tf.engine().state.gradientDepth > 0;
      // Clipping on the wasm backend hides NaN from the loss, but not from the kernel's gradient.
      if (isTraining) assertFinite(x.dataSync(), this.stages[0].name, 'Look for NaN in the training data.');
      const shifts = this.presentShifts(isTraining);
      const y = forwardData(this.stages, x, stage => shifts.get(stage));
      return isTraining ? withFiniteGradient(y, this.stages.at(-1)!.name) : y;
    });
  }

  /** The shifts by stage; none in mode `project`, where the biases have them. */
  private presentShifts(isTraining: boolean): Map<number, tf.Tensor1D> {
    if (this.mode === 'shift') return isTraining ? this.differentiableShifts() : this.cachedShifts();
    this.project();
    return new Map();
  }

  /** Shifts on the gradient tape; the sides found become the ones to keep. */
  private differentiableShifts(): Map<number, tf.Tensor1D> {
    const found = new Map<number, tf.Tensor1D>();
    for (const { stage, c, shifts } of stageShifts(this.stages, this.settings, i => this.sidesOf(i))) {
      found.set(stage, c);
      this.keepSides(stage, shifts.sides);
    }
    return found;
  }

  /** Shifts for inference: computed once for as long as the weights stay the same, and leaving the sides alone. */
  private cachedShifts(): Map<number, tf.Tensor1D> {
    const key = this.weightsKey();
    if (!this.cache || !isSameKey(this.cache.key, key)) {
      const shifts = new Map<number, Float32Array>();
      for (const { stage, shifts: found } of stageShifts(this.stages, this.settings, i => this.sidesOf(i))) {
        shifts.set(stage, Float32Array.from(found.shift));
      }
      this.cache = { key, shifts };
    }
    return new Map([...this.cache.shifts].map(([stage, shift]) => [stage, tf.tensor1d(shift)]));
  }

  /** Mode `project`: folds the shifts into the biases, unless the weights are those of the last projection. */
  project(): void {
    if (this.mode !== 'project' || (this.cache && isSameKey(this.cache.key, this.weightsKey()))) return;
    tf.tidy(() => {
      // All are found before any is written, so that an error leaves the weights as they were.
      const found = [...stageShifts(this.stages, this.settings, i => this.sidesOf(i))];
      for (const { stage, c, shifts } of found) {
        const bias = this.stages[stage].bias!;
        bias.write(tf.add(bias.read(), c));
        this.keepSides(stage, shifts.sides);
      }
    });
    this.cache = { key: this.weightsKey(), shifts: new Map() };
  }

  /** Identity of every weight's data: an optimizer or `setWeights` puts new data in place. */
  private weightsKey(): object[] {
    const variables = this.stages.flatMap(({ kernel, bias, activation }) => [
      kernel,
      ...(bias ? [bias] : []),
      ...(activation?.weights ?? []),
    ]);
    return [...variables, ...this.sideWeights.values()].map(variable => variable.read().dataId);
  }

  private sidesOf(stage: number): Int8Array {
    return Int8Array.from(this.sideWeights.get(stage)!.read().dataSync());
  }

  private keepSides(stage: number, sides: Int8Array): void {
    const weight = this.sideWeights.get(stage)!;
    if (this.sidesOf(stage).every((side, i) => side === sides[i])) return;
    weight.write(tf.tensor(Float32Array.from(sides), weight.shape as number[]));
  }

  /** The sides by name of the stage's activation, for core. */
  get sides(): Sides {
    const entries = [...this.sideWeights.keys()].map(i => [this.stages[i].activation!.name, this.sidesOf(i)]);
    return Object.fromEntries(entries);
  }

  /** The stages, read from the inner model. In mode `project`, projected. */
  get plainStages(): readonly Stage[] {
    this.project();
    return this.stages;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return [(inputShape as Shape)[0], this.stages.at(-1)!.kernel.shape[1]];
  }

  override get trainableWeights(): tfl.LayerVariable[] {
    return this.trainable ? this.inner.layers.flatMap(layer => layer.trainableWeights) : [];
  }

  override set trainableWeights(weights: tfl.LayerVariable[]) {
    super.trainableWeights = weights; // only the base class's constructor asks for this
  }

  override get nonTrainableWeights(): tfl.LayerVariable[] {
    const inner = this.inner.layers.flatMap(layer =>
      this.trainable ? layer.nonTrainableWeights : layer.weights,
    );
    return [...inner, ...this.sideWeights.values()];
  }

  override set nonTrainableWeights(weights: tfl.LayerVariable[]) {
    super.nonTrainableWeights = weights;
  }

  override get losses(): tfl.layers.Layer['losses'] {
    return this.inner.layers.flatMap(layer => layer.losses);
  }

  override getWeights(trainableOnly?: boolean): tf.Tensor[] {
    this.project();
    return super.getWeights(trainableOnly);
  }

  /** Throws `invalid-option` for a policy function, which cannot be written down. */
  override getConfig(): tf.serialization.ConfigDict {
    const { regions, policy, gradient } = this.settings;
    if (typeof policy === 'function') {
      throw new PoliceError({
        code: 'invalid-option',
        where: this.name,
        expected: 'a policy that can be saved',
        actual: 'a function',
        remedy: 'Freeze the model and save the frozen one, or use a named policy.',
      });
    }
    return {
      ...super.getConfig(),
      model: this.inner.getConfig() as tf.serialization.ConfigDict,
      // As text, because tfjs-layers changes the case of keys in what it saves.
      regions: JSON.stringify(regions),
      policy,
      mode: this.mode,
      gradient,
    };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const { model, regions, ...rest } = config;
    const inner = tfl.Sequential.fromConfig(tfl.Sequential, model as tf.serialization.ConfigDict);
    const args = { ...rest, model: inner, regions: JSON.parse(`${regions}`).map(regionFromJSON) };
    return new cls(args as unknown as tf.serialization.ConfigDict);
  }
}

tf.serialization.registerClass(PolicedLayer);

function isSameKey(a: readonly object[], b: readonly object[]): boolean {
  return a.length === b.length && a.every((entry, i) => entry === b[i]);
}

function assertOneOf(where: string, actual: string, allowed: readonly string[]): void {
  if (allowed.includes(actual)) return;
  throw new PoliceError({
    code: 'invalid-option',
    where,
    expected: `one of ${allowed.join(', ')}`,
    actual: `${actual}`,
  });
}
