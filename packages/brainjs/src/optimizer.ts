import { addUnitGradient, biasGradient, type FramePass } from '@police/core/adapter';
import type { DataPass } from './data-pass.js';
import type { AnyNetwork, FlatLayer } from './flat-layer.js';

/** Where a step's gradient is: the sample's, and in steps that refresh the shifts the frames' too. */
export interface StepGradient {
  readonly data: DataPass;
  readonly frames: FramePass;
  readonly usesFrames: boolean;
  /** Room for one unit's gradient, `[largest layer]`. */
  readonly scratch: Float64Array;
}

/** brain.js's gradient descent with momentum; its biases have none. */
export function stepMomentum(
  gradient: StepGradient,
  params: readonly FlatLayer[],
  learningRate: number,
  momentum: number,
): void {
  for (let l = 0; l < params.length; l++) {
    const { weights, biases, changes, outSize, inSize } = params[l];
    for (let j = 0; j < outSize; j++) {
      if (!gradient.usesFrames) {
        const { data } = gradient;
        const scaled = learningRate * data.deltas[l][j];
        descend(
          weights,
          changes,
          j * inSize,
          inSize,
          scaled,
          l === 0 ? data.input : data.outputs[l - 1],
          momentum,
        );
        biases[j] += scaled;
      } else {
        const bias = writeGradient(gradient, l, inSize, j);
        descend(weights, changes, j * inSize, inSize, learningRate, gradient.scratch, momentum);
        biases[j] += learningRate * bias;
      }
    }
  }
}

/** brain.js's update of the weights into one unit. */
function descend(
  weights: Float32Array,
  changes: Float32Array,
  from: number,
  size: number,
  factor: number,
  direction: Float64Array,
  momentum: number,
): void {
  for (let k = 0, at = from; k < size; k++, at++) {
    const change = factor * direction[k] + momentum * changes[at];
    changes[at] = change;
    weights[at] += change;
  }
}

/** Adam's constants in `trainOpts`. */
export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** brain.js's Adam, the biases' moments, which it uses one step late, included. `iterations` counts from 1. */
export function stepAdam(
  gradient: StepGradient,
  params: readonly FlatLayer[],
  iterations: number,
  { learningRate, beta1, beta2, epsilon }: AdamOptions,
): void {
  const { scratch } = gradient;
  const lowScale = 1 - beta1 ** iterations;
  const highScale = 1 - beta2 ** iterations;
  for (let l = 0; l < params.length; l++) {
    const { weights, biases, outSize, inSize } = params[l];
    const { low, high, biasLow, biasHigh } = params[l].adam!;
    for (let j = 0; j < outSize; j++) {
      const bias = writeGradient(gradient, l, inSize, j);
      for (let k = 0, at = j * inSize; k < inSize; k++, at++) {
        const g = scratch[k];
        const changeLow = low[at] * beta1 + (1 - beta1) * g;
        const changeHigh = high[at] * beta2 + (1 - beta2) * g * g;
        low[at] = changeLow;
        high[at] = changeHigh;
        weights[at] +=
          (learningRate * (changeLow / lowScale)) / (Math.sqrt(changeHigh / highScale) + epsilon);
      }
      const step = (learningRate * (biasLow[j] / lowScale)) / (Math.sqrt(biasHigh[j] / highScale) + epsilon);
      biasLow[j] = biasLow[j] * beta1 + (1 - beta1) * bias;
      biasHigh[j] = biasHigh[j] * beta2 + (1 - beta2) * bias * bias;
      biases[j] += step;
    }
  }
}

/** One unit's weight gradient, downhill, into `scratch`; returns the bias's. */
function writeGradient(
  { data, frames, usesFrames, scratch }: StepGradient,
  l: number,
  inSize: number,
  unit: number,
): number {
  const delta = data.deltas[l][unit];
  const incoming = l === 0 ? data.input : data.outputs[l - 1];
  for (let k = 0; k < inSize; k++) scratch[k] = delta * incoming[k];
  if (!usesFrames) return delta;
  addUnitGradient(frames, l, 0, unit, scratch, 0);
  return delta + biasGradient(frames, l, unit);
}

/** brain.js turns Adam on for whatever was last trained with that option, even where training did without. */
export function forgetAdam(net: AnyNetwork): void {
  Reflect.deleteProperty(net, 'adjustWeights');
  net.changesLow = [];
  net.changesHigh = [];
  net.biasChangesLow = [];
  net.biasChangesHigh = [];
}
