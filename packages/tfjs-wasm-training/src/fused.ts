import {
  Add,
  type backend_util,
  Elu,
  LeakyRelu,
  Prelu,
  Relu,
  Relu6,
  Sigmoid,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { sizeOf } from './heap.js';
import type { Run } from './kernel.js';
import { Refusal } from './refusal.js';

/** What a fused kernel does after its product or convolution. */
export interface Finish {
  bias?: TensorInfo | undefined;
  preluActivationWeights?: TensorInfo | undefined;
  activation?: backend_util.Activation | undefined;
  leakyreluAlpha?: number | undefined;
}

/**
 * Whether upstream's fused kernels take these: a bias of one number for each output channel, and as many weights of PReLU or
 * one. They refuse biases of other ranks, read beyond the end of shorter ones, and misplace other weights.
 */
export function isPerChannel({ bias, preluActivationWeights }: Finish, channels: number): boolean {
  const isBiasRight = !bias || (bias.shape.length === 1 && bias.shape[0] === channels);
  return isBiasRight && (!preluActivationWeights || isChannels(preluActivationWeights, channels));
}

const isChannels = (x: TensorInfo, channels: number): boolean =>
  sizeOf(x) === 1 || (sizeOf(x) === channels && x.shape.at(-1) === channels);

/** The bias, broadcast as cpu does, and the activation, by the kernels of the unfused ops. */
export function finished(
  run: Run,
  y: TensorInfo,
  { bias, preluActivationWeights, activation = 'linear', leakyreluAlpha }: Finish,
): TensorInfo {
  const x = bias ? run(Add, { a: y, b: bias }) : y;
  if (activation === 'linear') return x;
  if (activation === 'relu') return run(Relu, { x });
  if (activation === 'relu6') return run(Relu6, { x });
  if (activation === 'elu') return run(Elu, { x });
  if (activation === 'sigmoid') return run(Sigmoid, { x });
  if (activation === 'leakyrelu') return run(LeakyRelu, { x }, { alpha: leakyreluAlpha });
  if (activation === 'prelu' && preluActivationWeights)
    return run(Prelu, { x, alpha: preluActivationWeights });
  throw new Refusal({
    code: 'activation-unknown',
    where: 'fused kernel',
    expected: 'linear, relu, relu6, elu, sigmoid, leakyrelu or prelu with its weights',
    actual: String(activation),
    remedy: 'Apply the activation as an op of its own.',
  });
}
