import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Graph } from './graph/node.js';
import { type ConstraintSettings, sharingOf } from './remedy.js';

/**
 * Throws `invalid-option` unless every nonlinearity follows a layer whose bias can hold its shifts, which mode `project`
 * needs.
 */
export function assertProjectable(graph: Graph, settings: Pick<ConstraintSettings, 'sharing'>): void {
  graph.nodes.forEach((node, place) => {
    if (node.kind === 'max') throw notProjectable(node.layer, 'a maximum, whose winners are lifted');
    if (node.kind !== 'activation') return;
    const owner = graph.owners.get(place);
    const source = owner === undefined ? undefined : graph.nodes[owner];
    if (source?.kind !== 'affine')
      throw notProjectable(node.layer, 'a nonlinearity after no layer with a bias of its own');
    if (!source.bias) throw notProjectable(source.layer, 'a layer without one');
    if (source.sharing && !sharingOf(graph, place, settings)) {
      throw notProjectable(source.layer, 'one bias per channel, and shifts per unit');
    }
  });
}

function notProjectable(where: string, actual: string): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where,
    expected: "in mode 'project', a bias that can hold the shifts",
    actual,
    remedy: "Use mode 'shift'.",
  });
}

/** Adds shifts to the bias before a nonlinearity. */
export function projected({ nodes, owners }: Graph, place: number, c: tf.Tensor): void {
  const owner = nodes[owners.get(place)!];
  if (owner.kind !== 'affine') return;
  const bias = owner.bias!;
  bias.write(tf.add(bias.read(), tf.reshape(c, bias.shape as number[])));
}
