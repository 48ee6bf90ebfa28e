import { PoliceError, type Region, type RegionOptions, type Sides } from '@police/core';
import { assertFinite, assertRegionsFit } from '@police/core/adapter';
import { NeuralNetwork } from 'brain.js';
import { meanSquare } from './data-pass.js';
import { createEngine, type Engine } from './engine.js';
import { type FlatLayer, flatten, isFlat, type NetData } from './flat-layer.js';
import { freeze } from './freeze.js';
import { inLookupOrder, isPositional } from './named-region.js';
import { activationName } from './names.js';
import { forgetAdam } from './optimizer.js';
import { activationOf, assertInitialized } from './read.js';
import type { Settings } from './settings.js';
import {
  assertNumbers,
  type PolicedJSON,
  policeState,
  restore,
  restoreOptimizer,
  savedSettings,
  type TrainingState,
} from './state.js';
import { unitsOf } from './units.js';

type Base = NeuralNetwork<NetData, NetData>;
type Patterns = Parameters<Base['validateData']>[0];
type TrainOptions = Parameters<Base['updateTrainingOptions']>[0];
type Data<I extends NetData, O extends NetData> = Parameters<NeuralNetwork<I, O>['train']>[0];
type AsyncData<I extends NetData, O extends NetData> = Parameters<NeuralNetwork<I, O>['trainAsync']>[0];

/**
 * A NeuralNetwork that is affine on its regions at every training step, to float32 rounding. `constrain` makes one; all
 * of brain.js's methods work. In mode `shift`, `weights` and `biases` do not contain the shifts; everything that
 * evaluates or writes the network (`run`, `test`, `toJSON`, `toFunction`, `freeze`) adds those of the present weights.
 */
export class PolicedNeuralNetwork<
  InputType extends NetData = NetData,
  OutputType extends NetData = NetData,
