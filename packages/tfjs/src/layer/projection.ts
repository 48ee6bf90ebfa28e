import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Constraint } from '../frames/constraint.js';
import { passFrames } from '../frames/frame-pass.js';
import type { AffineNode } from '../graph/node.js';
import type { TrainingState } from './training-state.js';
import { isSameKey, type WeightsKey, weightsKey } from './weights-key.js';

/**
 * Throws `invalid-option` unless every nonlinearity follows a layer whose bias can hold its shifts, which mode `project`
 * needs.
 */
export function assertProjectable({ graph, sites }: Constraint): void {
  graph.nodes.forEach((node, place) => {
    if (node.kind === 'max') throw notProjectable(node.layer, 'a maximum, whose winners are lifted');
    if (node.kind !== 'activation') return;
    const owner = graph.owners.get(place);
    const source = owner === undefined ? undefined : graph.nodes[owner];
    if (source?.kind !== 'affine')
      throw notProjectable(node.layer, 'a nonlinearity after no layer with a bias of its own');
    if (!source.bias) throw notProjectable(source.layer, 'a layer without one');
    if (source.sharing && !sites.get(place)!.sharing) {
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

/** Mode `project`: folds the shifts into the biases themselves. */
export class Projection {
  private last: WeightsKey | undefined;

  constructor(
    private readonly constraint: Constraint,
    private readonly state: TrainingState,
    /** All that the shifts depend on. */
    private readonly variables: () => readonly tfl.LayerVariable[],
  ) {}

  /** Leaves the weights alone if they are those of the last projection. */
  apply(): void {
    if (this.last && isSameKey(this.last, weightsKey(this.variables()))) return;
    tf.tidy(() => {
      // All are found before any is written, so that an error leaves the weights as they were.
      const { found } = passFrames(this.constraint, this.state.previous);
      for (const each of found) {
        if (each.kind === 'shift') addToBias(this.ownerOf(each.place), each.c);
        this.state.keep(each);
      }
    });
    this.last = weightsKey(this.variables());
  }

  private ownerOf(place: number): AffineNode {
    const { nodes, owners } = this.constraint.graph;
    return nodes[owners.get(place)!] as AffineNode;
  }
}

function addToBias({ bias }: AffineNode, c: tf.Tensor): void {
  bias!.write(tf.add(bias!.read(), tf.reshape(c, bias!.shape as number[])));
}
