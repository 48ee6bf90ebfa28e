import type { FrozenModel, Network, Region } from '@police/core';
import type { Tensor } from './arrays.js';
import type { Adjustments, State } from './frames/adjustment.js';
import type { Trained } from './network/from-network.js';

/** Any function of rows `[n, D]` to `[n, out]`, with parameters of any structure; it uses up both. */
export type Apply<P> = (params: P, x: Tensor) => Tensor;

/**
 * A function under the constraint that it is affine on every region: pure functions over pytrees, which `jit`, `grad` and `vmap` take. The
 * sides that units keep are a state that the caller carries, as an optimizer's.
 */
export interface PolicedFunction<P> {
  readonly regions: readonly Region[];
  /**
   * The state at the start, every unit on the nearer side. Throws `not-finite`, naming the layer, where weights overflow on a region.
   * Leaves the parameters as they are.
   */
  init(params: P): State;
  /**
   * Outputs at rows, one or many, affine on every region to the rounding of the format, and the state for the next step. Uses up all
   * three, as jax-js does. The gradient goes through the shifts; sides have none.
   */
  apply(params: P, state: State, x: Tensor): [y: Tensor, state: State];
  /** What {@link apply} adds at the nonlinearities, to be found once for many batches. Uses up both. */
  adjustments(params: P, state: State): [adjustments: Adjustments, state: State];
  /** {@link apply} with adjustments found before. Uses up all three. */
  applyWith(params: P, adjustments: Adjustments, x: Tensor): Tensor;
  /** The function in core, in float64, its present shifts on the nonlinearities. Leaves both as they are. */
  toNetwork(params: P, state: State): Network;
  /**
   * A plain model whose stored weights are affine on the regions exactly: the shifts folded into the biases, rounded in the format of the
   * parameters (core's `freeze`). Leaves both as they are. Throws `not-finite` or `no-free-shift`.
   */
  freeze(params: P, state: State): FrozenModel<Trained>;
}
