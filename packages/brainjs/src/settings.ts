import type { Region, TrainingOptions } from '@police/core';
import { checkedTrainingOptions, type TrainingOption, type TrainingSettings } from '@police/core/adapter';
import { isNamedRegion, type NamedRegion } from './named-region.js';

type Known = 'policy' | 'mode' | 'gradient' | 'refresh' | 'epsilon';
const KNOWN: readonly TrainingOption[] = ['regions', 'policy', 'mode', 'gradient', 'refresh', 'epsilon'];

interface Regions {
  /**
   * Where the network must be affine. Coordinates are those of the input array; of a network that takes objects,
   * those of its `inputLookup`, or better by name. None: the plain network, for comparison.
   */
  readonly regions: readonly (Region | NamedRegion)[];
}

/**
 * How a network is constrained. With policy `sticky`, output units that straddle their kink go to the upper side, where they can
 * follow the data. In mode `shift`, outputs that their shift holds at 0 while the data pull them up are an exception
 * to the exact gradient, see `freeHeldOutputs`. With `refresh`, `run`, `freeze` and what is saved have the shifts of the
 * present weights all the same: only training sees old ones. `epsilon` accepts sigmoid and tanh.
 */
export type ConstrainOptions = Pick<TrainingOptions, Known> & Regions;

/** The options with their defaults, checked. */
export type Settings = Pick<TrainingSettings, Known> & Regions;

/** Throws `invalid-option`. */
export const settingsOf = (options: ConstrainOptions): Settings =>
  checkedTrainingOptions(options, { known: KNOWN, acceptsRegion: isNamedRegion });
