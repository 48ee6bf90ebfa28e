import { type LinearNode, linearPart } from '../network/forward.js';
import type { MaxNode } from '../network/nodes.js';
import { type Matrix, pickColumns } from '../numeric/matrix.js';
import type { FrameReader, Region } from '../regions/region.js';
import { pairLeads } from '../rule/winners.js';
import { linearOnAxes, readsAxes } from './axial-frame.js';
import type { FixedPiece, FoundRadii } from './found-radii.js';

/**
 * Carries one region's frame through a network, node by node. The values it gives, one column per unit, have the frame's
 * origin as row 0; what the other rows are is for its reader to know.
 */
export interface FramePropagator {
  readonly region: Region;
  readonly reader: FrameReader;
  /** Values at the input. */
  start(): Matrix;
  /** Values after a linear node, its bias left out. */
  linear(node: LinearNode, inputs: readonly Matrix[]): Matrix;
  /** See {@link pairLeads}, over the values before a maximum. */
  leads(node: MaxNode, input: Matrix): Float64Array;
  /** Tells, once a nonlinearity's pieces are chosen, what it does to rows of directions. */
  fixPiece(name: string, piece: FixedPiece): void;
  /** Where directions are streamed: what was found of them. */
  readonly found?: FoundRadii;
  /** The whole frame `[d + 1, units.length]` of some of a node's units, given its values. */
  columns(name: string, values: Matrix, units: ArrayLike<number>): Matrix;
}

/** Keeps all d + 1 rows. */
export function wholePropagator(region: Region): FramePropagator {
  return {
    region,
    reader: region,
    start: () => region.frame,
    linear: (node, inputs) =>
      node.kind === 'affine' && readsAxes(node.operator, region, inputs[0])
        ? linearOnAxes(node.operator, region)
        : linearPart(node, inputs),
    leads: ({ windows }, input) => pairLeads(windows, region, input),
    fixPiece: () => {},
    columns: (_name, values, units) => pickColumns(values, units),
  };
}
