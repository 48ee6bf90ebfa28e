import type { Activation } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import type { DeviceConstants } from './constants.js';
import { indicator, select } from './select.js';

/** An activation's pieces as they are needed on the device: constants, but PReLU's alpha. */
export interface DevicePieces {
  readonly slopes: readonly (number | 'alpha')[];
  readonly offsets: readonly number[];
}

export const devicePieces = ({ pieces }: Activation): DevicePieces => ({
  slopes: pieces.map(({ slope }) => (typeof slope === 'number' ? slope : 'alpha')),
  offsets: pieces.map(({ offset }) => offset),
});

/** What a layer's regions and kinks are on the device. */
export interface PieceLayout {
  /** Rows of each region's frame. */
  readonly rows: readonly number[];
  readonly kinks: number;
}

/**
 * The slopes of the pieces that units lie on, of every region's rows: `[Σ rows, units]`, or `[1, units]` of one region. Exact: of two pieces one is
 * picked, and of more, core has only those whose first and last are flat.
 */
export function slopesOnDevice(
  /** Of bool, `[regions × kinks, units]`. */
  isAbove: tf.Tensor2D,
  { slopes }: DevicePieces,
  layout: PieceLayout,
  constants: DeviceConstants,
  alpha: tf.Tensor | undefined,
): tf.Tensor2D {
  const [first, ...others] = slopes;
  if (others.length === 1) {
    const [last] = others as number[];
    const isSingle = layout.rows.length === 1;
    const on = isSingle ? isAbove : perRow(layout, 'rows of regions', constants, [1], isAbove);
    if (first === 0 && last === 1) return isSingle ? indicator(on, constants) : on;
    const below =
      first === 'alpha'
        ? (tf.broadcastTo(tf.reshape(alpha!, [1, on.shape[1]]), on.shape) as tf.Tensor2D)
        : constants.filled(on.shape, first);
    return select(
      isSingle ? on : tf.greater(on, constants.filled([], 0)),
      constants.filled(on.shape, last),
      below,
    ) as tf.Tensor2D;
  }
  const steps = differences(slopes as number[]);
  const climbed = perRow(layout, `slopes ${slopes}`, constants, steps, isAbove);
  return first === 0 ? climbed : tf.add(climbed, constants.filled([], first as number));
}

/** The offsets of those pieces in the origins' rows, `[Σ rows, units]`; undefined where all are 0. */
export function offsetsOnDevice(
  isAbove: tf.Tensor2D,
  { offsets }: DevicePieces,
  layout: PieceLayout,
  constants: DeviceConstants,
): tf.Tensor2D | undefined {
  if (offsets.every(offset => offset === 0)) return undefined;
  const steps = differences(offsets);
  const climbed = perRow(layout, `offsets ${offsets}`, constants, steps, isAbove, isOrigin);
  const first = constants.rows(`first offsets ${offsets} of ${layout.rows}`, total(layout), () =>
    eachRow(layout, (_, row) => [row === 0 ? offsets[0] : 0]),
  );
  return tf.add(climbed, first);
}

const isOrigin = (row: number): boolean => row === 0;

/** Sums of `steps` `[kinks]` over the kinks that units lie above, in the rows of each region: a product with few columns. */
function perRow(
  layout: PieceLayout,
  name: string,
  constants: DeviceConstants,
  steps: readonly number[],
  isAbove: tf.Tensor2D,
  isWanted: (row: number) => boolean = () => true,
): tf.Tensor2D {
  const { rows, kinks } = layout;
  const table = constants.rows(`${name} of ${rows}`, total(layout), () =>
    eachRow(layout, (region, row) =>
      Array.from({ length: rows.length * kinks }, (_, constraint) =>
        Math.floor(constraint / kinks) === region && isWanted(row) ? steps[constraint % kinks] : 0,
      ),
    ),
  );
  return tf.matMul(table, indicator(isAbove, constants));
}

const total = ({ rows }: PieceLayout): number => rows.reduce((sum, count) => sum + count, 0);

const differences = (values: readonly number[]): number[] =>
  values.slice(1).map((value, k) => value - values[k]);

function eachRow(
  { rows }: PieceLayout,
  entries: (region: number, row: number) => readonly number[],
): number[] {
  return rows.flatMap((count, region) =>
    Array.from({ length: count }, (_, row) => entries(region, row)).flat(),
  );
}
