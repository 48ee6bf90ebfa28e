import type { TrainingOptions } from '@police/core';
import { assertFinite, assertRegionsFit, type TrainingSettings } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { forwardData } from '../data/data-pass.js';
import { DeviceConstants } from '../device/constants.js';
import { DevicePlace } from '../device/device-place.js';
import { assertFades } from '../fade/assert-fades.js';
import type { Adjustment } from '../frames/adjustment.js';
import { type Constraint, constraintOf } from '../frames/constraint.js';
import { correctorOf } from '../frames/correction.js';
import { withFiniteGradient } from '../frames/frame-values.js';
import { countShifted, shiftsByName } from '../frames/kept-adjustments.js';
import { passFrames } from '../frames/regions-pass.js';
import { type Graph, isNonlinear, sizeOf } from '../graph/node.js';
import { assertWeightsFinite, leavesOf, readGraph } from '../graph/read.js';
import { CompositeLayer } from '../layers/composite-layer.js';
import { type LayerConfig, layerFromConfig } from '../layers/layer-config.js';
import { peek } from '../ops/peek.js';
import { adoptStatistics } from './adopt-statistics.js';
import { assertFramesFit, assertReadable } from './backend-limits.js';
import { BatchStatistics, movesStatistics } from './batch-statistics.js';
import { assertRowsFit } from './data-check.js';
import { FiniteCheck } from './finite-check.js';
import type { ModeScores } from './mode-scores.js';
import { PresentConstraint } from './present-constraint.js';
import { assertProjectable, Projection } from './projection.js';
import { checkedOptions, optionsFromConfig, settingsToConfig } from './settings-config.js';
import { Stopwatch } from './stopwatch.js';
import { takeAsSaved } from './taken-as-saved.js';
import { TrainingState } from './training-state.js';
import { type MicroBatchStep, TrainingSteps } from './training-steps.js';

type BatchShape = (number | null)[];

interface PolicedLayerArgs extends TrainingOptions {
  readonly model: tfl.LayersModel;
  readonly name?: string;
}

/** The constraint as one layer around the user's model: fit, predict and save see an ordinary layer. */
export class PolicedLayer extends CompositeLayer {
  static readonly className = 'PolicedLayer';

  readonly inner: tfl.LayersModel;
  /** @internal */
  readonly constraint: Constraint;
  private readonly stopwatch = new Stopwatch();
  private readonly state: TrainingState;
  private readonly steps: TrainingSteps;
  private readonly present: PresentConstraint;
  private readonly device: DevicePlace;
  private readonly finite: FiniteCheck;
  private readonly targetConstants: DeviceConstants;
  /** Only in mode `project`. */
  private readonly projection: Projection | undefined;
  /** Only where batch normalisation meets shifts. */
  readonly statistics: BatchStatistics | undefined;

  constructor({ model, name, ...options }: PolicedLayerArgs) {
    const settings = checkedOptions(options);
    const graph = readGraph(model, settings.epsilon);
    const { shape } = graph.nodes[0];
    assertRegionsFit(settings.regions, sizeOf(shape));
    assertFramesFit(graph, settings.regions);
    assertWeightsFinite(model);
    if (settings.fade !== undefined) assertFades(model, graph);
    const constraint = constraintOf(graph, settings);
    if (settings.mode === 'project') assertProjectable(constraint, model);
    const target = settings.target?.[0];
    const constants = new DeviceConstants();
    const corrector = target && correctorOf(graph, settings.regions, target, settings.pull!, constants);
    super({ batchInputShape: [null, ...shape], ...(name ? { name } : {}) });
    this.inner = model;
    this.constraint = constraint;
    this.state = new TrainingState(constraint);
    this.targetConstants = constants;
    this.device = new DevicePlace(constraint, this.state.previousOnDevice, this.name);
    const device = this.device.pass;
    this.steps = new TrainingSteps(constraint, this.state, corrector, this.stopwatch, device);
    const variables = () => [...leavesOf(model).flatMap(layer => layer.weights), ...this.state.weights];
    this.present = new PresentConstraint(constraint, this.state.previous, corrector, variables);
    if (movesStatistics(constraint)) this.statistics = new BatchStatistics(constraint, this.state.previous);
    if (settings.mode === 'project') this.projection = new Projection(constraint, this.state, variables);
    this.finite = new FiniteCheck(
      variables,
      () => {
        passFrames(constraint, this.state.previous, { regions: this.state.stepRegions });
      },
      this.projection,
      this.statistics,
    );
  }

