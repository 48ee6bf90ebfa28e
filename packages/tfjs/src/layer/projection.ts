import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Constraint } from '../frames/constraint.js';
import type { DevicePass } from '../frames/frame-pass.js';
import { assertHeld } from '../frames/frame-values.js';
import { passFrames } from '../frames/regions-pass.js';
import type { AffineNode } from '../graph/node.js';
import { leavesOf } from '../graph/read.js';
import { fieldsOf } from '../graph/values.js';
import type { TrainingState } from './training-state.js';
import { isSameKey, type WeightsKey, weightsKey } from './weights-key.js';

/**
 * Throws `invalid-option`, naming the layer, unless every nonlinearity follows a layer whose bias can hold its shifts,
 * and no weight has a constraint of its own, which TensorFlow.js would apply to it whenever it is written or loaded.
 */
export function assertProjectable({ graph, sites }: Constraint, model: tfl.LayersModel): void {
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
  for (const { name, weights } of leavesOf(model)) {
    const constrained = weights.find(weight => fieldsOf<{ constraint?: unknown }>(weight).constraint);
    if (constrained)
      throw notProjectable(name, `a constraint on ${constrained.name}, applied on every write`);
  }
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

  /** Whether the weights are those of the last projection. */
  get isDone(): boolean {
    return this.last !== undefined && isSameKey(this.last, weightsKey(this.variables()));
  }

  /** The weights were put back to what a projection left: another one would move them by its rounding. */
  markDone(): void {
    this.last = weightsKey(this.variables());
  }

  /**
   * Leaves the weights alone if they are those of the last projection. Throws `not-finite` for shifts that are not; the device, where it is to
   * compute, hands them on.
   */
  apply(device?: DevicePass): void {
    if (this.isDone) return;
    tf.tidy(() => {
      // All are found and checked before any is written, so that an error leaves the weights as they were.
      const options = { device };
      const { found, foundOnDevice } = passFrames(this.constraint, this.state.previous, options);
      const biases = found.flatMap(each => (each.kind === 'shift' ? [this.moved(each.place, each.c)] : []));
      for (const { value, layer } of biases) assertHeld(value.dataSync(), layer);
      for (const { place, c } of foundOnDevice) biases.push(this.moved(place, c));
      for (const { bias, value } of biases) bias.write(value);
      for (const each of found) this.state.keep(each);
      for (const each of foundOnDevice) this.state.keepOnDevice(each);
    });
    this.markDone();
  }

  /** The bias before a nonlinearity, and what it is with its shifts in it. */
  private moved(place: number, c: tf.Tensor): { bias: tfl.LayerVariable; value: tf.Tensor; layer: string } {
    const { nodes, owners } = this.constraint.graph;
    const { layer, bias } = nodes[owners.get(place)!] as AffineNode & { bias: tfl.LayerVariable };
    const value = tf.add(bias.read(), tf.reshape(c, bias.shape as number[]));
    return { bias, value, layer };
  }
}
