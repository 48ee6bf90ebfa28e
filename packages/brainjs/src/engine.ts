import { PoliceError, type Region } from '@police/core';
import { backwardFrames, type FlatNetwork, forwardFrames, framePass } from '@police/core/adapter';
import { type DataPass, dataPass, runBackward, runForward } from './data-pass.js';
import type { FlatLayer } from './flat-layer.js';
import { freeHeldOutputs } from './held-outputs.js';
import { layerName } from './names.js';
import { type AdamOptions, type StepGradient, stepAdam, stepMomentum } from './optimizer.js';
import type { Settings } from './settings.js';
import type { Units } from './units.js';
import { weightsKey } from './weights-key.js';

/** What a step needs of brain.js's `trainOpts`. */
export interface StepOptions extends AdamOptions {
  readonly momentum: number;
}

/**
 * Constrained training and inference on one network's flat layers. Holds the buffers, the sides, and where in the
 * refresh cycle training is; allocates nothing in `step` (but see core's `forwardFrames`).
 */
export interface Engine {
  readonly params: readonly FlatLayer[];
  readonly regions: readonly Region[];
  /** Sides kept, `[R, units]` per layer, 0 for none yet; no layers without regions. */
  readonly sides: readonly Int8Array[];
  readonly data: DataPass;
  /**
   * One sample: forward, backward, update by momentum or, given its step number from 1, by Adam; in mode `project` the
   * projection. Throws `not-finite` before anything is changed.
   */
  step(input: ArrayLike<number>, target: ArrayLike<number>, options: StepOptions, adamStep?: number): void;
  /** Mode `project`: projects, if the last step has not. */
  finish(): void;
  /** Starts a new refresh cycle, so that training goes on as if the network had just been loaded. */
  restart(): void;
  /** Mode `project`: folds the shifts of the present weights into the biases, and keeps the sides. */
  project(): void;
  /** The outputs for one input, under the shifts of the present weights; leaves sides and weights alone. */
  run(input: ArrayLike<number>): Float64Array;
  /** The shifts of the present weights, `[units]` per layer. */
  presentShifts(): readonly Float64Array[];
}

export function createEngine(
  params: readonly FlatLayer[],
  regions: readonly Region[],
  settings: Settings,
  /** Read anew at every use: `trainOpts` may change. */
  unitsNow: () => Units,
): Engine {
  const { policy, mode, gradient, refresh } = settings;
  const net = flatNetwork(params, unitsNow);
  const training = framePass(net, regions, policy);
  const inference = framePass(net, regions, policy);
  const data = dataPass(params);
  const sides = training.layers.map(({ kept }) => kept);
  const unshifted = params.map(({ outSize }) => new Float64Array(outSize));
  const largest = Math.max(...params.map(({ inSize, outSize }) => Math.max(inSize, outSize)));
  const scratch = new Float64Array(largest);
  const sampleOnly: StepGradient = { data, frames: training, usesFrames: false, scratch };
  const withFrames: StepGradient = { ...sampleOnly, usesFrames: true };
  const isShift = mode === 'shift' && regions.length > 0;
  const isProject = mode === 'project' && regions.length > 0;
  const trainingShifts = isShift ? training.layers.map(({ shift }) => shift) : unshifted;
  const inferenceShifts = inference.layers.map(({ shift }) => shift);
  const key = weightsKey(params, sides);
  let cycle = 0;

  /**
   * Below a ReLU's kink an output could be no more than constant (or nearly) on the region, and no gradient would bring it
   * back. So outputs that straddle always go up; one that lies wholly below by itself stays there. Smooth ones are
   * constant on either side.
   */
  const keepOutputsUp = (): void => {
    if (policy === 'sticky' && !isSmooth(unitsNow())) sides.at(-1)?.fill(1);
  };
  keepOutputsUp();

  const refreshShifts = (): void => {
    forwardFrames(training);
    keepOutputsUp();
  };

  const project = (): void => {
    if (!isProject) return;
    refreshShifts();
    for (let l = 0; l < params.length; l++) {
      const { biases } = params[l];
      const { shift } = training.layers[l];
      for (let j = 0; j < biases.length; j++) biases[j] += shift[j];
    }
  };

  /** Adds the sample's −dLoss/dc to what the cycle has collected. */
  const collect = (): void => {
    for (let l = 0; l < params.length; l++) {
      const { pull } = training.layers[l];
      const delta = data.deltas[l];
      for (let j = 0; j < delta.length; j++) pull[j] += delta[j];
    }
  };

  const presentShifts = (): readonly Float64Array[] => {
    if (regions.length === 0) return unshifted;
    const units = unitsNow();
    if (!key.isCurrent(units)) {
      for (let l = 0; l < sides.length; l++) inference.layers[l].kept.set(sides[l]);
      forwardFrames(inference);
      key.take(units);
    }
    return inferenceShifts;
  };

  return {
    params,
    regions,
    sides,
    data,
    project,
    presentShifts,
    finish: () => {
      if (cycle > 0) project();
    },
    restart: () => {
      cycle = 0;
      for (const { pull } of training.layers) pull.fill(0);
    },
    run: input => {
      runForward(data, params, unitsNow(), presentShifts(), input);
      return data.outputs[params.length - 1];
    },
    step: (input, target, options, adamStep) => {
      const units = unitsNow();
      if (isShift && cycle === 0) refreshShifts();
      runForward(data, params, units, trainingShifts, input);
      runBackward(data, params, units, target);
      assertFiniteErrors(data);
      let used = sampleOnly;
      if (isShift) {
        collect();
        if (cycle === refresh - 1) {
          if (!isSmooth(units)) freeHeldOutputs(training);
          backwardFrames(training, gradient === 'local');
          used = withFrames;
        }
      }
      if (adamStep !== undefined) stepAdam(used, params, adamStep, options);
      else stepMomentum(used, params, options.learningRate, options.momentum);
      cycle = cycle === refresh - 1 ? 0 : cycle + 1;
      if (cycle === 0) project();
    },
  };
}

/** As core's pass sees the layers. */
const flatNetwork = (params: readonly FlatLayer[], unitsNow: () => Units): FlatNetwork => ({
  inputSize: params[0].inSize,
  layers: params.map(({ inSize, outSize, weights, biases }, l) => ({
    name: layerName(l),
    units: outSize,
    bias: biases,
    blocks: [{ source: l, sourceSize: inSize, weights }],
    get activation() {
      return unitsNow().activation;
    },
  })),
});

/** Only affine up to an error. */
const isSmooth = ({ activation }: Units): boolean => activation.approximationError !== undefined;

/** Nothing has been changed yet when this throws. */
function assertFiniteErrors({ errors }: DataPass): void {
  const last = errors[errors.length - 1];
  for (let j = 0; j < last.length; j++) {
    if (Number.isFinite(last[j])) continue;
    throw new PoliceError({
      code: 'not-finite',
      where: layerName(errors.length - 1),
      expected: 'a finite training error',
      actual: `${last[j]} at output ${j}`,
      remedy: 'Lower the learning rate; the weights are those of the step before.',
    });
  }
}
