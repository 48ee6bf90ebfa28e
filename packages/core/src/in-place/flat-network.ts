import type { Activation } from '../network/activation.js';
import type { FlatNumbers } from '../numeric/products.js';

export type { FlatNumbers };

/** All connections from one layer to another. */
export interface FlatBlock {
  /** 0 for the input, `l + 1` for `layers[l]`. */
  readonly source: number;
  readonly sourceSize: number;
  /** `[units, sourceSize]`, row-major. */
  readonly weights: FlatNumbers;
}

/** A dense layer and its activation: `y = σ(Σ weights · x(source) + bias + shift)`. */
export interface FlatLayer {
  /** For errors. */
  readonly name: string;
  readonly units: number;
  /** `[units]`. */
  readonly bias: FlatNumbers;
  /** In the order in which they are summed. */
  readonly blocks: readonly FlatBlock[];
  /** Read anew in every pass. It may change, its number of kinks may not. */
  readonly activation: Activation;
}

/** Dense layers in flat arrays, which training changes in place; each is fed by any earlier ones. */
export interface FlatNetwork {
  readonly inputSize: number;
  readonly layers: readonly FlatLayer[];
}
