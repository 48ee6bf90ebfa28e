import { type AffineMap, mapsOn } from '../frames/affine-map.js';
import { type FoundFrames, propagatorsFor } from '../frames/propagators-for.js';
import { foldShifts } from '../network/fold.js';
import { type Network, network } from '../network/network.js';
import type { NetworkNode } from '../network/nodes.js';
import type { Progress } from '../network/walk.js';
import { float64, type Precision } from '../numeric/precision.js';
import type { Region } from '../regions/region.js';
import { chooseShifts } from '../rule/shift.js';
import type { Spared } from '../rule/spared.js';
import { type Clearance, clearanceOn } from './bounded-intervals.js';
import { boundedPass, type NonlinearityRule } from './bounded-pass.js';
import { biasHolder, type Clearing, clearKinks, clearRivals, type FrozenLayer } from './clearing.js';
import { precisionOf, roundNetwork } from './rounding.js';
import { assertLookahead, type Lookahead, type SparingAttempt } from './sparing.js';

/** The format to store weights in, the memory allowed, and whom to tell of progress. */
export interface FreezeOptions {
  /**
   * The format the weights are stored in.
   * @defaultValue 'float32'
   */
  readonly precision?: Precision['name'];
  /**
   * How far from its kinks a unit is kept: `exact`, off them in exact arithmetic; `float32`, by a float32 runtime's own error on the
   * region besides, where that bound is no larger than a small share of what the unit takes, so that what is flat here is flat there,
   * and the runtime's error is that of an affine function; `float32-always`, by that error whatever it takes.
   * @defaultValue 'float32', of float64 weights 'exact'
   */
  readonly clearance?: Clearance;
  /**
   * The function `lookahead` of this package: a unit may bend where nothing it does reaches the output. It then
   * stays as it is, and so do units that `enforce` with `lookahead` left as they are.
   * @defaultValue none: every unit is affine on the regions
   */
  readonly lookahead?: Lookahead;
  /**
   * Bytes that frames may take; larger ones are carried in blocks, see `streamedPropagator`.
   * @defaultValue 2 GiB
   */
  readonly memory?: number;
  /**
   * `Enforced.frames` of the same regions and of the network that is frozen, but for its biases: what is known of streamed frames and not
   * computed again. `certify` takes nothing over.
   * @defaultValue nothing
   */
  readonly frames?: FoundFrames;
  readonly progress?: Progress;
}

/** A plain network that is affine on every region exactly. */
export interface Frozen {
  /** The plain network: no shifts but where no bias can hold them, every parameter representable. */
  readonly network: Network;
  readonly layers: readonly FrozenLayer[];
  /** The affine map the network is on each region, in the order of the regions; made when first asked for. */
  readonly maps: readonly AffineMap[];
}

/**
 * Rounds a network to its storage format and makes it affine on every region *exactly*: for the stored weights
 * taken as real numbers no unit changes sign on a region.
 *
 * Shifts are folded, weights rounded, and the remaining correction is chosen layer by layer for the rounded
 * values: each bias moves to the nearest representable value that clears the kink by a running bound on the
 * rounding error (γₙ(|W||v| + |b|), see `sumErrorBound`). What is not constrained yet is constrained by the
 * smallest shifts (shared per channel where the bias is), so `freeze(net, regions)` alone is enforcement by policy
 * `minimal`. The network given is left as it is.
 *
 * Throws `not-finite` (a weight overflows the format), `no-free-shift` (the format cannot hold a bias that clears a unit's
 * kinks; the message names the unit) or `too-large` (a frame beyond `memory`).
 *
 * @example
 * const { network, maps } = freeze(enforce(net, regions).network, regions);
 */
export function freeze(net: Network, regions: readonly Region[], options: FreezeOptions = {}): Frozen {
  const { lookahead, memory } = options;
  assertLookahead(lookahead);
  const rounded = roundNetwork(foldShifts(net), precisionOf(options.precision ?? 'float32'));
  const attempt = (spared?: readonly Spared[]) => frozenSparing(rounded, regions, options, spared);
  const whole = attempt();
  const {
    network: frozen,
    layers,
    maps,
  } = lookahead ? lookahead(rounded, regions, whole, attempt, memory) : whole;
  return {
    network: frozen,
    layers,
    get maps() {
      return maps();
    },
  };
}

/** A frozen network, and what its map is made of. */
interface FrozenAttempt extends SparingAttempt {
  readonly layers: readonly FrozenLayer[];
  readonly maps: () => readonly AffineMap[];
}

function frozenSparing(
  rounded: Network,
  regions: readonly Region[],
  options: FreezeOptions,
  spared: readonly Spared[] | undefined,
): FrozenAttempt {
  const precision = precisionOf(options.precision ?? 'float32');
  const clearance = options.clearance ?? (precision === float64 ? 'exact' : 'float32');
  const propagators = propagatorsFor(rounded, regions, options.memory, options.frames);
  const clearing: Clearing = { propagators, precision, clearance, spared };
  const replaced = new Map<string, NetworkNode>();
  const layers: FrozenLayer[] = [];
  const moving: NonlinearityRule = {
    activation: (node, input, boundings) => {
      const holder = biasHolder(rounded, node, boundings, input);
      const { bias, frames, layer, intervals } = clearKinks(node, holder, clearing);
      layers.push(layer);
      replaced.set(holder.owner, holder.replaced(bias));
      const kinks = node.activation.kinks.length;
      const clearances = frames.map((_, r) => clearanceOn(r, intervals, kinks));
      return { frames, shifts: chooseShifts(intervals, () => 0), clearances };
    },
    max: (node, frames) => {
      const { chosen, layer, lifted } = clearRivals(node, frames, clearing);
      layers.push(layer);
      replaced.set(node.name, lifted);
      return chosen;
    },
  };
  const { frames, pieces } = boundedPass(rounded, propagators, moving, options.progress);
  const frozen = network(rounded.nodes.map(node => replaced.get(node.name) ?? node));
  const outputs = frames.map(({ values }) => values);
  return {
    network: frozen,
    layers,
    pieces,
    cost: layers.reduce((sum, { largestCorrection }) => sum + largestCorrection, 0),
    maps: mapsOn(frozen, regions, pieces, outputs),
  };
}
