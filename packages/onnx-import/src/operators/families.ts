import { quantization } from './quantization.js';
import type { OperatorFamily } from './reader.js';
import { resizing } from './resize.js';
import { smoothFunctions } from './smooth.js';

/** Every family there is. */
export const EVERY_FAMILY: readonly OperatorFamily[] = [smoothFunctions, resizing, quantization];
