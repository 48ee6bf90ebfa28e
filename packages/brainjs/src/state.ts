import {
  PoliceError,
  type Policy,
  type Region,
  type RegionJSON,
  type RegionOptions,
  regionFromJSON,
} from '@police/core';
import { assertFinite, assertSize } from '@police/core/adapter';
import type { Engine } from './engine.js';
import type { AnyNetwork, FlatLayer } from './flat-layer.js';
import { isPositional } from './named-region.js';
import { type Settings, settingsOf } from './settings.js';

/** What brain.js' own `toJSON` gives. */
export type PlainJSON = ReturnType<AnyNetwork['toJSON']>;

/**
 * brain.js's JSON, its biases with the shifts in them, so that a plain network reads a constrained one; beside it what
 * training needs to go on.
 */
export interface PolicedJSON extends PlainJSON {
  police?: PoliceState;
}

/** The constraint and the training state. Arrays are one per layer, from the first hidden one on. */
export interface PoliceState {
  regions: RegionJSON[];
  policy: Exclude<Policy, (...args: never[]) => unknown>;
  mode: Settings['mode'];
  gradient: Settings['gradient'];
  refresh: number;
  epsilon?: number;
  /** Absent before the network has weights. */
  training?: TrainingState;
}

export interface TrainingState {
  /** Without the shifts. */
  biases: number[][];
  /** `[regions, units]`. */
  sides: number[][];
  /** Momentum, `[units, inputs]`. brain.js itself forgets it. */
  changes: number[][];
  adam?: { step: number; low: number[][]; high: number[][]; biasLow: number[][]; biasHigh: number[][] };
}

const arrays = (values: readonly ArrayLike<number>[]): number[][] => values.map(entry => Array.from(entry));

/** Throws `invalid-option` for a policy that is a function, which cannot be saved. */
export function policeState(
  { policy, mode, gradient, refresh, epsilon }: Settings,
  regions: readonly Region[],
  engine?: Engine,
  adamStep?: number,
): PoliceState {
  if (typeof policy === 'function') {
    throw new PoliceError({
      code: 'invalid-option',
      where: 'policy',
      expected: 'a policy that can be saved',
      actual: 'a function',
      remedy: 'Freeze the network and save the frozen one, or use a named policy.',
    });
  }
  const state: PoliceState = {
    regions: regions.map(region => region.toJSON()),
    policy,
    mode,
    gradient,
    refresh,
    ...(epsilon === undefined ? {} : { epsilon }),
  };
  return engine ? { ...state, training: trainingState(engine, adamStep) } : state;
}

function trainingState({ params, sides }: Engine, adamStep?: number): TrainingState {
  const moments = params.flatMap(({ adam }) => (adam ? [adam] : []));
  return {
    biases: arrays(params.map(({ biases }) => biases)),
    sides: arrays(sides),
    changes: arrays(params.map(({ changes }) => changes)),
    ...(adamStep !== undefined
      ? {
          adam: {
            step: adamStep,
            low: arrays(moments.map(({ low }) => low)),
            high: arrays(moments.map(({ high }) => high)),
            biasLow: arrays(moments.map(({ biasLow }) => biasLow)),
            biasHigh: arrays(moments.map(({ biasHigh }) => biasHigh)),
          },
        }
      : {}),
  };
}

/** The settings a saved network was constrained with. Throws `invalid-option` or what the regions' constructors throw. */
export function savedSettings(
  { regions, policy, mode, gradient, refresh, epsilon }: PoliceState,
  options: RegionOptions = {},
): Settings {
  return settingsOf({
    regions: regions?.map(json => regionFromJSON(json, options)),
    policy,
    mode,
    gradient,
    refresh,
    ...(epsilon === undefined ? {} : { epsilon }),
  });
}

/**
 * Throws `not-finite` for weights and biases that are no finite numbers (JSON writes null for NaN and infinity), `invalid-option` for
 * layers that are not brain.js 2's, `shape` for layers of other sizes than `sizes` says: those are what brain.js makes first.
 */
export function assertNumbers({ layers, sizes }: PlainJSON): void {
  if (!Array.isArray(layers)) throw otherJSON('layers', `${layers}`);
  if (!Array.isArray(sizes)) throw otherJSON('sizes', `${sizes}`);
  assertSize(sizes.length, layers.length, 'sizes', 'a list');
  layers.forEach((layer: Partial<PlainJSON['layers'][number]> | null, l) => {
    const { weights, biases } = layer ?? {};
    if (l > 0 && !(Array.isArray(weights) && Array.isArray(biases))) {
      const nodes = Object.values((layer ?? {}) as Record<string, { bias?: unknown } | null>);
      const isOld = nodes.some(node => typeof node?.bias === 'number');
      throw otherJSON(`layers[${l}]`, isOld ? "brain.js 1's nodes by number" : 'neither');
    }
    if (l > 0) assertLayerSize(l, sizes, biases!, weights!);
    assertFinite(biases ?? [], `layers[${l}] biases`);
    weights?.forEach((row, j) => {
      assertFinite(row, `layers[${l}] weights of node ${j}`);
    });
  });
}

function assertLayerSize(
  l: number,
  sizes: readonly number[],
  biases: ArrayLike<number>,
  weights: readonly ArrayLike<number>[],
): void {
  assertSize(biases.length, sizes[l], `layers[${l}] biases`, 'a list');
  assertSize(weights.length, sizes[l], `layers[${l}] weights`, 'a list');
  weights.forEach((row, j) => {
    assertSize(row?.length, sizes[l - 1], `layers[${l}] weights of node ${j}`, 'a list');
  });
}

function otherJSON(where: string, actual: string): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where,
    expected: 'weights and biases, as brain.js 2 saves them',
    actual,
    remedy:
      "Save the network with brain.js 2: of version 1's JSON, node j of a layer has its bias in [j].bias and its weights in [j].weights.",
  });
}

/** Puts saved numbers, one array per layer, in place. Throws `shape` or `not-finite`. */
export function restore(
  into: readonly { set(values: ArrayLike<number>): void; readonly length: number }[],
  saved: readonly ArrayLike<number>[],
  what: string,
): void {
  assertSize(saved.length, into.length, `police.${what}`, 'layers');
  saved.forEach((values, l) => {
    assertSize(values.length, into[l].length, `police.${what}[${l}]`, 'saved numbers');
    assertFinite(values, `police.${what}[${l}]`);
    into[l].set(values);
  });
}

/** Momentum and Adam's moments. Throws as {@link restore}. */
export function restoreOptimizer(layers: readonly FlatLayer[], { changes, adam }: TrainingState): void {
  restore(
    layers.map(layer => layer.changes),
    changes,
    'changes',
  );
  if (!adam) return;
  for (const moment of ['low', 'high', 'biasLow', 'biasHigh'] as const) {
    restore(
      layers.map(layer => layer.adam![moment]),
      adam[moment],
      `adam.${moment}`,
    );
  }
}

/** The regions that are known without the network's lookup. */
export const positional = ({ regions }: Settings): Region[] => regions.filter(isPositional);
