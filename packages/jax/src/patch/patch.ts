import { tree } from '@jax-js/jax';
import {
  type AffineMap,
  certify,
  dense,
  type GapBody,
  type Matrix,
  matrix,
  type Network,
  opaqueNetwork,
  PoliceError,
  type Region,
} from '@police/core';
import { assertRegionsFit, checkedTrainingOptions, firstMap, withPatches } from '@police/core/adapter';
import { type Format, leadOf, numbersOf, sizeOf, type Tensor, tensorOf } from '../arrays.js';
import type { TensorTree } from '../checks.js';
import type { Model } from '../model.js';
import { fromNetwork, type Trained } from '../network/from-network.js';
import { toNetwork } from '../network/to-network.js';
import type { Params } from '../nodes/node.js';
import type { Apply } from '../policed-function.js';
import { type PatchMap, RegionPatch } from './region-patch.js';

export interface PatchOptions {
  /**
   * K, by how much an output may differ from a region's map per radius of distance from it.
   * @defaultValue 20
   */
  readonly steepness?: number | undefined;
}

/** The parameters of the function, and a map for each region: all of them are trained. */
export type PatchedParams<P> = { inner: P; maps: PatchMap[] };

/** What `freeze` gives for a function held by patches. */
export interface FrozenPatch {
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
  /** Maps at the start: the fit of the function's outputs on each region. Leaves the parameters, which become part of the result. */
  init(params: P): PatchedParams<P>;
  /** Outputs at rows: A x + b on each region, the function itself wherever it lies between the cones. Uses up both. */
  apply(params: PatchedParams<P>, x: Tensor): Tensor;
  /** A and b of each region now. Leaves the parameters. */
  maps(params: PatchedParams<P>): AffineMap[];
  /** In core, in float64. Leaves the parameters. */
  toNetwork(params: PatchedParams<P>): Network;
  /** Proves the function, as stored, affine on the regions. Leaves the parameters. Throws `not-frozen`. */
  freeze(params: PatchedParams<P>): FrozenPatch;
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
  const { steepness } = checkedTrainingOptions(settings, { known: ['regions'], patches: true });
  const model = typeof of === 'function' ? undefined : of;
  const rowShape = model?.inputShape ?? [regions[0]?.size ?? 0];
  assertRegionsFit(regions, sizeOf(rowShape));
  const inner = (model ? model.apply : of) as Apply<P>;
  const patches = regions.map((region, r) => new RegionPatch(region, steepness!, regions.slice(0, r)));

  const apply = (params: PatchedParams<P>, x: Tensor): Tensor => {
    const rows = x.ref.reshape([...leadOf(x, rowShape), sizeOf(rowShape)]);
    const value = inner(params.inner, x);
    const y = patches.reduce((before, each, r) => each.hold(rows.ref, before, params.maps, r), value);
    tree.dispose(params.maps);
    rows.dispose();
    return y;
  };
  const network = (params: PatchedParams<P>): Network => {
    const maps = params.maps.map(mapOf);
    const outputs = maps[0].b.length;
    const base = model ? toNetwork(model, params.inner as Params) : opaqueNetwork(regions[0].size, outputs);
    return withPatches(
      base,
      patches.map((each, r) => ({
        gap: each.gap.network,
        layers: [dense(maps[r].A, maps[r].b)],
        steepness: steepnessOf(each, params.maps, r),
      })),
    );
  };
  return {
    regions,
    init: params => ({
      inner: params,
      maps: regions.map(region => startOf(inner, params, region, rowShape)),
    }),
    apply,
    maps: params => params.maps.map(mapOf),
    toNetwork: network,
    freeze: params => {
      const net = network(params);
      assertCertified(net, regions);
      const dtype = (params.maps[0]?.A.dtype ?? 'float32') as Format;
      return {
        model: model && fromNetwork(net, { dtype, inputShape: rowShape }),
        network: net,
        maps: params.maps.map(mapOf),
        report: {
          patches: patches.map((each, r) => ({
            steepness: steepnessOf(each, params.maps, r),
            body: each.gap.body,
          })),
        },
      };
    },
  };
}

/** The fit of a function on a region, in the format of its outputs. */
function startOf<P extends TensorTree>(
  inner: Apply<P>,
  params: P,
  region: Region,
  rowShape: readonly number[],
): PatchMap {
  const [first] = tree.leaves<Tensor>(params);
  const dtype = (first?.dtype ?? 'float32') as Format;
  const run = (x: Matrix): Matrix => {
    const rows = tensorOf(x.data, [x.rows, ...rowShape], dtype);
    const y = inner(tree.ref(params), rows);
    const values = numbersOf(y);
    y.dispose();
    return matrix(x.rows, values.length / x.rows, values);
  };
  const { A, b } = firstMap(region, run, 'patch');
  const transposed = Float64Array.from(
    A.data,
    (_, i) => A.data[(i % A.rows) * A.cols + Math.floor(i / A.rows)],
  );
  return { A: tensorOf(transposed, [A.cols, A.rows], dtype), b: tensorOf(b, [A.rows], dtype) };
}

/** The map as numbers: A `[out, D]`. */
function mapOf({ A, b }: PatchMap): AffineMap {
  const [cols, rows] = A.shape;
  const values = numbersOf(A);
  const data = values.map((_, i) => values[(i % cols) * rows + Math.floor(i / cols)]);
  return { A: matrix(rows, cols, data), b: numbersOf(b) };
}

function steepnessOf(each: RegionPatch, maps: readonly PatchMap[], index: number): Float64Array {
  const steepness = each.steepness(maps, index);
  const values = numbersOf(steepness);
  steepness.dispose();
  return values;
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
