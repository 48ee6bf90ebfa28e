import { type Matrix, matrix, type TrainingOptions } from '@police/core';
import {
  assertFinite,
  assertRegionsFit,
  type DemandHolder,
  firstMap,
  firstNonFinite,
  holdersOf,
  type TrainingSettings,
} from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { forwardData } from '../data/data-pass.js';
import { withFiniteGradient } from '../frames/frame-values.js';
import { type Graph, sizeOf } from '../graph/node.js';
import { assertOneInOneOut, assertWeightsFinite, fixedShape, leavesOf } from '../graph/read.js';
import { writeFlat, writePermuted } from '../graph/values.js';
import { assertRowsFit } from '../layer/data-check.js';
import { checkedOptions, optionsFromConfig, settingsToConfig } from '../layer/settings-config.js';
import { takeAsSaved } from '../layer/taken-as-saved.js';
import { CompositeLayer } from '../layers/composite-layer.js';
import { type LayerConfig, layerFromConfig } from '../layers/layer-config.js';
import { assertPrecision } from '../ops/half-precision.js';
import { isReadAtOnce, isReadInPlace, peek } from '../ops/peek.js';
import { type SplitModel, splitModel } from './final-function.js';
import { type MapRegularizer, type ReadRegularizer, regularizerOf } from './map-regularizer.js';
import { graphOf } from './readable-graph.js';
import { RegionPatch } from './region-patch.js';

type BatchShape = (number | null)[];
type Kwargs = { training?: boolean };

interface PatchLayerArgs extends TrainingOptions {
  readonly model: tfl.LayersModel;
  readonly name?: string;
  readonly mapRegularizer?: MapRegularizer;
  /** Whether the weights are to be loaded, so that no map need be fitted. */
  readonly isLoaded?: boolean;
}

/** The user's model, its outputs held between cones around an affine map of each region, as one layer. */
export class PatchLayer extends CompositeLayer {
  static readonly className = 'PolicePatch';

  readonly inner: tfl.LayersModel;
  readonly settings: TrainingSettings;
  readonly split: SplitModel;
  /** Of the inputs and of the outputs, without the axis of rows. */
  readonly shapes: { readonly input: readonly number[]; readonly output: readonly number[] };
  /** In the order of the regions. */
  patches: readonly RegionPatch[] = [];
  private readonly regularizer: ReadRegularizer | undefined;
  private readonly isLoaded: boolean;
  /** In the order of the regions, where a map is to meet a demand. */
  private readonly holders: readonly (DemandHolder | undefined)[];
  /**
   * The model as this package computes it, where it can, for training on the wasm backend: the framework's own gradients of products take 4 to
   * 8 times as long there.
   */
  private readonly graph: Graph | undefined;

  constructor({ model, name, mapRegularizer, isLoaded = false, ...options }: PatchLayerArgs) {
    const settings = checkedOptions(options);
    assertOneInOneOut(model);
    const input = fixedShape(model.inputs[0], model.name);
    const output = fixedShape(model.outputs[0], model.name);
    assertRegionsFit(settings.regions, sizeOf(input));
    assertWeightsFinite(model);
    const holders = holdersOf(settings.target, settings.regions, sizeOf(output));
    super({ batchInputShape: [null, ...input], ...(name ? { name } : {}) });
    this.inner = model;
    this.settings = settings;
    this.split = splitModel(model);
    this.shapes = { input, output };
    this.holders = holders;
    this.regularizer = regularizerOf(mapRegularizer);
    this.isLoaded = isLoaded;
    this.graph = graphOf(model);
  }

