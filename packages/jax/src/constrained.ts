import { tree } from '@jax-js/jax';
import type { Enforced, Network, Precision, Region, Target } from '@police/core';
import type { Tensor } from './arrays.js';
import { assertFiniteAdjustments, type TensorTree } from './checks.js';
import type { Adjustments, PassResult, State } from './frames/adjustment.js';
import type { RegionFrame } from './frames/start.js';
import { formatOf } from './maps/region-map.js';
import { freezeModel } from './network/freeze.js';
import type { PolicedFunction } from './policed-function.js';

/** What a constrained function is made of: functions that leave what they are given, but x. */
export interface Constrained<P> {
  readonly regions: readonly Region[];
  readonly frames: readonly RegionFrame[];
  /** Of one row of inputs. */
  readonly rowShape: readonly number[];
  /** Of one row of outputs, where it is known before the function is run. */
  readonly outputShape?: readonly number[];
  find(params: P, state: State): PassResult;
  run(params: P, adjustments: Adjustments, x: Tensor): Tensor;
  /** Throws `not-finite`, naming the layer. */
  check?(params: P): void;
  enforced(params: P, state: State): Enforced;
  readonly targets?: readonly (Target | undefined)[] | undefined;
  /** What the targets make of the network in core; of a frozen one, in the numbers of its format. */
  targeted?(net: Network, params: P, precision?: Precision): Network;
}

export function policedFunction<P extends TensorTree>(of: Constrained<P>): PolicedFunction<P> {
  const { regions, rowShape, targets, find, run, check, enforced, targeted } = of;
  return {
    regions,
    init: params => {
      check?.(params);
      const { adjustments, state, outputs } = find(params, {});
      assertFiniteAdjustments(adjustments);
      tree.dispose(adjustments);
      for (const rows of outputs) rows.dispose();
      return state;
    },
    apply: (params, state, x) => {
      const { adjustments, state: next, outputs } = find(params, state);
      const y = run(params, adjustments, x);
      for (const rows of outputs) rows.dispose();
      tree.dispose(adjustments);
      tree.dispose(state);
      tree.dispose(params);
      return [y, next];
    },
    adjustments: (params, state) => {
      const { adjustments, state: next, outputs } = find(params, state);
      for (const rows of outputs) rows.dispose();
      tree.dispose(state);
      tree.dispose(params);
      return [adjustments, next];
    },
    applyWith: (params, adjustments, x) => {
      const y = run(params, adjustments, x);
      tree.dispose(adjustments);
      tree.dispose(params);
      return y;
    },
    toNetwork: (params, state) => {
      const { network } = enforced(params, state);
      return targeted ? targeted(network, params) : network;
    },
    freeze: (params, state) =>
      freezeModel(enforced(params, state), {
        regions,
        targets,
        inputShape: rowShape,
        dtype: formatOf(params),
        ...(targeted ? { targeted: (net, precision) => targeted(net, params, precision) } : {}),
      }),
  };
}