> extends NeuralNetwork<InputType, OutputType> {
  private constraint: Settings;
  private flat: readonly FlatLayer[] = [];
  private engine: Engine | undefined;
  private asyncRun: { error?: unknown } | undefined;

  constructor(options: ConstructorParameters<typeof NeuralNetwork>[0], settings: Settings) {
    super(options);
    this.constraint = settings;
    activationOf(this, settings.epsilon); // known, or it throws
  }

  /** How the network is constrained. */
  get settings(): Settings {
    return this.constraint;
  }

  /** The regions in the coordinates of the input array. Throws `invalid-option` or `shape`, see `NamedRegion`. */
  get regions(): readonly Region[] {
    const found = this.constraint.regions.map((region, r) =>
      inLookupOrder(region, this.inputLookup, `region ${r}`),
    );
    if (this.sizes.length > 0) assertRegionsFit(found, this.sizes[0]);
    return found;
  }

  /** Whether every region's coordinates are known yet: names need the lookup of the training data. */
  get regionsAreKnown(): boolean {
    return this.inputLookup !== null || this.constraint.regions.every(isPositional);
  }

  /** The sides kept, by the names that `toNetwork` gives the activations. */
  get sides(): Sides {
    return Object.fromEntries(
      this.presentEngine().sides.map((sides, l) => [activationName(l), sides.slice()]),
    );
  }

  /** The shifts of the present weights, by the names that `toNetwork` gives the activations. */
  get shifts(): Readonly<Record<string, Float64Array>> {
    const shifts = this.presentEngine().presentShifts();
    return Object.fromEntries(shifts.map((shift, l) => [activationName(l), shift.slice()]));
  }

  /** The engine on the network's present arrays: brain.js and users put new ones in place. */
  private presentEngine(restored?: TrainingState): Engine {
    if (this.engine && isFlat(this, this.flat)) return this.engine;
    assertInitialized(this);
    const before = this.engine;
    const { epsilon } = this.constraint;
    this.flat = flatten(this);
    this.engine = createEngine(this.flat, this.regions, this.constraint, unitsOf(this, epsilon));
    const { sides } = this.engine;
    if (restored) restore(sides, restored.sides, 'sides');
    else if (before) for (const [l, kept] of before.sides.entries()) sides[l].set(kept);
    else this.engine.project();
    return this.engine;
  }

  private get usesAdam(): boolean {
    return this.adjustWeights === this._adjustWeightsAdam;
  }

  override initialize(): void {
    this.engine = undefined;
    super.initialize();
  }

  override updateTrainingOptions(options: TrainOptions): void {
    // Called by the base class's constructor too, before this one's fields are there.
    const isBuilt = this.constraint !== undefined;
    if (isBuilt) activationOf({ trainOpts: { ...this.trainOpts, ...options } }, this.constraint.epsilon);
    super.updateTrainingOptions(options);
  }

  override validateData(data: Patterns): void {
    super.validateData(data);
    data.forEach(({ input, output }, i) => {
      assertFinite(input, `training data ${i} input`);
      assertFinite(output, `training data ${i} output`);
    });
    this.presentEngine(); // the regions must fit before anything is trained
  }

  override train(data: Data<InputType, OutputType>, options: TrainOptions = {}): ReturnType<Base['train']> {
    this.assertIdle('train');
    return this.finishing(() => super.train(data, options));
  }

  override async trainAsync(
    data: AsyncData<InputType, OutputType>,
    options: TrainOptions = {},
  ): ReturnType<Base['trainAsync']> {
    this.assertIdle('trainAsync');
    const run: { error?: unknown } = {};
    this.asyncRun = run;
    try {
      const status = await super.trainAsync(data, options);
      if ('error' in run) throw run.error;
      this.engine?.finish();
      return status;
    } finally {
      this.asyncRun = undefined;
      this.engine?.restart();
    }
  }

  /** Two trainings would take turns with one set of kept shifts and moments. */
  private assertIdle(where: string): void {
    if (!this.asyncRun) return;
    throw new PoliceError({
      code: 'invalid-option',
      where,
      expected: 'one training of a network at a time',
      actual: 'a second one while trainAsync is under way',
      remedy: 'Await the first, or train a copy: policedFromJSON(network.toJSON()).',
    });
  }

  /** brain.js's timer would let an error of a tick escape uncaught; it is kept for `trainAsync` to throw. */
  override trainingTick(
    data: Patterns,
    status: Parameters<Base['trainingTick']>[1],
    endTime: number,
  ): boolean {
    if (!this.asyncRun) return super.trainingTick(data, status, endTime);
    try {
      return super.trainingTick(data, status, endTime);
    } catch (error) {
      this.asyncRun.error = error;
      return false;
    }
  }

  private finishing<T>(train: () => T): T {
    try {
      const result = train();
      this.engine?.finish();
      return result;
    } finally {
      this.engine?.restart();
    }
  }

  override trainPattern(value: Patterns[number], logErrorRate?: boolean): number | null {
    const engine = this.presentEngine();
    const step = this.usesAdam ? this.iterations + 1 : undefined;
    engine.step(value.input, value.output, this.trainOpts, step);
    if (step !== undefined) this.iterations = step;
    const last = this.outputLayer;
    this.outputs[0] = value.input;
    this.outputs[last].set(engine.data.outputs[last - 1]);
    this.errors[last].set(engine.data.errors[last - 1]);
    return logErrorRate ? meanSquare(this.errors[last]) : null;
  }

  override _runInputRelu(input: Float32Array): Float32Array {
    return this.runConstrained(input);
  }

  override _runInputLeakyRelu(input: Float32Array): Float32Array {
    return this.runConstrained(input);
  }

  override _runInputSigmoid(input: Float32Array): Float32Array {
    return this.runConstrained(input);
  }

  override _runInputTanh(input: Float32Array): Float32Array {
    return this.runConstrained(input);
  }

  private runConstrained(input: Float32Array): Float32Array {
    const last = this.outputLayer;
    const output = this.presentEngine().run(input);
    this.outputs[0] = input;
    this.outputs[last].set(output);
    return this.outputs[last];
  }

  /** Throws `invalid-option` for a policy that is a function, which cannot be saved. */
  override toJSON(): PolicedJSON {
    const json: PolicedJSON = super.toJSON();
    const engine = this.outputLayer > 0 ? this.presentEngine() : undefined;
    engine?.presentShifts().forEach((shift, l) => {
      const layer = json.layers[l + 1];
      layer.biases = layer.biases.map((b, j) => Math.fround(b + shift[j]));
    });
    json.police = policeState(
      this.constraint,
      this.regions,
      engine,
      this.usesAdam ? this.iterations : undefined,
    );
    return json;
  }

  /**
   * The network that was saved: its regions and options replace those here. A plain network's JSON has none and is
   * constrained by those here.
   */
  override fromJSON(json: PolicedJSON, options: RegionOptions = {}): this {
    const { police } = json;
    assertNumbers(json);
    if (police) this.constraint = savedSettings(police, options);
    super.fromJSON(json);
    if (police?.training) this.restoreTraining(police.training);
    else if (this.regionsAreKnown) this.presentEngine();
    return this;
  }

  private restoreTraining(saved: TrainingState): void {
    restore(this.biases.slice(1), saved.biases, 'biases');
    if (saved.adam) this._setupAdam();
    else if (this.usesAdam) forgetAdam(this);
    this.presentEngine(saved);
    restoreOptimizer(this.flat, saved);
    if (saved.adam) this.iterations = saved.adam.step;
  }

  /** brain.js's function of the frozen network. */
  override toFunction(cb?: (source: string) => string): (input: Partial<InputType>) => OutputType {
    return freeze(this).model.toFunction(cb);
  }
}
