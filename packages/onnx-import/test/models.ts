import { readFileSync } from 'node:fs';
import { box, type Region } from '@police/core';
import { sharedFolder } from '@police/testing/shared-files';

/** Real networks, not part of the project: `../shared/models` beside the repository. */
const folder = sharedFolder('models');

export const hasModels: boolean = folder !== undefined;
export const MODELS = [
  'acasxu_1_1',
  'acasxu_2_9',
  'conv_mp1',
  'fc1',
  'mnist5x20_leaky_relu',
  'mnist_256x2',
  'nano',
  'small',
  'tinytaxinet',
  'zoo_batchnorm',
  'zoo_conv',
  'zoo_gemm',
  'zoo_leakyRelu',
  'zoo_matmul',
  'zoo_maxpool',
  'zoo_reshape',
  'zoo_transpose',
] as const;

export function modelBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.onnx`, folder)));
}

/** The boxes of a VNN-LIB property: plain assertions on X are one box, each `(and …)` with X is a box of its own. */
export function vnnlibBoxes(name: string, size: number): Region[] {
  const text = readFileSync(new URL(`${name}.vnnlib`, folder), 'utf8').replace(/;.*/g, '');
  const conjunctions = text.match(/\(and[^\n]*X_0[^\n]*\)/g) ?? [text];
  return conjunctions.map(conjunction => {
    const lower = new Array<number>(size).fill(Number.NaN);
    const upper = new Array<number>(size).fill(Number.NaN);
    for (const [, relation, i, bound] of conjunction.matchAll(/\((<=|>=) X_(\d+) (\S+?)\)/g)) {
      (relation === '<=' ? upper : lower)[Number(i)] = Number(bound);
    }
    return box(lower, upper);
  });
}
