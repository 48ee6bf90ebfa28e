import { tree } from '@jax-js/jax';
import {
  type AffineMap,
  certify,
  dense,
  type FrozenModel,
  type GapBody,
  type Network,
  opaqueNetwork,
  PoliceError,
  type Region,
  type Target,
} from '@police/core';
import { assertRegionsFit, checkedTrainingOptions, provenTargets, withPatches } from '@police/core/adapter';
import { type Format, leadOf, numbersOf, sizeOf, type Tensor } from '../arrays.js';
import type { TensorTree } from '../checks.js';
import { HeldMaps } from '../maps/held-maps.js';
import { fitOf, formatOf, tensorsOfMap, type WithMaps } from '../maps/region-map.js';
import type { Model } from '../model.js';
import { fromNetwork, type Trained } from '../network/from-network.js';
import { toNetwork } from '../network/to-network.js';
import type { Params } from '../nodes/node.js';
import type { Apply } from '../policed-function.js';
import { RegionPatch } from './region-patch.js';

/** Of `patch`: how steep it is. */
export interface PatchOptions {
  /**
   * K, by how much an output may differ from a region's map per radius of distance from it.
   * @defaultValue 20
   */
  readonly steepness?: number | undefined;
  /**
   * What a region's map is: `A x + b`, or A alone, or what it must be like, one of core's `demands`, to which `hold` takes it. Of one region,
   * or a list, undefined where a region is free.
   * @defaultValue none: the maps are trained
   */
  readonly target?: Target | readonly (Target | undefined)[] | undefined;
}

/** What `freeze` gives for a function held by patches. */
export interface FrozenPatch extends Pick<FrozenModel<unknown>, 'demands'> {
  /** A plain model; none where the function is not one of layers. */
  readonly model: Trained | undefined;
  /** A function that is not one of layers is a node of which nothing is known: a patch does not mind. */
  readonly network: Network;
  readonly maps: readonly AffineMap[];
  readonly report: {
    /** In the order of the regions: K `[out]`, and where the model is the map, the region or a body around it. */
    readonly patches: readonly { readonly steepness: Float64Array; readonly body: GapBody }[];
  };
}

/** A function that is affine on every region whatever it is there: pure, without a state. */
export interface PatchedFunction<P extends TensorTree> {
  readonly regions: readonly Region[];
  /**
   * Maps at the start: the fit of the function's outputs on each region, or what its target makes of that. Leaves the parameters, which become
   * part of the result. Throws `infeasible-target`.
   */
  init(params: P): WithMaps<P>;
  /** Outputs at rows: A x + b on each region, the function itself wherever it lies between the cones. Uses up both. */
  apply(params: WithMaps<P>, x: Tensor): Tensor;
  /**
   * Takes the maps to the nearest ones that meet their demands; call it after every step, not under `jit`: it reads them. Without a demand
   * nothing changes. Uses up the parameters, as a step does. Throws `not-finite`.
   */
  hold(params: WithMaps<P>): WithMaps<P>;
  /** A and b of each region now. Leaves the parameters. */
  maps(params: WithMaps<P>): AffineMap[];
  /** In core, in float64. Leaves the parameters. */
  toNetwork(params: WithMaps<P>): Network;
  /** Proves the function, as stored, affine on the regions. Leaves the parameters. Throws `not-frozen`. */
  freeze(params: WithMaps<P>): FrozenPatch;
}

/**
 * Holds a function's outputs between two cones around an affine map of each region, `y = max(min(f, a + K d), a − K d)`, d the distance from the
 * region in its radii (core's `gapOf`): y = a on the regions and y = f wherever |f − a| ≤ K d, both to the bit. The function may be any,
 * smooth ones included; no shift is needed. Parameters and maps are trained together.
 *
 * Throws a `PoliceError`: `shape`, `invalid-option` (also regions that meet) or what `gapOf` throws.
 *
 * @example
 * const patched = patch((params, x) => mlp(params, x), [box([-1, -1], [1, 1])]);
 * let params = patched.init(mlpParams);
 * patched.apply(tree.ref(params), x);
 */
