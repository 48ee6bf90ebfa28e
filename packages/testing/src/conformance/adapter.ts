import type { FrozenModel, Matrix, Network, Policy, Region, Sides } from '@police/core';
import type { TrainingOption } from '@police/core/adapter';

export const MODES = ['shift', 'project'] as const;
export type Mode = (typeof MODES)[number];

/** What every adapter's `constrain` takes, with `refresh`, of which refusals are tested; an adapter may take more. */
export interface ConformanceOptions {
  readonly regions: readonly Region[];
  readonly policy?: Policy;
  readonly mode?: 'shift' | 'project';
  readonly gradient?: 'exact' | 'local';
  /** Given with the adapter's smooth activations. */
  readonly epsilon?: number;
}

/** How far from affine smooth activations may be on their tails. */
export const EPSILON = 2 ** -12;

/** The model to make: `widths[0] → … → widths.at(-1)` with one of the adapter's activations, weights seeded and of order `gain`. */
export interface ModelSpec {
  readonly widths: readonly number[];
  readonly activation: string;
  readonly seed: number;
  readonly gain: number;
  /** What all weights are instead, with biases of 0. */
  readonly weight?: number;
}

export type Eventually<T> = T | Promise<T>;

/**
 * A framework as the conformance suite sees it: the contract of the design (`read`, `constrain`, `freeze`, `write`) and
 * what it takes to check its laws. `Model` is the framework's own, `Policed` what `constrain` makes of it.
 */
export interface ConformanceAdapter<Model, Policed> {
  /** Activations the adapter constrains, and activations it refuses, by the framework's names. */
  readonly activations: readonly string[];
  readonly refused: readonly string[];
  /** Activations, none of them exactly affine, that it refuses but with `epsilon`. {@link read} takes them with {@link EPSILON}. */
  readonly smooth?: readonly string[];
  /** Activations that no ONNX file holds. */
  readonly unexported?: readonly string[];
  /** Modes to test. @defaultValue both */
  readonly modes?: readonly Mode[];
  /**
   * The options it knows, where the framework has no use for some: training loops that are the user's own leave nothing to refresh.
   * @defaultValue those of {@link ConformanceOptions}, and `refresh`
   */
  readonly options?: readonly TrainingOption[];
  /** What errors call `constrain`. @defaultValue 'constrain' */
  readonly entry?: string;
  /**
   * Whether the rule runs as tensor operations: then regions of kinds that core does not know, and policy functions, are refused by name.
   * @defaultValue false
   */
  readonly isOnDevice?: boolean;
  /** Unit roundoff of the framework's arithmetic: 2⁻²⁴ or 2⁻⁵³. */
  readonly roundoff: number;
  makeModel(spec: ModelSpec): Model;
  /** Puts a NaN among the weights. */
  spoil(model: Model): void;
  /** A copy of every weight and bias, to see that nothing changed. */
  weightsOf(model: Model | Policed): number[];
  /** The framework's outputs `[n, outputSize]` on rows `[n, inputSize]`. */
  run(model: Model | Policed, x: Matrix): Eventually<Matrix>;
  /** As a core network; of a constrained model the constraint included, with the shifts on its nonlinearities. */
  read(model: Model | Policed): Network;
  constrain(model: Model, options: ConformanceOptions): Policed;
  /** The network that the present shifts were found for: {@link read} without them. */
  raw(policed: Policed): Network;
  /** The shifts the adapter itself uses now, by the name of {@link raw}'s activation; zeros (or none) in mode `project`. */
  shifts(policed: Policed): Readonly<Record<string, ArrayLike<number>>>;
  /** The sides kept, by the name of {@link raw}'s activation. */
  sides(policed: Policed): Sides;
  /**
   * Trains on rows x and targets with at least as many updates as rows; `afterStep` is to be called after every update. Rejects
   * or throws what the framework or the adapter throws.
   */
  train(policed: Policed, x: Matrix, targets: Matrix, afterStep: () => void): Eventually<void>;
  freeze(policed: Policed): FrozenModel<Model>;
  /** A plain model of a frozen network. */
  write(network: Network): Model;
}
