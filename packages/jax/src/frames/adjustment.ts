import type { Tensor } from '../arrays.js';

/** What is added at one nonlinearity: a shift of its shape, or at a maximum the entry `[windows]` that is lifted and by how much. */
export type Adjustment = { readonly shift: Tensor } | { readonly winner: Tensor; readonly lift: Tensor };

/** By the names of nonlinearities: a pytree. */
export type Adjustments = { readonly [node: string]: Adjustment };

/**
 * The sides that policy `sticky` keeps, by the names of nonlinearities: `[regions · kinks, units]`, +1 above the kink, −1 below, 0 for none
 * yet; of a maximum its lifted entries `[windows]`, −1 for none. int32, a pytree that the caller carries from step to step.
 */
export type State = { readonly [node: string]: Tensor };