export function patch(of: Model, regions: readonly Region[], options?: PatchOptions): PatchedFunction<Params>;
export function patch<P extends TensorTree>(
  of: Apply<P>,
  regions: readonly Region[],
  options?: PatchOptions,
): PatchedFunction<P>;
export function patch<P extends TensorTree>(
  of: Model | Apply<P>,
  regions: readonly Region[],
  options: PatchOptions = {},
): PatchedFunction<P> {
  const settings = { ...options, method: 'patch', regions };
  const { steepness, target } = checkedTrainingOptions(settings, {
    known: ['regions', 'target'],
    patches: true,
  });
  const model = typeof of === 'function' ? undefined : of;
  const rowShape = model?.inputShape ?? [regions[0]?.size ?? 0];
  assertRegionsFit(regions, sizeOf(rowShape));
  const inner = (model ? model.apply : of) as Apply<P>;
  const held = new HeldMaps(regions, target);
  if (model) held.holders(sizeOf(model.outputShape));
  const patches = regions.map((region, r) => new RegionPatch(region, steepness!, regions.slice(0, r)));

  const apply = (params: WithMaps<P>, x: Tensor): Tensor => {
    const rows = x.ref.reshape([...leadOf(x, rowShape), sizeOf(rowShape)]);
    const value = inner(params.inner, x);
    const maps = held.present(params.maps);
    const y = patches.reduce((before, each, r) => each.hold(rows.ref, before, maps, r), value);
    tree.dispose(maps);
    tree.dispose(params.maps);
    rows.dispose();
    return y;
  };
  const network = ({ inner: weights, maps: arrays }: WithMaps<P>, maps: readonly AffineMap[]): Network => {
    const outputs = maps[0].b.length;
    const base = model ? toNetwork(model, weights as Params) : opaqueNetwork(regions[0].size, outputs);
    const steepnesses = steepnessesOf(patches, maps, formatOf(arrays));
    return withPatches(
      base,
      patches.map(({ gap }, r) => ({
        gap: gap.network,
        layers: [dense(maps[r].A, maps[r].b)],
        steepness: steepnesses[r],
      })),
    );
  };
  return {
    regions,
    init: params => {
      const fits = regions.map(region => fitOf(inner, params, region, rowShape, 'patch'));
      return { inner: params, maps: held.start(fits, formatOf(params)) };
    },
    apply,
    hold: params => ({ inner: params.inner, maps: held.hold(params.maps) }),
    maps: params => held.numbers(params.maps),
    toNetwork: params => network(params, held.numbers(params.maps)),
    freeze: params => {
      const maps = held.stored(params.maps);
      const dtype = formatOf(params.maps);
      const net = network(params, maps);
      assertCertified(net, regions);
      const steepnesses = steepnessesOf(patches, maps, dtype);
      return {
        model: model && fromNetwork(net, { dtype, inputShape: rowShape }),
        network: net,
        maps,
        ...provenTargets(net, regions, target),
        report: {
          patches: patches.map(({ gap: { body } }, r) => ({ steepness: steepnesses[r], body })),
        },
      };
    },
  };
}

function steepnessesOf(
  patches: readonly RegionPatch[],
  maps: readonly AffineMap[],
  dtype: Format,
): Float64Array[] {
  const arrays = maps.map(map => tensorsOfMap(map, dtype));
  const found = patches.map((each, r) => {
    const steepness = each.steepness(arrays, r);
    const values = numbersOf(steepness);
    steepness.dispose();
    return values;
  });
  tree.dispose(arrays);
  return found;
}

function assertCertified(net: Network, regions: readonly Region[]): void {
  const proof = certify(net, regions);
  if (proof.certified) return;
  throw new PoliceError({
    code: 'not-frozen',
    where: proof.layer,
    expected: 'a patched model that is affine on the regions, as stored',
    actual: `unit ${proof.unit} ${-proof.margin} off on region ${proof.region}`,
    remedy: 'The maps have grown too large beside the regions: lower the learning rate, or scale the inputs.',
  });
}
