import { assertFinite } from '../errors.js';
import type { ShiftSharing } from '../frames/policed-pass.js';
import { policedBackward, policedForward } from '../gradient/policed-backward.js';
import { forward } from '../network/forward.js';
import { mapNodes, type Network } from '../network/network.js';
import type { AffineNode } from '../network/nodes.js';
import { productOf, withProduct } from '../network/product-layer.js';
import type { Decision } from '../numeric/changes.js';
import { type Matrix, pickRows, rowOf, stackRows } from '../numeric/matrix.js';
import { type Rng, seededRng } from '../numeric/random.js';
import { Scratch, withScratch } from '../numeric/scratch.js';
import type { Region } from '../regions/region.js';
import { adam } from './adam.js';
import type { Candidate } from './candidate.js';
import { imitationGradient, outputScale } from './imitation-loss.js';
import { shuffle } from './split-points.js';

/** How long to train. */
export interface Budget {
  /** Steps of training, the same in every run. */
  readonly steps?: number;
  /** Seconds by the clock instead: what is reached then depends on the machine. */
  readonly seconds?: number;
}

export interface DistilOptions {
  /** What is imitated. */
  readonly original: Network;
  readonly budget: Budget;
  readonly decision: Decision;
  readonly sharing: ShiftSharing;
  readonly isFree: (node: AffineNode) => boolean;
  readonly seed: number;
}

/** Where training is. */
export interface TrainingStep {
  /** Share of the budget that is used. */
  readonly done: number;
  /** The network of now, from time to time. */
  readonly candidate?: Candidate;
}

/** Samples in a step; fewer where there are no more. */
const BATCH = 128;

/**
 * Largest rate, and the share of the budget over which it grows to that; then it falls to 0 as a cosine does. Mixtures are new in every step and bear
 * a larger one, unless units share shifts: the one that needs most decides for a whole channel, and another may in the next step. Measured on MNIST,
 * ACAS Xu and four convolutions in a row.
 */
const RATE = 3e-4;
const MIXED_RATE = 3e-3;
const WARM_UP = 0.05;

/**
 * Share of a step's samples that lie at random between two, where there are fewer samples than numbers to train: the original answers there too. Where
 * samples are many they tell by themselves where the network is used.
 */
const MIXED = 0.5;

/** The longest gradient that is followed as it is. */
const LONGEST = 1;

/** Looks at the network of now, in all. */
const LOOKS = 25;

/**
 * Trains the constrained network (mode `shift`, policy `sticky`) to do on x `[n, inputSize]`, and where rows are few between any two, what the original
 * does: Adam, its rate a cosine to 0 after a warm-up, gradients cut; mixtures of samples as in Zhang et al. 2018, but labelled by the original. Yields before each step; `next(true)` ends it, at the
 * network of now. Which of the networks on the way is best the caller decides. Throws `not-finite` where training diverges.
 */
export function* distil(
  { network, sides: start }: Candidate,
  regions: readonly Region[],
  x: Matrix,
  { original, budget, decision, sharing, isFree, seed }: DistilOptions,
): Generator<TrainingStep, void, boolean | undefined> {
  const layers = freeLayers(network, isFree);
  const move = adam(
    layers.flatMap(({ weight, bias }) => [weight, bias]),
    LONGEST,
  );
  const targets = forward(original, x);
  const scale = outputScale(targets, decision);
  const rng = seededRng(seed);
  const next = batches(x.rows, rng);
  const doneBy = shareOf(budget);
  const scratch = new Scratch();
  const trained = layers.reduce((sum, { weight, bias }) => sum + weight.length + bias.length, 0);
  const mixing = x.rows < trained ? Math.floor(MIXED * Math.min(BATCH, x.rows)) : 0;
  const rate = mixing > 0 && sharing === 'per-unit' ? MIXED_RATE : RATE;
  let sides = start;
  let looks = 0;
  for (let step = 0; ; step++) {
    const done = Math.min(1, doneBy(step));
    const isLook = Math.floor(done * LOOKS) > looks;
    if (isLook) looks = Math.floor(done * LOOKS);
    const now = () => ({ network: withLayers(network, copied(layers)), sides });
    const isStopped = yield { done, ...(isLook ? { candidate: now() } : {}) };
    if (isStopped && !isLook) yield { done, candidate: now() };
    if (isStopped || done === 1) return;
    withScratch(scratch, () => {
      const rows = next();
      const mixed = mixtures(x, rows.slice(0, mixing), mixing > 0 ? next() : [], rng);
      const batch = stackRows([mixed, pickRows(x, rows.slice(mixed.rows))], x.cols);
      const wanted = stackRows(
        [forward(original, mixed), pickRows(targets, rows.slice(mixed.rows))],
        targets.cols,
      );
      const run = policedForward(withLayers(network, layers), regions, batch, {
        sides,
        sharing,
        wantsMaps: false,
      });
      sides = run.sides;
      const gradient = imitationGradient(run.output, wanted, scale, decision);
      const { affine } = policedBackward(run, gradient, { wantsInput: false });
      move(
        layers.flatMap(({ name }) => {
          const { weight, bias } = affine.get(name)!;
          return [weight.data, bias];
        }),
        rate * rateAt(done),
      );
    });
    scratch.reclaim();
  }
}

