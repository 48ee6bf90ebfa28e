import { tree } from '@jax-js/jax';
import { PoliceError, type Region } from '@police/core';
import { assertRegionsFit } from '@police/core/adapter';
import { sizeOf } from './arrays.js';
import type { TensorTree } from './checks.js';
import { type Constrained, policedFunction } from './constrained.js';
import { adjustedPass } from './frames/adjusted-pass.js';
import type { State } from './frames/adjustment.js';
import { framePass, type PassSettings } from './frames/frame-pass.js';
import { regionFrame } from './frames/start.js';
import { constrainedFunction, type FunctionOptions } from './functions/police-function.js';
import { type TargetedFunction, targetedFunction } from './maps/targeted-function.js';
import { dtypeOf, type Model } from './model.js';
import { enforced } from './network/freeze.js';
import { projected } from './network/projection.js';
import { toNetwork } from './network/to-network.js';
import type { Params } from './nodes/node.js';
import { type ConstrainOptions, type Settings, settingsOf, type TargetOption } from './options.js';
import type { Apply, PolicedFunction } from './policed-function.js';

/** A model under the constraint that it is affine on every region. Rows are `[..., ...inputShape]`. */
export interface Policed extends PolicedFunction<Params> {
  readonly model: Model;
  /**
   * The parameters with the shifts folded into the biases, and the sides for the next step: from then on the model's own `apply` is affine
   * on the regions, until the next step of training. Of projected gradient descent: differentiate the model itself, step, project. Its
   * gradient knows nothing of the constraint, so it costs less and learns worse. Uses up both; works under `jit`.
   *
   * Throws `invalid-option`, naming the layer, where no bias can hold a shift: maxima, after sums, layers without bias, `per-unit` shifts of
   * a convolution.
   */
  project(params: Params, state: State): [params: Params, state: State];
}

/**
 * Constrains a model, or a function written by hand whose nonlinearities are `policed`, to be affine on every region. Throws a `PoliceError`:
 * `shape` (a region of another size), `invalid-option` (also a region without tensor form: an H-polytope of more vertices than core lists,
 * or a kind of your own), `unsupported-layer` (a model with a patch); with a `target` also `infeasible-target`.
 *
 * @example
 * const policed = police(model, [box([-1, -1], [1, 1])]);
 * let state = policed.init(params);
 * const loss = (params, state, x, y) => { ... const [out, next] = policed.apply(params, state, x); ... return [value, next]; };
 * const step = jit(valueAndGrad(loss, { hasAux: true }));
 */
export function police(
  model: Model,
  regions: readonly Region[],
  options: ConstrainOptions & TargetOption,
): TargetedFunction<Params>;
export function police<P extends TensorTree>(
  apply: Apply<P>,
  regions: readonly Region[],
  options: FunctionOptions<P> & TargetOption,
): TargetedFunction<P>;
export function police(model: Model, regions: readonly Region[], options?: ConstrainOptions): Policed;
export function police<P extends TensorTree>(
  apply: Apply<P>,
  regions: readonly Region[],
  options?: FunctionOptions<P>,
): PolicedFunction<P>;
export function police<P extends TensorTree>(
  of: Model | Apply<P>,
  regions: readonly Region[],
  options: ConstrainOptions | FunctionOptions<P> = {},
): Policed | PolicedFunction<P> | TargetedFunction<P> | TargetedFunction<Params> {
  if (typeof of === 'function') {
    const constrained = constrainedFunction(of, regions, options as FunctionOptions<P>);
    return constrained.targets ? targetedFunction(constrained) : policedFunction(constrained);
  }
  assertModel(of);
  const settings = settingsOf(regions, options);
  const constrained = constrainedModel(of, regions, settings);
  if (constrained.targets) return targetedFunction(constrained);
  const policed = policedFunction(constrained);
  return {
    model: of,
    ...policed,
    project: (params, state) => {
      const [adjustments, next] = policed.adjustments(tree.ref(params), state);
      return [projected(of.nodes, params, adjustments, settings.sharing), next];
    },
  };
}

function constrainedModel(model: Model, regions: readonly Region[], settings: Settings): Constrained<Params> {
  const { nodes, inputShape } = model;
  assertRegionsFit(regions, sizeOf(inputShape));
  const { policy, gradient, sharing } = settings;
  const frames = regions.map((region, r) => regionFrame(region, inputShape, r, true));
  const toOutput = settings.target !== undefined;
  const pass: PassSettings = { regions: frames, policy, gradient, sharing, toOutput };
  return {
    regions,
    frames,
    rowShape: inputShape,
    outputShape: model.outputShape,
    targets: settings.target,
    find: (params, state) =>
      regions.length === 0
        ? { adjustments: {}, state: {}, outputs: [] }
        : framePass(nodes, params, state, pass, dtypeOf(params)),
    run: adjustedPass(nodes),
    check: params => void toNetwork(model, params), // finite, or it throws
    enforced: (params, state) => enforced(toNetwork(model, params), state, settings),
  };
}

function assertModel(model: unknown): asserts model is Model {
  const { nodes, adjustments } = (model ?? {}) as Partial<Model & Policed>;
  const patched = nodes?.find(({ kind }) => kind === 'clamp');
  if (nodes && !patched) return;
  const isConstrained = typeof adjustments === 'function';
  throw new PoliceError({
    code: 'unsupported-layer',
    where: patched?.name ?? 'police',
    expected: 'a model made by sequential or fromNetwork, without a patch, or a function',
    actual: patched ? 'a patch' : isConstrained ? 'a constrained one' : said(model),
    remedy: patched
      ? 'Constrain the model as it was before.'
      : isConstrained
        ? 'freeze() it first, or train it on as it is.'
        : 'Build one: sequential([2], [dense(32), relu(), dense(1)]).',
  });
}

const said = (model: unknown): string =>
  model !== null && typeof model === 'object' ? 'an object without nodes' : `${model}`;
