import { PoliceError, type Region, type Sides } from '@police/core';
import {
  addUnitGradient,
  assertSize,
  backwardFrames,
  biasGradient,
  type FramePass,
  forwardFrames,
  framePass,
} from '@police/core/adapter';
import type synaptic from 'synaptic';
import { buildLayers, plainNetwork, writeLayers } from './build.js';
import { copyOf, type FlatNetwork, meaningsOf } from './flat-network.js';
import { framework } from './framework.js';
import type { Settings } from './options.js';
import { readNetwork } from './read.js';
import { forwardSample, learnSample, type SampleState, sampleState } from './samples.js';

/** The rate the library takes where none is given. */
const DEFAULT_RATE = 0.1;

/**
 * The network that `constrain` makes: a synaptic Network whose `activate` and `propagate` keep the constraint. Weights
 * live in flat arrays; as with the library's optimised networks, neurons hold them only after `restore`, which here
 * writes the biases with the shifts in them: the network that `activate` computes. So do `toJSON` and `clone`.
 */
export class PolicedNetwork extends framework.Network {
  readonly settings: Settings;
  /** Weights and biases in training; in mode `shift` the biases lack the shifts. */
  readonly flat: FlatNetwork;
  readonly frames: FramePass;
  /** What `activate` adds before each squash, by layer. */
  private readonly added: readonly Float64Array[];
  private readonly sample: SampleState;
  private stale = true;
  private updates = 0;

  /** Takes the flat network over. */
  constructor(flat: FlatNetwork, settings: Settings) {
    super(buildLayers(flat));
    this.optimized = false;
    this.flat = flat;
    this.settings = settings;
    this.frames = framePass(flat, settings.regions, settings.policy);
    this.sample = sampleState(flat);
    const isFolded = settings.mode === 'project';
    this.added = flat.layers.map(({ units }, l) =>
      isFolded ? new Float64Array(units) : (this.frames.layers[l]?.shift ?? new Float64Array(units)),
    );
  }

  get regions(): readonly Region[] {
    return this.settings.regions;
  }

  /** The sides kept, by the names that `toNetwork` gives the activations. */
  get sides(): Sides {
    this.settle();
    return this.byActivation(l => this.frames.layers[l].kept.slice());
  }

  /** The shifts that `activate` adds, by the names that `toNetwork` gives the activations; zeros in mode `project`. */
  get shifts(): Readonly<Record<string, Float64Array>> {
    this.settle();
    return this.byActivation(l => this.added[l].slice());
  }

  private byActivation<T>(of: (l: number) => T): Record<string, T> {
    const named = this.frames.layers.flatMap((_, l) => {
      const { name, activation } = this.flat.layers[l];
      return activation.kinks.length > 0 ? [[`${name}_${activation.name}`, of(l)] as const] : [];
    });
    return Object.fromEntries(named);
  }

  /** Throws `shape`, or `not-finite` where weights overflow on a region. */
  override activate(input: ArrayLike<number>): number[] {
    assertSize(input.length, this.flat.inputSize, 'activate', 'an input');
    this.settle();
    forwardSample(this.flat, this.sample, this.added, input);
    return Array.from(this.sample.values[this.flat.layers.length]);
  }

  /**
   * Throws `shape`, or `not-finite` for NaN or infinity in the last input, its output or the target; nothing has then
   * changed.
   */
  override propagate(rate: number | undefined, target: ArrayLike<number>): void {
    const { values } = this.sample;
    const output = values[values.length - 1];
    assertSize(target.length, output.length, 'propagate', 'a target');
    assertTrainable(values[0], output, target, rate);
    const step = rate ?? DEFAULT_RATE;
    learnSample(this.flat, this.sample, step, target);
    if (this.frames.layers.length === 0) return;
    const isShift = this.settings.mode === 'shift';
    if (isShift) this.collectPull(step);
    this.updates++;
    if (this.updates < this.settings.refresh) return;
    if (isShift) this.learnFrames();
    this.stale = true;
  }

  /** Adds what an update would do to the shifts: −dLoss/dc is a unit's error, times the rate. */
  private collectPull(rate: number): void {
    const { layers } = this.frames;
    for (let l = 0; l < layers.length; l++) {
      const { pull } = layers[l];
      const error = this.sample.errors[l + 1];
      for (let j = 0; j < pull.length; j++) pull[j] += rate * error[j];
    }
  }

