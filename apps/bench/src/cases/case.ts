/** A dense net `size → width × depth → 1`, or a small convolutional one on `side` × `side` grey images. */
export type ModelSpec =
  | { readonly kind: 'dense'; readonly size: number; readonly depth: number; readonly width: number }
  | { readonly kind: 'conv'; readonly side: number; readonly channels: readonly number[] };

export type RegionSpec =
  /** {0, e₁, …, e_D} / √D, the paper's. */
  | { readonly kind: 'simplex' }
  /** Regular, in the plane, of circumradius 1. */
  | { readonly kind: 'polygon'; readonly vertices: number }
  | { readonly kind: 'box' | 'ball'; readonly radius: number };

/**
 * What is timed. `train`: one training step (forward, backward, gradient descent). `predict`: inference with the frozen
 * and with the plain model. `tools`: enforcing, freezing, proving, writing and reading a model once.
 */
export type Task = 'train' | 'predict' | 'tools';

/** What a case measures, as data: the same on every backend. */
export interface BenchCase {
  /** `group/what`, unique. */
  readonly name: string;
  readonly task: Task;
  readonly model: ModelSpec;
  readonly region: RegionSpec;
  /** Rows of data in a step. */
  readonly batch: number;
  /** Of weights and data. */
  readonly seed: number;
  /** Whether `--quick` includes it: not, on the backends that run in Node, or also in a browser, which takes seconds to start. */
  readonly quick: 'no' | 'node' | 'everywhere';
  /** Times the usual limit that a step may take. @defaultValue 1 */
  readonly patience?: number;
  /** Slow-down that the paper measured, on a GPU. */
  readonly paper?: number;
  /** Abscissa of the case in its group's scaling curve. */
  readonly x?: number;
}

export const groupOf = ({ name }: Pick<BenchCase, 'name'>): string => name.split('/')[0];

export const dense = (size: number, depth: number, width: number): ModelSpec => ({
  kind: 'dense',
  size,
  depth,
  width,
});

/** D, the coordinates of an input. */
export const inputSizeOf = (model: ModelSpec): number =>
  model.kind === 'dense' ? model.size : model.side * model.side;
