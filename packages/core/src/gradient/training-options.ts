import type { Target } from '../maps/prescribe.js';
import type { Region } from '../regions/region.js';
import type { Policy } from '../rule/policy.js';

/**
 * How a model trains under the constraint: the options of every adapter's `constrain`, the same names, defaults and checks
 * everywhere. An adapter may know fewer of them; what it knows it says to {@link checkedTrainingOptions}.
 */
export interface TrainingOptions {
  /** Where the model must be affine, in the coordinates of its input. None: the plain model, for comparison. */
  readonly regions: readonly Region[];
  /**
   * `shift`: biases are shifted so that no unit bends on the regions (the paper's). `patch`: the outputs are held between two cones
   * around an affine map of each region, which trains with the model, see `patch`. Everything below up to `steepness` is of `shift`.
   * @defaultValue 'shift'
   */
  readonly method?: TrainingMethod | undefined;
  /**
   * How the sides are chosen, see {@link Policy}.
   * @defaultValue 'sticky'
   */
  readonly policy?: Policy | undefined;
  /**
   * `shift`: shifts are computed from the weights in every step and differentiated through (the paper's).
   * `project`: after each step they are folded into the biases themselves.
   * @defaultValue 'shift'
   */
  readonly mode?: 'shift' | 'project' | undefined;
  /**
   * Mode `shift`: whether the gradient follows the shifts through all earlier layers or, cheaper and only
   * approximate, through their own layer.
   * @defaultValue 'exact'
   */
  readonly gradient?: 'exact' | 'local' | undefined;
  /**
   * Whether all positions of a convolution's channel share one shift, which then folds into the channel's bias, or each
   * has its own, smaller one, which stays an addition of the frozen model.
   * @defaultValue 'per-channel'
   */
  readonly sharing?: 'per-channel' | 'per-unit' | undefined;
  /**
   * Distance from its kinks that every pre-activation keeps all over the regions.
   * @defaultValue 0
   */
  readonly margin?: number | undefined;
  /**
   * Shifts are computed every so many training steps and kept, as constants, between them. Between two such steps the model
   * that trains is affine only approximately; inference and `freeze` compute them anew.
   * @defaultValue 1
   */
  readonly refresh?: number | undefined;
  /**
   * Accepts softplus, swish, gelu, sigmoid and tanh inside the model: each is kept on its tails, where it is affine up to
   * this. What that adds up to at the outputs `enforce` reports and `certify` proves.
   * @defaultValue none: they are refused
   */
  readonly epsilon?: number | undefined;
  /**
   * Mode `shift`: in training the regions grow from this share of their size to all of it after so many steps, see
   * `regionSchedule`.
   * @defaultValue none: whole regions at every step
   */
  readonly schedule?: { readonly from: number; readonly steps: number } | undefined;
  /**
   * Mode `shift`: shifts fade out around their region, c · t(x) with t = relu(1 − d / fade), d the distance from it in its radii (core's
   * `gapOf`): on the region the model is what shifting makes it, beyond so many radii what it is without. Shells of several regions lie
   * apart. No maxima, no `target`.
   * @defaultValue none: shifts hold everywhere
   */
  readonly fade?: number | undefined;
  /**
   * Method `patch`: by how much an output may differ from the region's map per radius of distance from the region.
   * @defaultValue 20
   */
  readonly steepness?: number | undefined;
  /**
   * What the outputs are on a region: a map `A x + b` (paper, Eq. 2) or, without b, its Jacobian A alone (Eq. 1); or what the map must be
   * like, a `Demand`: the map of every step is the nearest one that meets it, and gradients pass through that. Of one region, or by method
   * `patch` also one each, undefined where a region is free. By method `shift` the region fills its space, and there is no mode `project`,
   * no `refresh` and no `schedule`.
   * @defaultValue none: the network learns its own map
   */
  readonly target?: Target | readonly (Target | undefined)[] | undefined;
  /**
   * With a demand as target: besides the loss's gradient, that of ½ pull · distance² from the network's own map to the one it is held at (in
   * the geometry of `DemandHolder`). Where its own map misses the demand, moving it across the border of what is allowed changes nothing,
   * and the loss alone would leave it there; drawn to the border, it can go on inside. It moves no optimum: at the border the distance is 0.
   * @defaultValue 1
   */
  readonly pull?: number | undefined;
}

/** How a model is made affine on its regions. */
export type TrainingMethod = 'shift' | 'patch';

/** The options with their defaults in place. */
export interface TrainingSettings {
  readonly regions: readonly Region[];
  readonly method: TrainingMethod;
  readonly policy: Policy;
  readonly mode: 'shift' | 'project';
  readonly gradient: 'exact' | 'local';
  readonly sharing: 'per-channel' | 'per-unit';
  readonly margin: number;
  readonly refresh: number;
  readonly epsilon?: number;
  readonly schedule?: { readonly from: number; readonly steps: number };
  readonly fade?: number;
  /** Of method `patch`. */
  readonly steepness?: number;
  /** One for each region. */
  readonly target?: readonly (Target | undefined)[];
  /** With a target. */
  readonly pull?: number;
}

/** The name of a training option. */
export type TrainingOption = keyof TrainingOptions;

/** What `checkedTrainingOptions` is told of the adapter that asks. */
export interface TrainingOptionChecks {
  /** The options that the adapter knows, besides `method`. */
  readonly known: readonly TrainingOption[];
  /**
   * Whether it knows the method `patch`, and `steepness` with it.
   * @defaultValue false
   */
  readonly patches?: boolean;
  /**
   * Names of options of the adapter's own, which it checks itself.
   * @defaultValue none
   */
  readonly own?: readonly string[];
  /**
   * What besides a {@link Region} may stand in `regions`.
   * @defaultValue nothing
   */
  readonly acceptsRegion?: (value: unknown) => boolean;
}
