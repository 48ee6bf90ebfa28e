import type { Tensor } from '../arrays.js';

/** What is added at one nonlinearity: a shift of its shape, or at a maximum to each entry of its windows, `[windows, size]`. */
export type Adjustment = { shift: Tensor } | { lift: Tensor };

/** What a target adds to the outputs: x weight + bias, weight `[D, out]`, bias `[1, out]`. */
export type Correction = { weight: Tensor; bias: Tensor };

/** By the names of nonlinearities; with a target also what it adds, under `target correction`: a pytree. */
export type Adjustments = { [node: string]: Adjustment | Correction };

/**
 * The sides that policy `sticky` keeps, by the names of nonlinearities: `[regions · kinks, units]`, +1 above the kink, −1 below, 0 for none
 * yet; of a maximum its lifted entries `[windows]`, −1 for none. int32, a pytree that the caller carries from step to step.
 */
export type State = { [node: string]: Tensor };

/** What a pass over the regions finds: what to add at each nonlinearity, and the sides to keep. */
export interface PassResult {
  readonly adjustments: Adjustments;
  readonly state: State;
  /** Frame values at the outputs of each region `[d + 1, out]`, as its body reads them, where they are asked for. */
  readonly outputs: readonly Tensor[];
}
