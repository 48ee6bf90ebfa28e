// Where in the ONNX graph the numbers live that policing changes.
import { withoutBatch } from './broadcast.js';
import type { FloatType } from './tensor.js';

/** A constant tensor: its sizes (the batch's axis left out, where it would be 1) and type. */
export interface Format {
  readonly dims: readonly number[];
  readonly dtype: FloatType;
}

/** Where the bias of a core affine node is stored. Its entries are the operator's bias groups, or its units. */
export type BiasSite = Format & { readonly node: number } & (
    | {
        /** A constant input of the node; subtracted where `negated`. */
        readonly kind: 'input';
        readonly input: number;
        readonly negated: boolean;
      }
    /** Nowhere yet: an optional input that the node lacks. */
    | { readonly kind: 'missing'; readonly input: number }
    /** Nowhere: an Add after the node. */
    | { readonly kind: 'after' }
  );

/**
 * Where the weights of a core affine node are stored: a constant input of the node, whose entries are the operator's first
 * parameters in their order, or, where `transposed`, those of the matrix `[dims[0], dims[1]]` turned over.
 */
export interface WeightSite extends Format {
  readonly node: number;
  readonly input: number;
  /** Rows and columns of what is stored, where the operator stores it turned over. */
  readonly transposed?: readonly [rows: number, cols: number];
}

/** Before which input of a node an Add holds the shift of a core activation. */
export interface ShiftSite extends Format {
  readonly node: number;
  readonly input: number;
  /** Inputs of later nodes that read the same tensor as parts of the activation. */
  readonly also?: readonly { readonly node: number; readonly input: number }[];
  /** Whether the tensor has an axis for the batch besides. */
  readonly isBatched: boolean;
}

/** The site before places that read a tensor of these sizes. */
export function shiftSiteOf(
  places: Pick<ShiftSite, 'node' | 'input' | 'also'>,
  shape: readonly number[],
  dtype: FloatType,
): ShiftSite {
  const dims = withoutBatch(shape);
  return { ...places, dims, dtype, isBatched: dims.length < shape.length };
}

/** A tensor whose entries compete in a maximum. */
export interface MaxTerm {
  readonly tensor: string;
  /** Its first entry's index in the core node's input, and how many it has there. */
  readonly start: number;
  readonly size: number;
  /** Whether its entries compete for the results one by one, as in Max, after broadcasting; not so in pools. */
  readonly isElementwise: boolean;
  /** Its values, where they are constant. */
  readonly constant?: Float64Array;
}

/** The node that computes a core maximum, or, where `negated`, a minimum as −max(−x). `dims` are the result's. */
export interface MaxSite extends Format {
  readonly node: number;
  readonly negated: boolean;
  readonly terms: readonly MaxTerm[];
  /** Sizes of a pool's input, the batch's axis left out; absent for a Max or Min, which takes further inputs. */
  readonly pooledDims?: readonly number[];
}

export interface Sites {
  readonly biases: ReadonlyMap<string, BiasSite>;
  readonly weights: ReadonlyMap<string, WeightSite>;
  readonly shifts: ReadonlyMap<string, ShiftSite>;
  readonly maxima: ReadonlyMap<string, MaxSite>;
}
