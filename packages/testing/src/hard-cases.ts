import {
  chain,
  dense,
  type Network,
  network,
  type Region,
  type Rng,
  regionFromJSON,
  relu,
  vPolytope,
} from '@police/core';
import {
  type ActivationKind,
  activationKinds,
  makeActivation,
  makeRegion,
  pick,
  type RegionKind,
  randomArray,
} from './helpers.js';

/** A region of size about 1 at a distance of about 1e6. */
export function farRegion(kind: RegionKind, rng: Rng): Region {
  const away = randomArray(rng, 4, 1e6);
  const json = makeRegion(kind, 4, rng).toJSON();
  const move = (point: readonly number[]) => point.map((x, i) => x + away[i]);
  if ('vertices' in json) return regionFromJSON({ ...json, vertices: json.vertices.map(move) });
  if ('lower' in json) return regionFromJSON({ ...json, lower: move(json.lower), upper: move(json.upper) });
  if ('centre' in json) return regionFromJSON({ ...json, centre: move(json.centre) });
  throw new Error(`no ${json.kind} far away`);
}

/** 4-16-12-2 whose first biases are −W x for x in the region: pre-activations far smaller than their terms. */
export function cancellingNetwork(region: Region, rng: Rng): Network {
  const layer = (inputs: number, outputs: number) =>
    Array.from({ length: outputs }, () => randomArray(rng, inputs));
  const first = layer(4, 16);
  const x = region.sample(rng);
  return chain(4, [
    dense(
      first,
      first.map(row => -row.reduce((sum, w, k) => sum + w * x[k], 0)),
    ),
    makeActivation(pick(rng, activationKinds), 16, rng),
    dense(layer(16, 12), randomArray(rng, 12)),
    makeActivation(pick(rng, activationKinds), 12, rng),
    dense(layer(12, 2), randomArray(rng, 2)),
  ]);
}

/** Activations on the input, on one another, and two on one affine node. */
export function sharedBias(rng: Rng, kind: ActivationKind): Network {
  const layer = (inputs: number, outputs: number) =>
    dense(
      Array.from({ length: outputs }, () => randomArray(rng, inputs)),
      randomArray(rng, outputs),
    );
  const activation = (units: number) => makeActivation(kind, units, rng);
  return network([
    { kind: 'input', name: 'x', size: 3 },
    { kind: 'activation', name: 'onInput', input: 'x', activation: activation(3) },
    { kind: 'affine', name: 'shared', input: 'onInput', operator: layer(3, 8) },
    { kind: 'activation', name: 'unused', input: 'shared', activation: relu() },
    { kind: 'activation', name: 'first', input: 'shared', activation: activation(8) },
    { kind: 'activation', name: 'second', input: 'first', activation: activation(8) },
    { kind: 'affine', name: 'own', input: 'second', operator: layer(8, 6) },
    { kind: 'activation', name: 'third', input: 'own', activation: activation(6) },
    { kind: 'affine', name: 'y', input: 'third', operator: layer(6, 2) },
  ]);
}

/**
 * A polytope flat but for rounding: points of a plane in ℝ⁴, each moved by some units in the last place. Its frame
 * may leave the thickness out, and must then own up to it in the slack.
 */
export function thinPolytope(rng: Rng): Region {
  const origin = randomArray(rng, 4);
  const axes = [randomArray(rng, 4), randomArray(rng, 4)];
  const thickness = pick(rng, [1, 16, 256, 4096]) * Number.EPSILON;
  return vPolytope(
    Array.from({ length: 9 }, () => {
      const t = randomArray(rng, 2);
      return origin.map((x, k) => x + t[0] * axes[0][k] + t[1] * axes[1][k] + thickness * (2 * rng() - 1));
    }),
  );
}
