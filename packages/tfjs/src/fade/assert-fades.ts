import { PoliceError } from '@police/core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Graph } from '../graph/node.js';
import { leavesOf } from '../graph/read.js';
import { Shifted } from '../layers/shifted-layer.js';

/** Throws `unsupported-layer` for what a shift that fades cannot be put before. */
export function assertFades(model: tfl.LayersModel, { nodes }: Graph): void {
  const maximum = nodes.find(({ kind }) => kind === 'max');
  if (maximum) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: maximum.layer,
      expected: 'nonlinearities of one input each, as shifts fade',
      actual: 'a maximum, whose lift does not',
      remedy: "Constrain by method 'patch', or leave out fade.",
    });
  }
  const shifted = leavesOf(model).find(layer => layer instanceof Shifted);
  if (!shifted) return;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: shifted.name,
    expected: 'a model of stock layers',
    actual: 'a frozen one with shifts of its own',
    remedy: 'Constrain the model that it was frozen from, or leave out fade.',
  });
}
