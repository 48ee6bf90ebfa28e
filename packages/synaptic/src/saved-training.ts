import { PoliceError, type Policy, type RegionJSON, type RegionOptions, regionFromJSON } from '@police/core';
import { assertFinite, assertRegionsFit, assertSize } from '@police/core/adapter';
import type synaptic from 'synaptic';
import { type ActivationJSON, activationFromJSON, activationToJSON } from './activation-json.js';
import { type FlatLayer, type FlatNetwork, layerName } from './flat-network.js';
import { type SquashOptions, settingsOf } from './options.js';
import { PolicedNetwork } from './policed-network.js';
import { type SquashMeanings, squashMeaning } from './squash.js';

const FORMAT = 'police-synaptic-1';

/** What lives from one choice of the shifts to the next, by layer. */
const WINDOW = ['h', 'y', 'slopes', 'shift', 'active', 'pull'] as const;

/** A constrained network between two updates, as plain data for JSON. */
export interface SavedTraining {
  readonly format: typeof FORMAT;
  readonly inputSize: number;
  readonly layers: readonly {
    readonly activation: ActivationJSON;
    readonly bias: readonly number[];
    readonly blocks: readonly { readonly source: number; readonly weights: readonly number[] }[];
  }[];
  readonly regions: readonly RegionJSON[];
  readonly policy: Exclude<Policy, (...args: never[]) => unknown>;
  readonly mode: 'shift' | 'project';
  readonly gradient: 'exact' | 'local';
  readonly refresh: number;
  /** By layer, up to the last one with kinks. */
  readonly sides: readonly (readonly number[])[];
  /** Absent right before shifts are chosen. */
  readonly window?: {
    readonly updates: number;
    readonly layers: readonly Readonly<Record<(typeof WINDOW)[number], readonly number[]>>[];
  };
}

/**
 * Everything that further training depends on: `resume(save(policed))` trains on as `policed` itself does, bit for bit.
 *
 * Throws `invalid-option` for a policy function, which cannot be written down, or `unsupported-layer` for a network that
 * is not constrained.
 */
export function save(policed: synaptic.Network): SavedTraining {
  if (!(policed instanceof PolicedNetwork)) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: 'save',
      expected: 'a network made by constrain()',
      actual: 'another one',
      remedy: 'Use its own toJSON.',
    });
  }
  const { flat, frames, settings, updatesSinceChoice: updates } = policed;
  const { regions, policy, mode, gradient, refresh } = settings;
  if (typeof policy === 'function') {
    throw invalid(
      'policy',
      'a policy that can be saved',
      'a function',
      'Save freeze(network).model, or use a named policy.',
    );
  }
  return {
    format: FORMAT,
    inputSize: flat.inputSize,
    layers: flat.layers.map(({ activation, bias, blocks }) => ({
      activation: activationToJSON(activation),
      bias: Array.from(bias),
      blocks: blocks.map(({ source, weights }) => ({ source, weights: Array.from(weights) })),
    })),
    regions: regions.map(region => region.toJSON()),
    policy,
    mode,
    gradient,
    refresh,
    sides: frames.layers.map(({ kept }) => Array.from(kept)),
    ...(updates === undefined
      ? {}
      : {
          window: {
            updates,
            layers: frames.layers.map(
              state =>
                Object.fromEntries(WINDOW.map(key => [key, Array.from(state[key])])) as Record<
                  (typeof WINDOW)[number],
                  number[]
                >,
            ),
          },
        }),
  };
}

/**
 * The constrained network that was saved. Squashes of your own are to be given as they were to `constrain`; `programs` as for core's
 * `regionFromJSON`.
 *
 * Throws `invalid-option` (not what `save` gives), `unsupported-activation`, `shape` or `not-finite`.
 */
export function resume(
  saved: SavedTraining,
  { activations = new Map(), ...options }: SquashOptions & RegionOptions = {},
): PolicedNetwork {
  if (saved?.format !== FORMAT) {
    throw invalid('format', FORMAT, `${saved?.format}`, 'Pass what save(network) gave.');
  }
  const { policy, mode, gradient, refresh, sides, window } = saved;
  const regions = saved.regions.map(json => regionFromJSON(json, options));
  const settings = settingsOf({ regions, policy, mode, gradient, refresh, activations });
  const flat = flatNetwork(saved, activations);
  assertRegionsFit(regions, flat.inputSize);
  const policed = new PolicedNetwork(flat, settings);
  const { layers } = policed.frames;
  assertSize(sides.length, layers.length, 'sides', 'sides of layers');
  layers.forEach((state, l) => {
    fill(state.kept, sides[l], `${flat.layers[l].name} sides`);
    if (!window) return;
    for (const key of WINDOW)
      fill(state[key], window.layers[l]?.[key] ?? [], `${flat.layers[l].name} ${key}`);
  });
  policed.resumeAt(window?.updates);
  return policed;
}

function fill(target: Float64Array | Int32Array | Int8Array, values: readonly number[], where: string): void {
  assertSize(values.length, target.length, where, 'values');
  assertFinite(values, where);
  target.set(values);
}

function flatNetwork({ inputSize, layers }: SavedTraining, meanings: SquashMeanings): FlatNetwork {
  const sizes = [inputSize, ...layers.map(({ bias }) => bias.length)];
  return {
    inputSize,
    layers: layers.map(({ activation: json, bias, blocks }, l): FlatLayer => {
      const name = layerName(l, layers.length);
      const activation = activationFromJSON(json, meanings.values(), name);
      const units = bias.length;
      return {
        name,
        units,
        bias: filled(units, bias, `${name} bias`),
        blocks: blocks.map(({ source, weights }) => ({
          source,
          sourceSize: sizes[source],
          weights: filled(units * sizes[source], weights, `${name} weights`),
        })),
        squash: squashMeaning(activation, meanings, name),
        activation,
      };
    }),
  };
}

function filled(length: number, values: readonly number[], where: string): Float64Array {
  const array = new Float64Array(length);
  fill(array, values, where);
  return array;
}

function invalid(where: string, expected: string, actual: string, remedy: string): PoliceError {
  return new PoliceError({ code: 'invalid-option', where, expected, actual, remedy });
}