/** Of some rows each a random mixture with one of the others, λ a + (1 − λ) b. */
function mixtures(x: Matrix, rows: readonly number[], others: readonly number[], rng: Rng): Matrix {
  const mixed = pickRows(x, rows);
  for (let i = 0; i < mixed.rows; i++) {
    const [a, b, share] = [rowOf(mixed, i), rowOf(x, others[i]), rng()];
    for (let k = 0; k < a.length; k++) a[k] = share * a[k] + (1 - share) * b[k];
  }
  return mixed;
}

/** A layer that trains: its own copy of the parameters of a dense layer or a convolution. */
interface FreeLayer {
  readonly name: string;
  readonly weight: Float64Array;
  readonly bias: Float64Array;
}

function freeLayers({ nodes }: Network, isFree: (node: AffineNode) => boolean): FreeLayer[] {
  return nodes.flatMap(node => {
    const product = node.kind === 'affine' && isFree(node) ? productOf(node.operator) : undefined;
    if (!product) return [];
    const [weight, bias] = product.parameters;
    return [{ name: node.name, weight: weight.slice(), bias: bias.slice() }];
  });
}

/** The network with these parameters, which it shares. Throws `not-finite` where one has overflowed. */
function withLayers(net: Network, layers: readonly FreeLayer[]): Network {
  const byName = new Map(layers.map(layer => [layer.name, layer]));
  return mapNodes(net, {
    affine: node => {
      const layer = byName.get(node.name);
      if (!layer) return node;
      const { name, weight, bias } = layer;
      assertFinite(weight, `weights of '${name}'`);
      assertFinite(bias, `bias of '${name}'`);
      const product = productOf(node.operator)!.withParameters(weight, bias);
      return { ...node, operator: withProduct(node.operator, product) };
    },
  });
}

/** Copies, which training leaves alone. */
const copied = (layers: readonly FreeLayer[]): FreeLayer[] =>
  layers.map(({ name, weight, bias }) => ({ name, weight: weight.slice(), bias: bias.slice() }));

/** What share of the budget is used after so many steps. */
function shareOf({ steps = Number.POSITIVE_INFINITY, seconds }: Budget): (step: number) => number {
  if (seconds === undefined) return step => step / steps;
  const start = Date.now();
  return step => Math.max(step / steps, (Date.now() - start) / (1000 * seconds));
}

/** The share of the largest rate. */
function rateAt(done: number): number {
  return Math.min(1, done / WARM_UP) * 0.5 * (1 + Math.cos(Math.PI * done));
}

/** The rows of a step: all rows in a random order, again and again. */
function batches(rows: number, rng: Rng): () => number[] {
  const order = Array.from({ length: rows }, (_, i) => i);
  const size = Math.min(BATCH, rows);
  let at = rows;
  return () => {
    if (at + size > rows) {
      shuffle(order, rng);
      at = 0;
    }
    at += size;
    return order.slice(at - size, at);
  };
}