  override build(): void {
    const { regions, target: targets, steepness, pull } = this.settings;
    const outputs = sizeOf(this.shapes.output);
    const patches: RegionPatch[] = [];
    regions.forEach((region, r) => {
      const wanted = targets?.[r];
      const target = wanted && 'kind' in wanted ? undefined : wanted;
      const isGiven = this.isLoaded || target?.b !== undefined;
      const fit = isGiven ? undefined : firstMap(region, points => this.valuesAt(points), this.name);
      const { A = matrix(outputs, region.size), b = new Float64Array(outputs) } = { ...fit, ...target };
      const prefix = regions.length === 1 ? 'patch' : `patch_${r}`;
      const map = {
        A: this.addMapWeight(`${prefix}_A`, [region.size, outputs], !target),
        b: this.addMapWeight(`${prefix}_b`, [outputs], target?.b === undefined),
      };
      writePermuted(map.A, A.data, [1, 0]);
      writeFlat(map.b, b);
      patches.push(new RegionPatch(region, map, steepness!, patches, this.holders[r], pull));
    });
    this.patches = patches;
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs = {}): tf.Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      assertRowsFit(x, this.shapes.input, this.name);
      assertPrecision();
      // Where the device has its own memory, looking would be waiting for it.
      const isWatched = tf.engine().state.gradientDepth > 0 && isReadAtOnce();
      const y = this.held(x, kwargs, isWatched);
      const output = this.split.head?.apply(y) ?? y;
      return isWatched ? withFiniteGradient(output, this.name) : output;
    });
  }

  /** What the constraint speaks of: the outputs before a final softmax or sigmoid. */
  beforeHead(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => this.held(x, {}, false));
  }

  private held(x: tf.Tensor, kwargs: Kwargs, isWatched: boolean): tf.Tensor {
    const rows = flat(x);
    const centres = this.patches.map(patch => patch.mapAt(rows));
    // Before the model sees the data, and moves the statistics of batch normalisation.
    if (isWatched) this.assertRowsFinite(rows, centres);
    const value = this.valueAt(x, kwargs);
    if (this.patches.length === 0) return value;
    const y = this.patches.reduce((before, patch, r) => patch.apply(rows, centres[r], before), flat(value));
    return tf.reshape(y, value.shape);
  }

  /** The model's own outputs, before a final softmax or sigmoid. */
  private valueAt(x: tf.Tensor, kwargs: Kwargs): tf.Tensor {
    const isTraining = tf.engine().state.gradientDepth > 0 && isReadInPlace();
    if (this.graph && isTraining)
      return forwardData({ graph: this.graph }, x, kwargs.training === true, new Map());
    return this.split.body(x, kwargs as Record<string, unknown>);
  }

  /** What is not finite in the data is not finite in a map of it, which is less to look at. */
  private assertRowsFinite(rows: tf.Tensor, [centre]: readonly tf.Tensor[]): void {
    if (centre && firstNonFinite(peek(centre)) < 0) return;
    assertFinite(peek(rows), this.name, 'Look for NaN in the training data.');
  }

  /** The model's own values `[n, out]` at points `[n, D]`, before a final softmax or sigmoid and any patch. */
  private valuesAt({ rows, data }: Matrix): Matrix {
    const y = tf.tidy(() =>
      this.split.body(tf.tensor(Float32Array.from(data), [rows, ...this.shapes.input]), {}),
    );
    const values = Float64Array.from(y.dataSync());
    y.dispose();
    return matrix(rows, values.length / rows, values);
  }

  private addMapWeight(name: string, shape: number[], isTrained: boolean): tfl.LayerVariable {
    return this.addWeight(name, shape, 'float32', tfl.initializers.zeros(), undefined, isTrained);
  }

  override computeOutputShape(inputShape: BatchShape | BatchShape[]): BatchShape | BatchShape[] {
    return [(inputShape as BatchShape)[0], ...this.shapes.output];
  }

  private get mapLosses(): tfl.layers.Layer['losses'] {
    const { regularizer } = this.regularizer ?? {};
    return regularizer
      ? this.patches.map(
          ({ map }) =>
            () =>
              regularizer.apply(map.A.read()),
        )
      : [];
  }

  protected override get parts(): readonly tfl.layers.Layer[] {
    return this.inner?.layers ?? [];
  }

  override get losses(): tfl.layers.Layer['losses'] {
    return [...leavesOf(this.inner).flatMap(layer => layer.losses), ...this.mapLosses];
  }

  override dispose(): ReturnType<tfl.layers.Layer['dispose']> {
    const result = super.dispose();
    if (result.refCountAfterDispose === 0) for (const patch of this.patches) patch.dispose();
    return result;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const config = this.inner.getConfig() as tf.serialization.ConfigDict;
    return {
      ...super.getConfig(),
      ...settingsToConfig(this.settings, this.name),
      ...(this.regularizer ? { mapRegularizer: this.regularizer.config } : {}),
      model: { className: this.inner.getClassName(), config },
    };
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const { model, name, mapRegularizer } = config;
    const inner = layerFromConfig<tfl.LayersModel>(model as unknown as LayerConfig);
    takeAsSaved(leavesOf(inner).flatMap(layer => layer.weights));
    const args = { ...optionsFromConfig(config), name, mapRegularizer, model: inner, isLoaded: true };
    return new cls(args as unknown as tf.serialization.ConfigDict);
  }
}

const flat = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]);

tf.serialization.registerClass(PatchLayer);