  /** The update through the shifts, for all pull collected. */
  private learnFrames(): void {
    const { frames, flat, settings } = this;
    backwardFrames(frames, settings.gradient === 'local');
    for (let l = 0; l < frames.layers.length; l++) {
      const { units, bias, blocks } = flat.layers[l];
      for (let j = 0; j < units; j++) {
        for (let b = 0; b < blocks.length; b++) {
          const { sourceSize, weights } = blocks[b];
          addUnitGradient(frames, l, b, j, weights, j * sourceSize);
        }
        bias[j] += biasGradient(frames, l, j);
      }
    }
  }

  /** Chooses the shifts anew if they are due, and in mode `project` folds them. Throws `not-finite` or `no-free-shift`. */
  settle(): void {
    if (!this.stale) return;
    forwardFrames(this.frames);
    if (this.settings.mode === 'project') {
      this.frames.layers.forEach(({ shift }, l) => {
        const { bias, units } = this.flat.layers[l];
        for (let j = 0; j < units; j++) bias[j] += shift[j];
      });
    }
    this.stale = false;
    this.updates = 0;
  }

  /** The network that `activate` computes now, in arrays of its own. */
  effective(): FlatNetwork {
    this.settle();
    return copyOf(this.flat, this.added);
  }

  /** How far training is between two choices of the shifts; undefined right before a choice. */
  get updatesSinceChoice(): number | undefined {
    return this.stale ? undefined : this.updates;
  }

  /** Goes on from a state in which `frames` were written by hand. */
  resumeAt(updates: number | undefined): void {
    this.stale = updates === undefined;
    this.updates = updates ?? 0;
  }

  override restore(): void {
    writeLayers(this.layers, this.effective());
  }

  /** New random weights, and no sides. */
  override reset(): void {
    const { input, hidden, output } = this.layers;
    for (const layer of [input, ...hidden, output]) layer.reset();
    const fresh = readNetwork(new framework.Network(this.layers), meaningsOf(this.flat));
    this.flat.layers.forEach((layer, l) => {
      layer.bias.set(fresh.layers[l].bias);
      layer.blocks.forEach(({ weights }, b) => {
        weights.set(fresh.layers[l].blocks[b].weights);
      });
    });
    for (const { kept, pull } of this.frames.layers) {
      kept.fill(0);
      pull.fill(0);
    }
    this.resumeAt(undefined);
  }

  /** A plain network of the same outputs. */
  override clone(): synaptic.Network {
    return plainNetwork(this.effective());
  }

  /** Throws `not-frozen`; so do `standalone`, `worker` and `Trainer.trainAsync`, which ask for it. */
  override optimize(): void {
    throw new PoliceError({
      code: 'not-frozen',
      where: 'optimize',
      expected: 'a plain network',
      actual: 'a constrained one, whose shifts the optimised code would not know',
      remedy: 'Train it as it is (it is faster than optimised), then optimise freeze(network).model.',
    });
  }

  override setOptimize(optimize: boolean): void {
    if (optimize) this.optimize();
  }

  override project(): undefined {
    throw fixed('project');
  }

  override gate(): void {
    throw fixed('gate');
  }

  override set(): void {
    throw fixed('set');
  }
}

function fixed(where: string): PoliceError {
  return new PoliceError({
    code: 'unsupported-layer',
    where,
    expected: 'a plain network to change the connections of',
    actual: 'a constrained one',
    remedy: 'Change the network before constrain, or the model that freeze gives.',
  });
}

function assertTrainable(
  input: Float64Array,
  output: Float64Array,
  target: ArrayLike<number>,
  rate: number | undefined,
): void {
  for (let i = 0; i < input.length; i++) {
    if (!Number.isFinite(input[i])) throw notFinite('input', 'a finite input', `${input[i]} at unit ${i}`);
  }
  for (let j = 0; j < output.length; j++) {
    if (Number.isFinite(target[j] - output[j])) continue;
    throw notFinite('output', 'a finite error', `target ${target[j]}, output ${output[j]} at unit ${j}`);
  }
  if (rate !== undefined && !Number.isFinite(rate)) throw notFinite('rate', 'a finite number', `${rate}`);
}

function notFinite(where: string, expected: string, actual: string): PoliceError {
  return new PoliceError({
    code: 'not-finite',
    where,
    expected,
    actual,
    remedy: 'Look for NaN in the training data or a diverging loss; the weights are as before this step.',
  });
}
