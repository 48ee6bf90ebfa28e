import { PoliceError } from '@police/core';
import { assertSize } from '@police/core/adapter';
import synaptic from 'synaptic';
import { buildLayers, plainNetwork, writeLayers } from './build.js';
import { copyOf, type FlatNetwork, meaningsOf } from './flat-network.js';
import { collectPull, type Frames, forwardFrames, framesOf, learnFrames } from './frames.js';
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
export class PolicedNetwork extends synaptic.Network {
  readonly settings: Settings;
  /** Weights and biases in training; in mode `shift` the biases lack the shifts. */
  readonly flat: FlatNetwork;
  readonly frames: Frames;
  /** What `activate` adds before each squash, by layer. */
  readonly shifts: readonly Float64Array[];
  private readonly sample: SampleState;
  private stale = true;
  private updates = 0;

  /** Takes the flat network over. */
  constructor(flat: FlatNetwork, settings: Settings) {
    super(buildLayers(flat));
    this.optimized = false;
    this.flat = flat;
    this.settings = settings;
    this.frames = framesOf(flat, settings);
    this.sample = sampleState(flat);
    const isFolded = settings.mode === 'project';
    this.shifts = flat.layers.map(({ units }, l) =>
      isFolded ? new Float64Array(units) : (this.frames.layers[l]?.shift ?? new Float64Array(units)),
    );
  }

  /** Throws `shape`, or `not-finite` where weights overflow on a region. */
  override activate(input: ArrayLike<number>): number[] {
    assertSize(input.length, this.flat.inputSize, 'activate', 'an input');
    this.settle();
    forwardSample(this.flat, this.sample, this.shifts, input);
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
    if (isShift) collectPull(this.frames, this.sample.errors, step);
    this.updates++;
    if (this.updates < this.settings.refresh) return;
    if (isShift) learnFrames(this.flat, this.frames, this.settings.gradient === 'local');
    this.stale = true;
  }

  /** Chooses the shifts anew if they are due, and in mode `project` folds them. Throws `not-finite`. */
  settle(): void {
    if (!this.stale) return;
    const overflow = forwardFrames(this.flat, this.frames);
    if (overflow) {
      throw new PoliceError({
        code: 'not-finite',
        where: this.flat.layers[overflow.layer].name,
        expected: 'finite pre-activations on the region',
        actual: `NaN or infinity at unit ${overflow.unit}`,
        remedy: 'The weights overflow on this region: lower the learning rate, or scale the inputs.',
      });
    }
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
    return copyOf(this.flat, this.shifts);
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
    const fresh = readNetwork(new synaptic.Network(this.layers), meaningsOf(this.flat));
    this.flat.layers.forEach((layer, l) => {
      layer.bias.set(fresh.layers[l].bias);
      layer.blocks.forEach(({ weights }, b) => {
        weights.set(fresh.layers[l].blocks[b].weights);
      });
    });
    for (const { sides, pull } of this.frames.layers) {
      sides.fill(0);
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
