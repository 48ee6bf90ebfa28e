import type { PadMode } from './index-maps.js';
import type { AveragePoolOptions } from './pool-options.js';
import type { CoordinateMode } from './resize-coordinates.js';
import type { NearestMode } from './resize-nearest.js';
import type { Shape } from './shapes.js';

/**
 * Which function made a `Gather`, and of what: an index list does not tell a transposition from a slice, and writers of
 * other formats want to. All options are filled in, axes count from 0.
 *
 * Law: the same function, given these (a padding its operator's `fill`), makes the same operator.
 */
export type GatherOrigin =
  | { readonly kind: 'reshape'; readonly shape: Shape }
  | { readonly kind: 'transpose'; readonly shape: Shape; readonly permutation: readonly number[] }
  | { readonly kind: 'pad'; readonly shape: Shape; readonly pads: readonly number[]; readonly mode: PadMode }
  | {
      readonly kind: 'slice';
      readonly shape: Shape;
      readonly starts: readonly number[];
      readonly ends: readonly number[];
      readonly axes: readonly number[];
      readonly steps: readonly number[];
    }
  | {
      readonly kind: 'gatherAlong';
      readonly shape: Shape;
      readonly axis: number;
      readonly indices: readonly number[];
    }
  | {
      readonly kind: 'resizeNearest';
      readonly shape: Shape;
      /** Absent: `outShape / shape`, exactly. */
      readonly scales?: readonly number[];
      readonly coordinates: CoordinateMode;
      readonly rounding: NearestMode;
    };

/** The same for a `Sparse` operator. */
export type SparseOrigin =
  | ({ readonly kind: 'averagePool' } & Required<AveragePoolOptions>)
  | { readonly kind: 'sumOver' | 'meanOver'; readonly shape: Shape; readonly axes: readonly number[] }
  | {
      readonly kind: 'resizeLinear';
      readonly shape: Shape;
      readonly outSize: readonly number[];
      readonly coordinates: CoordinateMode;
    };
