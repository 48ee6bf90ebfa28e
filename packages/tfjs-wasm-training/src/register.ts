import {
  getKernel,
  getKernelsForBackend,
  type KernelConfig,
  registerKernel,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { avgPool3dGrad, avgPoolGrad } from './avg-pool-grad.js';
import { batchMatMul } from './batch-mat-mul.js';
import { cast, select } from './booleans.js';
import { clip } from './clip.js';
import { comparisons } from './comparisons.js';
import { conv2dBackpropInput, conv3dBackpropInput } from './conv-backprop-input.js';
import { conv2dBackpropFilter } from './conv2d-backprop-filter.js';
import { conv2d, depthwiseConv2d } from './convolution.js';
import { settleAll } from './deferred.js';
import { depthwiseBackpropFilter, depthwiseBackpropInput } from './depthwise-backprop.js';
import { dilation2d, dilation2dBackpropFilter, dilation2dBackpropInput } from './dilation.js';
import { einsum } from './einsum.js';
import { reductions } from './empty.js';
import { fusedConvolutions } from './fused-convolution.js';
import { fusedMatMul } from './fused-mat-mul.js';
import { identity } from './identity.js';
import { ofIntegers } from './integers.js';
import type { Replacement } from './kernel.js';
import { maxPool3dGrad, maxPoolGrad } from './max-pool-grad.js';
import { reverse, stridedSlice } from './moved.js';
import { oneHot } from './one-hot.js';
import { avgPool, maxPool, maxPool3d } from './pool.js';
import { prelu } from './prelu.js';
import { refused } from './refused.js';
import { scans } from './scan.js';
import { slice } from './slice.js';
import { mean, sum } from './sum.js';
import { transpose } from './transpose.js';
import { unsortedSegmentSum } from './unsorted-segment-sum.js';

const replacements: Replacement[] = [
  identity,
  conv2d,
  depthwiseConv2d,
  ...fusedConvolutions,
  transpose,
  batchMatMul,
  fusedMatMul,
  sum,
  mean,
  ...reductions,
  ...scans,
  ...refused,
  ...comparisons,
  cast,
  oneHot,
  select,
  prelu,
  slice,
  reverse,
  stridedSlice,
  clip,
  ...ofIntegers,
  dilation2d,
  dilation2dBackpropInput,
  dilation2dBackpropFilter,
  maxPool,
  avgPool,
  maxPool3d,
  maxPoolGrad,
  maxPool3dGrad,
  avgPoolGrad,
  avgPool3dGrad,
  conv2dBackpropFilter,
  conv2dBackpropInput,
  conv3dBackpropInput,
  depthwiseBackpropFilter,
  depthwiseBackpropInput,
  unsortedSegmentSum,
  einsum,
];

interface Change {
  ours: KernelConfig;
  upstream: KernelConfig | undefined;
}

/** Made by `register`, undone by `unregister`; none while unregistered. */
const changes: Change[] = [];

/**
 * Gives the wasm backend the gradient kernels it lacks or has wrong, and faster ones where it is slow. The backend must
 * have been imported; it may have been started or not. Calling it again does nothing.
 *
 * @throws Error if the wasm backend has not been imported
 */
export function register(): void {
  if (changes.length > 0) return;
  if (getKernelsForBackend('wasm').length === 0) {
    throw new Error(
      "@police/tfjs-wasm-training: register() found no wasm kernels. Import '@tensorflow/tfjs-backend-wasm' first, with the same @tensorflow/tfjs-core.",
    );
  }
  for (const { kernelName, over } of replacements) {
    const upstream = getKernel(kernelName, 'wasm');
    // Upstream's set-up stays: its kernel goes on working underneath, and the backend may not have started yet.
    const ours = { ...upstream, kernelName, backendName: 'wasm', kernelFunc: over(upstream?.kernelFunc) };
    put(ours, upstream);
    changes.push({ ours, upstream });
  }
}

/** Restores upstream's kernels, except where somebody else has put another in place of ours meanwhile. */
export function unregister(): void {
  settleAll();
  for (const { ours, upstream } of changes.splice(0)) {
    if (getKernel(ours.kernelName, 'wasm') === ours) put(upstream, ours);
  }
}

function put(config: KernelConfig | undefined, over: KernelConfig | undefined): void {
  if (over) unregisterKernel(over.kernelName, 'wasm');
  if (config) registerKernel(config);
}
