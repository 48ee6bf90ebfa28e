import { tree } from '@jax-js/jax';
import { type FrozenModel, type Network, PoliceError, type Region } from '@police/core';
import { assertRegionsFit } from '@police/core/adapter';
import { sizeOf, type Tensor } from './arrays.js';
import { assertFiniteAdjustments } from './checks.js';
import type { Adjustment, Adjustments, State } from './frames/adjustment.js';
import { framePass, type PassResult, type PassSettings } from './frames/frame-pass.js';
import { regionFrame } from './frames/start.js';
import { applied, arrays, dtypeOf, type Model, paramsOf } from './model.js';
import { enforced, freezeModel } from './network/freeze.js';
import type { Trained } from './network/from-network.js';
import { toNetwork } from './network/to-network.js';
import type { MaxNode, Node, NodeParams, Params } from './nodes/node.js';
import { maximum } from './nodes/pool.js';
import { walk } from './nodes/walk.js';
import { type ConstrainOptions, settingsOf } from './options.js';

/**
 * A model under the constraint that it is affine on every region: pure functions over pytrees, which `jit`, `grad` and `vmap` take. The sides
 * that units keep are a state that the caller carries, as an optimizer's.
 */
export interface Policed {
  readonly model: Model;
  readonly regions: readonly Region[];
  /**
   * The state at the start, every unit on the nearer side. Throws `not-finite`, naming the layer, where weights overflow on a region.
   * Leaves the parameters as they are.
   */
  init(params: Params): State;
  /**
   * Outputs at rows `[..., ...inputShape]`, affine on every region to the rounding of the format, and the state for the next step. Uses up
   * all three, as jax-js does. The gradient goes through the shifts; sides have none.
   */
  apply(params: Params, state: State, x: Tensor): [y: Tensor, state: State];
  /** What {@link apply} adds at the nonlinearities, to be found once for many batches. Uses up both. */
  adjustments(params: Params, state: State): [adjustments: Adjustments, state: State];
  /** {@link apply} with adjustments found before. Uses up all three. */
  applyWith(params: Params, adjustments: Adjustments, x: Tensor): Tensor;
  /** The model in core, in float64, its present shifts on the nonlinearities. Leaves both as they are. */
  toNetwork(params: Params, state: State): Network;
  /**
   * A plain model whose stored weights are affine on the regions exactly: the shifts folded into the biases, rounded in the format of the
   * parameters (core's `freeze`). Leaves both as they are. Throws `not-finite` or `no-free-shift`.
   */
  freeze(params: Params, state: State): FrozenModel<Trained>;
}

/**
 * Constrains a model to be affine on every region. Throws a `PoliceError`: `shape` (a region of another size), `invalid-option` (also a
 * region without tensor form: an H-polytope of more vertices than core lists, or a kind of your own).
 *
 * @example
 * const policed = police(model, [box([-1, -1], [1, 1])]);
 * let state = policed.init(params);
 * const loss = (params, state, x, y) => { ... const [out, next] = policed.apply(params, state, x); ... return [value, next]; };
 * const step = jit(valueAndGrad(loss, { hasAux: true }));
 */
export function police(model: Model, regions: readonly Region[], options: ConstrainOptions = {}): Policed {
  assertModel(model);
  const settings = settingsOf(regions, options);
  const { nodes, inputShape } = model;
  assertRegionsFit(regions, sizeOf(inputShape));
  const pass: PassSettings = {
    regions: regions.map((region, r) => regionFrame(region, inputShape, r)),
    policy: settings.policy,
    gradient: settings.gradient,
    sharing: settings.sharing,
  };
  const find = (params: Params, state: State): PassResult =>
    regions.length === 0
      ? { adjustments: {}, state: {} }
      : framePass(nodes, params, state, pass, dtypeOf(params));
  const run = (params: Params, adjustments: Adjustments, x: Tensor): Tensor =>
    walk(
      nodes,
      x,
      (node, inputs) => adjusted(node, paramsOf(node, params), adjustments[node.name], inputs),
      arrays,
    );
  return {
    model,
    regions,
    init: params => {
      toNetwork(model, params); // finite, or it throws
      const { adjustments, state } = find(params, {});
      assertFiniteAdjustments(adjustments);
      tree.dispose(adjustments);
      return state;
    },
    apply: (params, state, x) => {
      const found = find(params, state);
      const y = run(params, found.adjustments, x);
      tree.dispose([found.adjustments, state, params]);
      return [y, found.state];
    },
    adjustments: (params, state) => {
      const found = find(params, state);
      tree.dispose([state, params]);
      return [found.adjustments, found.state];
    },
    applyWith: (params, adjustments, x) => {
      const y = run(params, adjustments, x);
      tree.dispose([adjustments, params]);
      return y;
    },
    toNetwork: (params, state) => enforced(model, params, state, settings).network,
    freeze: (params, state) =>
      freezeModel(enforced(model, params, state, settings), regions, dtypeOf(params), inputShape),
  };
}

function assertModel(model: unknown): asserts model is Model {
  if (Array.isArray((model as Partial<Model> | null | undefined)?.nodes)) return;
  throw new PoliceError({
    code: 'unsupported-layer',
    where: 'police',
    expected: 'a model made by sequential or fromNetwork',
    actual: model === null || typeof model !== 'object' ? `${model}` : 'an object without nodes',
    remedy: 'Build one: sequential([2], [dense(32), relu(), dense(1)]).',
  });
}

/** One node with what is added at it. */
function adjusted(
  node: Node,
  params: NodeParams,
  adjustment: Adjustment | undefined,
  inputs: readonly Tensor[],
): Tensor {
  if (adjustment === undefined) return applied(node, params, inputs);
  if ('shift' in adjustment) return applied(node, params, [inputs[0].add(adjustment.shift.ref)]);
  return maximum(node as MaxNode, inputs[0], adjustment.lift.ref);
}
