import type { Dense } from '@police/core';
import { floats, type Operation, operation, reshaped, type Value } from '../operation.js';

/** Gemm, `y = x Wᵀ + b`, with the weight as core stores it, `[out, in]`. */
export function denseOperation({ weight, bias }: Dense, x: Value, where: string): Operation {
  const { rows, cols } = weight;
  const inputs = [
    reshaped(x, [cols]),
    floats('weight', [rows, cols], weight.data, where),
    floats('bias', [rows], bias, where),
  ];
  return operation('Gemm', inputs, [rows], [{ name: 'transB', type: 'int', value: 1 }]);
}
