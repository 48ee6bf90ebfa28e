import { forwardColumns, type Held, hold } from './forward.js';
import type { Grid } from './grid.js';
import { LineMask, type Pixels } from './line-mask.js';
import { eachSegment } from './segments.js';
import type { PlainNetwork } from './snapshot.js';

/** What one of the two networks looks like. */
export interface Painted {
  /** Outputs `[side²]`, row by row from the top. */
  readonly values: Float32Array;
  /** Share of them that a patch changed. */
  readonly held: number;
  /** Lines where units change sign, over the whole square; only when asked for. */
  readonly bends?: Pixels;
}

/** Pixels between two points of a picture. */
const PIXELS = 7;

export function paint(network: PlainNetwork, grid: Grid, withBends: boolean): Painted {
  return forwardColumns(network, grid.tensor, ({ values: free, preActivations }) => {
    const held = hold(free, network.patches, grid.points);
    return {
      values: held.values,
      held: held.isHeld.reduce((sum, is) => sum + is, 0) / free.length,
      ...(withBends ? { bends: bendLines(preActivations, held, grid.side) } : {}),
    };
  });
}

/** Where units change sign, as far as it shows, and where a patch begins to hold. */
function bendLines(preActivations: readonly Float32Array[], { isHeld, excess }: Held, side: number): Pixels {
  const mask = new LineMask(PIXELS * side);
  const toPixel = (t: number) => PIXELS * (t + 0.5);
  const draw = (x1: number, y1: number, x2: number, y2: number) =>
    mask.line(toPixel(x1), toPixel(y1), toPixel(x2), toPixel(y2));
  for (const layer of preActivations) {
    for (let at = 0; at < layer.length; at += side * side)
      eachSegment(layer.subarray(at, at + side * side), side, draw, isHeld);
  }
  for (const each of excess) eachSegment(each, side, draw);
  return mask.pixels;
}
