import { PoliceError } from '@police/core';
import { assertFinite, assertRegionsFit } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { assertFramesFit, assertReadable } from './backend-limits.js';
import { forwardData } from './data-pass.js';
import { findRemedies } from './frame-pass.js';
import { withFiniteGradient } from './frame-values.js';
import { type Graph, isNonlinear, sizeOf } from './graph/node.js';
import { assertWeightsFinite, leavesOf, readGraph } from './graph/read.js';
import { countShifted, type KeptRemedies, keptRemedies, tensorsOf } from './kept-remedies.js';
import { type LayerConfig, layerFromConfig } from './layer-config.js';
import {
  type CheckedOptions,
  type ConstrainOptions,
  checkedOptions,
  optionsToConfig,
  regionsFromConfig,
  targetFromConfig,
} from './options.js';
import { peek } from './peek.js';
import { policedForward } from './policed-pass.js';
import { assertProjectable, projected } from './project.js';
import type { Found, Remedy } from './remedy.js';
import {
  type Corrector,
  corrected,
  correctionTensors,
  correctorOf,
  type KeptCorrection,
  keptCorrection,
} from './target.js';
import { TrainingState } from './training-state.js';

type BatchShape = (number | null)[];

interface PolicedLayerArgs extends ConstrainOptions {
  readonly model: tfl.LayersModel;
  readonly name?: string;
}

/** See `beginStep`. */
interface MicroBatchStep {
  /** Off the tape. */
  readonly remedies: KeptRemedies;
  /** Finds the same ones on the tape; absent where they are an earlier step's, or there are none. */
  readonly onTape?: () => readonly Found[];
  /** Ends the step: what was found becomes what is kept. */
  readonly settle: () => void;
}

/** The constraint as one layer around the user's model: fit, predict and save see an ordinary layer. */
export class PolicedLayer extends tfl.layers.Layer {
  static readonly className = 'PolicedLayer';

  readonly inner: tfl.LayersModel;
  readonly settings: CheckedOptions;
  /** Milliseconds that the constraint has taken in forward passes so far; what inference finds in its cache is free. */
  constraintTime = 0;
  private readonly read: Graph;
  private readonly state: TrainingState;
  /** Remedies for the weights as they were when `key` was taken. */
  private cache:
    | { key: readonly object[]; remedies: KeptRemedies; correction?: KeptCorrection | undefined }
    | undefined;
  private readonly corrector: Corrector | undefined;

  constructor({ model, name, ...options }: PolicedLayerArgs) {
    const settings = checkedOptions(options);
    const graph = readGraph(model, settings.epsilon);
    const { shape } = graph.nodes[0];
    assertRegionsFit(settings.regions, sizeOf(shape));
    assertFramesFit(graph, settings.regions);
    assertWeightsFinite(model);
    if (settings.mode === 'project') assertProjectable(graph, settings);
    const corrector = settings.target && correctorOf(graph, settings.regions, settings.target);
    super({ batchInputShape: [null, ...shape], ...(name ? { name } : {}) });
    this.inner = model;
    this.read = graph;
    this.settings = settings;
    this.corrector = corrector;
    this.state = new TrainingState(graph, settings);
  }

