import { numpy as np, tree } from '@jax-js/jax';
import { holdDemand, type Network, PoliceError, type Precision, prescribeByCorrection } from '@police/core';
import { jacobianSolver, roundNetwork } from '@police/core/adapter';
import { constant, leadOf, sizeOf, type Tensor } from '../arrays.js';
import type { TensorTree } from '../checks.js';
import { type Constrained, policedFunction } from '../constrained.js';
import type { Adjustment, Adjustments, Correction } from '../frames/adjustment.js';
import type { PolicedFunction } from '../policed-function.js';
import { HeldMaps } from './held-maps.js';
import { fitOf, formatOf, type RegionMap, type WithMaps } from './region-map.js';

/**
 * A constrained function whose map on the region is the target's: A and b that are not given are parameters, beside those of the
 * function, whose own map is taken off at every step. `hold` is the projection of projected gradient descent.
 */
export interface TargetedFunction<P> extends PolicedFunction<WithMaps<P>> {
  /**
   * The parameters with the map to start from: the function's own on the region, or the nearest one to it that the target allows. Leaves the
   * parameters, which become part of the result.
   */
  withMaps(params: P): WithMaps<P>;
  /**
   * Takes the map to the nearest one that meets the demand; call it after every step, not under `jit`: it reads A and b. Without a demand
   * nothing changes. Uses up the parameters, as a step does. Throws `not-finite`.
   */
  hold(params: WithMaps<P>): WithMaps<P>;
}

/** Where adjustments keep what the target adds. */
const CORRECTION = 'target correction';

/** Throws `infeasible-target` (also for a region that does not fill its space), `shape` or `not-finite`. */
export function targetedFunction<P extends TensorTree>(inner: Constrained<P>): TargetedFunction<P> {
  const { regions, rowShape, outputShape, targets } = inner;
  const held = new HeldMaps(regions, targets);
  const correctionOf = corrector(inner);
  if (outputShape) assertFits(outputShape, held);
  const policed = policedFunction<WithMaps<P>>({
    ...inner,
    find: (params, state) => {
      const found = inner.find(params.inner, state);
      const [map] = held.present(params.maps);
      const correction = correctionOf(found.outputs[0].ref, map);
      return { ...found, adjustments: { ...found.adjustments, [CORRECTION]: correction } };
    },
    run: (params, adjustments, x) => {
      const { [CORRECTION]: correction, ...shifts } = adjustments as Adjustments & {
        [CORRECTION]: Correction;
      };
      const rows = x.ref.reshape([...leadOf(x, rowShape), sizeOf(rowShape)]);
      const y = inner.run(params.inner, shifts as Record<string, Adjustment>, x);
      return y.add(np.dot(rows, correction.weight.ref)).add(correction.bias.ref.reshape([-1]));
    },
    check: ({ inner: params }) => inner.check?.(params),
    enforced: ({ inner: params }, state) => inner.enforced(params, state),
    targeted: (net, { maps }, precision) => targetedNetwork(inner, held, maps, net, precision),
  });
  const own = policedFunction(inner);
  return {
    ...policed,
    withMaps: params => {
      const state = own.init(params);
      const apply = (weights: P, x: Tensor): Tensor => {
        const [y, next] = own.apply(weights, tree.ref(state), x);
        tree.dispose(next);
        return y;
      };
      const fit = fitOf(apply, params, regions[0], rowShape, 'police');
      tree.dispose(state);
      return { inner: params, maps: held.start([fit], formatOf(params)) };
    },
    hold: ({ inner: params, maps }) => ({ inner: params, maps: held.hold(maps) }),
  };
}

/** What is to be added so that the function, whose frame values at the outputs are given, is a map on the region; uses up both. */
function corrector<P>({ regions: [region], frames: [frame] }: Constrained<P>) {
  const { size } = region;
  const solver = jacobianSolver(region);
  const toJacobian = constant(solver.data, [size, solver.cols]);
  const origin = constant(region.frame.data.subarray(0, size), [1, size]);
  return (outputs: Tensor, { A, b }: RegionMap): Correction => {
    const { dtype } = outputs;
    const atOrigin = outputs.ref.slice([0, 1]);
    const rest = outputs.slice([1, frame.count]);
    const directions = frame.body.isOfPoints ? rest.sub(atOrigin.ref) : rest;
    const weight = A.ref.sub(np.dot(toJacobian(dtype), directions));
    // At the origin x₀: f(x₀) + x₀ weight + bias = x₀ A + b.
    const wanted = np.dot(origin(dtype), A).add(b);
    const bias = wanted.sub(atOrigin).sub(np.dot(origin(dtype), weight.ref));
    return { weight, bias };
  };
}

/** With the target in place: of a frozen network in the numbers of its format, a demand proved. */
function targetedNetwork<P>(
  { regions: [region], targets = [] }: Constrained<P>,
  held: HeldMaps,
  maps: readonly RegionMap[],
  net: Network,
  precision?: Precision,
): Network {
  const [target] = targets;
  const [near] = held.numbers(maps);
  if (precision && target && 'kind' in target)
    return holdDemand(net, region, target, { precision, near }).network;
  const corrected = prescribeByCorrection(net, region, near);
  return precision ? roundNetwork(corrected, precision) : corrected;
}

/** Throws `invalid-option` unless the outputs are a vector, or as `HeldMaps.holders`. */
function assertFits(outputShape: readonly number[], held: HeldMaps): void {
  if (outputShape.length === 1) {
    held.holders(outputShape[0]);
    return;
  }
  throw new PoliceError({
    code: 'invalid-option',
    where: 'target',
    expected: 'a vector of outputs',
    actual: `outputs of shape ${outputShape.join(' × ')}`,
    remedy: 'Put flatten() at the end.',
  });
}
