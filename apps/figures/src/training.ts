import { planarNetwork } from '@police/common/network';
import { sizeOf, type Task } from '@police/common/task';
import { certify, type PrescribedMap, type Region } from '@police/core';
import { constrain, freeze } from '@police/tfjs/all';
import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { AdamW } from './adamw.js';
import { batches } from './batches.js';
import { type PlainNetwork, plainNetwork } from './plain-network.js';
import type { Setup } from './settings.js';

/** What a network is kept affine on, and how. */
export interface Constraint {
  readonly regions: readonly Region[];
  readonly method?: 'patch';
  /** Of shifts: the paper's vote at every step, or sides that stay. */
  readonly policy?: 'majority' | 'sticky';
  /** Within so many radii shifts fade out. */
  readonly fade?: number;
  /** Of a patch. */
  readonly steepness?: number;
  /** What the network is to be on its one region. */
  readonly target?: PrescribedMap;
}

/** One network to be trained. */
export interface Training {
  readonly task: Task;
  readonly setup: Setup;
  readonly seed: number;
  /** Absent: the unconstrained network. */
  readonly constraint?: Constraint;
  /** Steps after which the network is kept too, besides the last. */
  readonly stops?: readonly number[];
}

/** A network after some steps, frozen. */
export interface Snapshot {
  readonly step: number;
  readonly network: PlainNetwork;
  /** Whether the frozen weights are proved affine on the regions; absent without regions. */
  readonly certified?: boolean;
}

export interface Trained {
  /** By step, the last one at the end. */
  readonly snapshots: readonly Snapshot[];
  /** Mean losses of equal shares of the steps, at most 100 of them. */
  readonly curve: readonly number[];
  readonly seconds: number;
}

/** Of the rate, at each drop. */
const DROP = 0.3;
/** Steps between two looks at what else there is to do, such as Ctrl-C and the progress bar. */
const STEPS_AT_A_STRETCH = 10;

/** Trains the network. The same seed gives the same weights at the start and the same batches, constrained or not. */
export async function train(training: Training, onStep: () => void = () => {}): Promise<Trained> {
  const { task, setup, seed, constraint, stops = [] } = training;
  const model = constrain(planarNetwork(setup, task.outputs, seed), constraint ?? { regions: [] });
  const optimizer = new AdamW(setup.rate, setup.decay);
  const nextBatch = batchTensors(training);
  const kept = new Set([...stops.filter(step => step < setup.steps), setup.steps]);
  const snapshots: Snapshot[] = [];
  const losses: number[] = [];
  const start = performance.now();
  for (let step = 1; step <= setup.steps; step++) {
    optimizer.rate = rateAt(setup, step - 1);
    const { x, y } = nextBatch();
    losses.push(
      optimizer.step(() => lossOf(task.loss, y, model.apply(x, { training: true }) as tf.Tensor2D)),
    );
    if (kept.has(step)) snapshots.push(snapshot(model, step, training));
    onStep();
    if (step % STEPS_AT_A_STRETCH === 0) await new Promise(resolve => setImmediate(resolve));
  }
  const seconds = (performance.now() - start) / 1000;
  nextBatch.dispose();
  optimizer.dispose();
  model.dispose();
  return { snapshots, curve: shareMeans(losses, 100), seconds };
}

/** The rate drops after each of `drops + 1` equal shares of the steps. */
export const rateAt = ({ rate, drops, steps }: Setup, step: number): number =>
  rate * DROP ** Math.floor(step / Math.floor(steps / (drops + 1)));

/** The next batch as tensors, which live until the next call or `dispose`. */
function batchTensors({ task, setup, seed }: Training): {
  (): { x: tf.Tensor2D; y: tf.Tensor2D };
  dispose(): void;
} {
  const isWhole = setup.batch === undefined || setup.batch >= sizeOf(task);
  const source = isWhole ? undefined : batches(task, setup.batch!, seed);
  const tensors = ({ points, values }: Pick<Task, 'points' | 'values'>) => ({
    x: tf.tensor2d(points, [points.length / 2, 2]),
    y: tf.tensor2d(values, [values.length / task.outputs, task.outputs]),
  });
  let current: { x: tf.Tensor2D; y: tf.Tensor2D } | undefined;
  const next = () => {
    if (source || !current) {
      tf.dispose(current);
      current = tensors(source ? source.next().value : task);
    }
    return current;
  };
  return Object.assign(next, { dispose: () => tf.dispose(current) });
}

function lossOf(loss: Task['loss'], values: tf.Tensor2D, outputs: tf.Tensor2D): tf.Scalar {
  return loss === 'squared'
    ? tf.losses.meanSquaredError(values, outputs)
    : tf.losses.sigmoidCrossEntropy(values, outputs);
}

function snapshot(model: tfl.Sequential, step: number, { setup, constraint }: Training): Snapshot {
  const { network } = freeze(model);
  return {
    step,
    network: plainNetwork(network, setup.leak),
    ...(constraint ? { certified: certify(network, constraint.regions).certified } : {}),
  };
}

/** The means of `count` shares as equal as can be, in order; all values where there are fewer. */
function shareMeans(values: readonly number[], count: number): number[] {
  const shares = Math.min(count, values.length);
  return Array.from({ length: shares }, (_, i) => {
    const share = values.slice(
      Math.round((i * values.length) / shares),
      Math.round(((i + 1) * values.length) / shares),
    );
    return share.reduce((sum, value) => sum + value, 0) / share.length;
  });
}