  override build(): void {
    const zeros = tfl.initializers.zeros();
    this.state.build((name, shape) => this.addWeight(name, [...shape], 'float32', zeros, undefined, false));
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean } = {}): tf.Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      const isTraining = kwargs.training === true;
      const isOnTape = tf.engine().state.gradientDepth > 0;
      const isStep = isTraining || isOnTape;
      const isWatched = isOnTape && !this.device.isUsed;
      this.assertInput(x, isWatched);
      if (isStep && this.device.isUsed) this.finite.beforeStep();
      if (isTraining) this.statistics?.remember(x);
      else if (!isOnTape) this.makeReady();
      let y: tf.Tensor;
      if (this.projection) {
        this.project();
        y = forwardData(this.constraint, x, isTraining, new Map());
      } else {
        y = isStep ? this.steps.forward(x, isTraining) : this.present.forward(x);
      }
      return this.headOf(y, isWatched);
    });
  }

  /** A training pass of a micro-batch with the adjustments of {@link beginStep}. */
  callWith(x: tf.Tensor, adjustments: ReadonlyMap<number, Adjustment>): tf.Tensor {
    return tf.tidy(() => {
      this.assertInput(x, true);
      this.project();
      return this.headOf(forwardData(this.constraint, x, true, adjustments), true);
    });
  }

  /** What the constraint speaks of: the outputs before a final softmax or sigmoid, at inference. */
  beforeHead(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      this.makeReady();
      return this.projection ? forwardData(this.constraint, x, false, new Map()) : this.present.forward(x);
    });
  }

  private headOf(y: tf.Tensor, isWatched: boolean): tf.Tensor {
    const { head, nodes } = this.constraint.graph;
    const output = head ? head(y) : y;
    return isWatched ? withFiniteGradient(output, nodes.at(-1)!.layer) : output;
  }

  /** What a training step of several micro-batches needs. */
  beginStep(): MicroBatchStep {
    assertReadable();
    return this.projection ? { adjustments: new Map(), end: () => {} } : this.steps.begin();
  }

  /** Values `[Σ (dᵣ + 1), out]` of the regions' frames at the output, before a head. */
  outputFrames(): tf.Tensor {
    assertReadable();
    this.project();
    return this.stopwatch.time(
      () =>
        passFrames(this.constraint, this.state.previous, { toOutput: true, device: this.device.pass() })
          .output,
    );
  }

  /** Mode `project`: folds the shifts into the biases, unless that is done already. */
  project(): void {
    const { projection } = this;
    if (projection) this.stopwatch.time(() => projection.apply(this.device.pass()));
  }

  /** What the weights need before they are read or used for inference: statistics that know the shifts, and projecting. */
  makeReady(): void {
    this.settle();
    this.statistics?.refresh();
    // Core's own rule, for what is used or saved.
    this.stopwatch.time(() => this.projection?.apply());
  }

  /** On a device: finds out whether the steps since the last time went well, and throws `not-finite` where they did not. */
  settle(): void {
    if (this.device.isUsed) this.finite.settle();
  }

  /** Takes the statistics of batch normalisation from data `[rows, ...shape]`, under the present weights. */
  calibrate(x: tf.Tensor): void {
    this.assertInput(x, false);
    if (this.statistics) this.statistics.takeFrom(x);
    else adoptStatistics(this.constraint, this.state.previous, x);
    this.project();
  }

  get settings(): TrainingSettings {
    return this.constraint.settings;
  }

  /** The inner model as a graph, its weights ready for use. */
  get graph(): Graph {
    this.makeReady();
    return this.constraint.graph;
  }

  /** See {@link BatchStatistics.scores}. */
  modeScores(): ModeScores | undefined {
    return this.statistics?.scores(this.device.pass());
  }

  /** Milliseconds that the constraint has taken in forward passes of training so far. */
  get constraintTime(): number {
    return this.stopwatch.total;
  }

  /** The sides, and the lifted entries of maxima (−1 for none), by name of the nonlinearity. */
  get sides(): Readonly<Record<string, Int8Array | Int32Array>> {
    const entries = this.state.nonlinearities.map(place => [this.nameAt(place), this.state.previous(place)]);
    return Object.fromEntries(entries);
  }

  /**
   * The sides that the present weights have, as `sides`: in mode `shift` those that the next inference chooses, in mode
   * `project` those that were folded in.
   */
  get presentSides(): Readonly<Record<string, Int8Array | Int32Array>> {
    this.makeReady();
    if (this.projection) return this.sides;
    const entries = [...this.present.adjustments].map(([place, adjustment]) => [
      this.nameAt(place),
      adjustment.kind === 'shift' ? adjustment.sides : adjustment.winner,
    ]);
    return Object.fromEntries(entries);
  }

  /** The shifts `[units]` of the present weights, by name of the activation; in mode `project` zeros. */
  get shifts(): Readonly<Record<string, Float64Array>> {
    return shiftsByName(this.constraint, this.presentAdjustments);
  }

  /** Units that inference shifts now and windows whose winner it lifts, and how many there are in all. */
  get shifted(): { readonly units: number; readonly of: number } {
    const { nodes } = this.constraint.graph;
    const of = nodes.filter(isNonlinear).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    return { units: countShifted(this.constraint, this.presentAdjustments), of };
  }

  private get presentAdjustments() {
    this.makeReady();
    return this.projection ? new Map<number, never>() : this.present.adjustments;
  }

  private nameAt(place: number): string {
    return this.constraint.graph.nodes[place].name;
  }

  private assertInput(x: tf.Tensor, isWatched: boolean): void {
    const { nodes } = this.constraint.graph;
    assertRowsFit(x, nodes[0].shape, this.name);
    assertReadable();
    // Clipping on the wasm backend hides NaN from the loss, but not from the kernel's gradient.
    if (isWatched) assertFinite(peek(x), (nodes[1] ?? nodes[0]).layer, 'Look for NaN in the training data.');
  }

  override computeOutputShape(inputShape: BatchShape | BatchShape[]): BatchShape | BatchShape[] {
    return [(inputShape as BatchShape)[0], ...this.constraint.graph.nodes.at(-1)!.shape];
  }

  protected override get parts(): readonly tfl.layers.Layer[] {
    return this.inner?.layers ?? [];
  }

  override get losses(): tfl.layers.Layer['losses'] {
    return leavesOf(this.inner).flatMap(layer => layer.losses);
  }

  override dispose(): ReturnType<tfl.layers.Layer['dispose']> {
    const result = super.dispose();
    if (result.refCountAfterDispose === 0) {
      this.constraint.fader?.dispose();
      this.device.dispose();
      this.targetConstants.dispose();
      this.finite.dispose();
      this.statistics?.dispose();
      this.state.dispose();
    }
    return result;
  }

  override getWeights(trainableOnly?: boolean): tf.Tensor[] {
    this.makeReady();
    return super.getWeights(trainableOnly);
  }

  /** Throws `invalid-option` for a policy function, which cannot be written down. */
  override getConfig(): tf.serialization.ConfigDict {
    const config = this.inner.getConfig() as tf.serialization.ConfigDict;
    return {
      ...super.getConfig(),
      ...settingsToConfig(this.settings, this.name),
      model: { className: this.inner.getClassName(), config },
    };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const { model, name } = config;
    const inner = layerFromConfig<tfl.LayersModel>(model as unknown as LayerConfig);
    takeAsSaved(leavesOf(inner).flatMap(layer => layer.weights));
    const args = { ...optionsFromConfig(config), name, model: inner };
    return new cls(args as unknown as tf.serialization.ConfigDict);
  }
}

tf.serialization.registerClass(PolicedLayer);