  override build(): void {
    const zeros = tfl.initializers.zeros();
    this.state.build((name, shape) => this.addWeight(name, [...shape], 'float32', zeros, undefined, false));
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean } = {}): tf.Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      const isOnTape = tf.engine().state.gradientDepth > 0;
      return this.guarded(x, isOnTape, () => this.forward(x, kwargs.training === true, isOnTape));
    });
  }

  /** A training pass of a micro-batch with the remedies of {@link beginStep}. */
  callWith(x: tf.Tensor, remedies: ReadonlyMap<number, Remedy>): tf.Tensor {
    return tf.tidy(() =>
      this.guarded(x, true, () => {
        this.timed(() => this.project());
        return forwardData(this.read, x, true, remedies);
      }),
    );
  }

  /** The head after a pass, and what is checked before and after. */
  private guarded(x: tf.Tensor, isOnTape: boolean, forward: () => tf.Tensor): tf.Tensor {
    this.assertInput(x);
    assertReadable();
    // Clipping on the wasm backend hides NaN from the loss, but not from the kernel's gradient.
    if (isOnTape) assertFinite(peek(x), this.firstLayer, 'Look for NaN in the training data.');
    const y = forward();
    const { head } = this.read;
    const output = head ? head(y) : y;
    return isOnTape ? withFiniteGradient(output, this.lastLayer) : output;
  }

  /** What the constraint speaks of: the outputs before a final softmax or sigmoid, at inference. */
  beforeHead(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.forward(x, false, false));
  }

  private forward(x: tf.Tensor, isTraining: boolean, isOnTape: boolean): tf.Tensor {
    if (this.settings.mode === 'project') {
      this.timed(() => this.project());
      return forwardData(this.read, x, isTraining, new Map());
    }
    if (!isTraining && !isOnTape) return this.inference(x);
    const stale = this.state.staleRemedies;
    if (!stale) return this.constrainedStep(x, isTraining);
    this.state.settleStale();
    return forwardData(this.read, x, isTraining, tensorsOf(stale));
  }

  /** Remedies on the gradient tape; what is found becomes what is kept. */
  private constrainedStep(x: tf.Tensor, isTraining: boolean): tf.Tensor {
    const { y, frames } = policedForward(
      this.read,
      x,
      isTraining,
      this.state.stepSettings,
      this.state.previous,
      action => this.timed(action),
    );
    this.state.settle(frames.found);
    const { corrector } = this;
    return corrector
      ? corrected(
          y,
          x,
          this.timed(() => corrector(frames.output)),
        )
      : y;
  }

  /** What a training step of several micro-batches needs; nothing is kept of it before `settle`. */
  beginStep(): MicroBatchStep {
    assertReadable();
    if (this.settings.mode === 'project') return { remedies: new Map(), settle: () => {} };
    const stale = this.state.staleRemedies;
    if (stale) return { remedies: stale, settle: () => tf.tidy(() => this.state.settleStale()) };
    const settings = this.state.stepSettings;
    const onTape = () => this.timed(() => findRemedies(this.read, settings, this.state.previous).found);
    let found: readonly Found[] = [];
    tf.tidy(() => {
      found = onTape();
    });
    const remedies = keptRemedies(this.read, settings, found);
    return { remedies, onTape, settle: () => tf.tidy(() => this.state.settle(found)) };
  }

  /** Values `[Σ (dᵣ + 1), out]` of the regions' frames at the output, before a head. */
  outputFrames(): tf.Tensor {
    assertReadable();
    return this.timed(() => findRemedies(this.read, this.settings, this.state.previous, true).output);
  }

  private inference(x: tf.Tensor): tf.Tensor {
    const { remedies, correction } = this.constraintNow();
    const y = forwardData(this.read, x, false, tensorsOf(remedies));
    return correction ? corrected(y, x, correctionTensors(correction)) : y;
  }

  private timed<T>(action: () => T): T {
    const started = tf.util.now();
    const result = action();
    this.constraintTime += tf.util.now() - started;
    return result;
  }

  /** For inference: computed once for as long as the weights stay the same, and leaving what is kept alone. */
  private constraintNow(): { remedies: KeptRemedies; correction?: KeptCorrection | undefined } {
    const key = this.weightsKey();
    if (this.cache && isSameKey(this.cache.key, key)) return this.cache;
    tf.tidy(() => {
      const frames = findRemedies(this.read, this.settings, this.state.previous);
      const remedies = keptRemedies(this.read, this.settings, frames.found);
      const correction = this.corrector && keptCorrection(this.corrector(frames.output));
      this.cache = { key, remedies, correction };
    });
    return this.cache!;
  }

  /** Mode `project`: folds the shifts into the biases, unless the weights are those of the last projection. */
  project(): void {
    if (this.settings.mode !== 'project' || (this.cache && isSameKey(this.cache.key, this.weightsKey())))
      return;
    tf.tidy(() => {
      // All are found before any is written, so that an error leaves the weights as they were.
      const { found } = findRemedies(this.read, this.settings, this.state.previous);
      for (const each of found) {
        if (each.kind === 'shift') projected(this.read, each.place, each.c);
        this.state.keep(each);
      }
    });
    this.cache = { key: this.weightsKey(), remedies: new Map() };
  }

  /** Identity of every weight's data: an optimizer or `setWeights` puts new data in place. */
  private weightsKey(): object[] {
    return [...leavesOf(this.inner).flatMap(layer => layer.weights), ...this.state.weights].map(
      variable => variable.read().dataId,
    );
  }

  /** The sides, and the lifted entries of maxima (−1 for none), by name of the nonlinearity. */
  get sides(): Readonly<Record<string, Int8Array | Int32Array>> {
    const entries = this.state.nonlinearities.map(place => [
      this.read.nodes[place].name,
      this.state.previous(place),
    ]);
    return Object.fromEntries(entries);
  }

  /**
   * The sides that the present weights have, as `sides`: in mode `shift` those that the next inference chooses, in mode
   * `project` those that were folded in.
   */
  get presentSides(): Readonly<Record<string, Int8Array | Int32Array>> {
    this.project();
    if (this.settings.mode === 'project') return this.sides;
    const entries = [...this.constraintNow().remedies].map(([place, remedy]) => [
      this.read.nodes[place].name,
      remedy.kind === 'shift' ? remedy.sides : remedy.winner,
    ]);
    return Object.fromEntries(entries);
  }

  /** Units that inference shifts now and windows whose winner it lifts, and how many there are in all. */
  get shifted(): { readonly units: number; readonly of: number } {
    const of = this.read.nodes.filter(isNonlinear).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const remedies = this.settings.mode === 'shift' ? this.constraintNow().remedies : new Map();
    return { units: countShifted(this.read, this.settings, remedies), of };
  }

  /** The inner model as a graph. In mode `project`, projected. */
  get graph(): Graph {
    this.project();
    return this.read;
  }

  private get firstLayer(): string {
    return (this.read.nodes[1] ?? this.read.nodes[0]).layer;
  }

  private get lastLayer(): string {
    return this.read.nodes.at(-1)!.layer;
  }

  private assertInput(x: tf.Tensor): void {
    const { shape } = this.read.nodes[0];
    const given = x.shape.slice(1);
    if (given.length === shape.length && given.every((size, i) => size === shape[i])) return;
    throw new PoliceError({
      code: 'shape',
      where: this.name,
      expected: `rows of ${shape.join(' × ')}`,
      actual: given.join(' × '),
    });
  }

  override computeOutputShape(inputShape: BatchShape | BatchShape[]): BatchShape | BatchShape[] {
    return [(inputShape as BatchShape)[0], ...this.read.nodes.at(-1)!.shape];
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
    return [...inner, ...this.state.weights];
  }

  override set nonTrainableWeights(weights: tfl.LayerVariable[]) {
    super.nonTrainableWeights = weights;
  }

  override get losses(): tfl.layers.Layer['losses'] {
    return leavesOf(this.inner).flatMap(layer => layer.losses);
  }

  override getWeights(trainableOnly?: boolean): tf.Tensor[] {
    this.project();
    return super.getWeights(trainableOnly);
  }

  /** Throws `invalid-option` for a policy function, which cannot be written down. */
  override getConfig(): tf.serialization.ConfigDict {
    const config = this.inner.getConfig() as tf.serialization.ConfigDict;
    return {
      ...super.getConfig(),
      ...optionsToConfig(this.settings, this.name),
      model: { className: this.inner.getClassName(), config },
    };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const { model, regions, target, ...rest } = config;
    const inner = layerFromConfig(model as unknown as LayerConfig);
    const args = {
      ...rest,
      model: inner,
      regions: regionsFromConfig(regions),
      ...(target ? { target: targetFromConfig(target) } : {}),
    };
    return new cls(args as unknown as tf.serialization.ConfigDict);
  }
}

tf.serialization.registerClass(PolicedLayer);

function isSameKey(a: readonly object[], b: readonly object[]): boolean {
  return a.length === b.length && a.every((entry, i) => entry === b[i]);
}
