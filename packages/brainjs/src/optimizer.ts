import type { DataPass } from './data-pass.js';
import type { FlatLayer } from './flat-layer.js';
import type { FramePass } from './frame-pass.js';
import { writeCombination } from './kernels.js';

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
        const bias = writeGradient(gradient, l, inSize, j, learningRate);
        descend(weights, changes, j * inSize, inSize, 1, gradient.scratch, momentum);
        biases[j] += bias;
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
      const bias = writeGradient(gradient, l, inSize, j, 1);
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

/**
 * One unit's weight gradient, times `factor`, into `scratch`; returns the bias's. Downhill. The sample's values lie in the
 * row below the frames' (see {@link layInSample}), so that one pass sums all.
 */
function writeGradient(
  { data, frames, usesFrames, scratch }: StepGradient,
  l: number,
  inSize: number,
  unit: number,
  factor: number,
): number {
  const scaled = factor * data.deltas[l][unit];
  if (!usesFrames) {
    const incoming = l === 0 ? data.input : data.outputs[l - 1];
    for (let k = 0; k < inSize; k++) scratch[k] = scaled * incoming[k];
    return scaled;
  }
  const { rowFactors, layers } = frames;
  const { starts, frames: inputs, axes, regions } = frames.flat;
  const { delta, shift } = layers[l];
  const rows = starts[regions.length];
  for (let i = 0, at = unit; i < rows; i++, at += shift.length) rowFactors[i] = factor * delta[at];
  let bias = scaled;
  for (let r = 0; r < regions.length; r++) bias += rowFactors[starts[r]];
  if (l > 0) {
    rowFactors[rows] = scaled;
    writeCombination(scratch, inSize, layers[l - 1].y, rows + 1, rowFactors);
    return bias;
  }
  for (let k = 0; k < inSize; k++) scratch[k] = scaled * data.input[k];
  for (let i = 0; i < rows; i++) {
    const c = rowFactors[i];
    if (c === 0) continue;
    if (axes[i] >= 0) scratch[axes[i]] += c * inputs[i * inSize + axes[i]];
    else for (let k = 0, at = i * inSize; k < inSize; k++, at++) scratch[k] += c * inputs[at];
  }
  return bias;
}

/** Copies the sample's values below the frames', for a step that uses these. */
export function layInSample({ data, frames: { layers } }: StepGradient): void {
  for (let l = 0; l + 1 < layers.length; l++) {
    const { y } = layers[l];
    const outputs = data.outputs[l];
    for (let j = 0, at = y.length - outputs.length; j < outputs.length; j++, at++) y[at] = outputs[j];
  }
}
