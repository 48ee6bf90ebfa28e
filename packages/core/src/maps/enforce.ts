import { PoliceError } from '../errors.js';
import {
  type PolicedPass,
  policedPass,
  type SettledSides,
  type ShiftSharing,
  type Sides,
  settledSides,
} from '../frames/policed-pass.js';
import { type FoundFrames, propagatorsFor } from '../frames/propagators-for.js';
import { mapNodes, type Network } from '../network/network.js';
import type { Progress } from '../network/walk.js';
import { assertLookahead, type Lookahead, type SparingAttempt } from '../proof/sparing.js';
import type { Region } from '../regions/region.js';
import { assertMargin, assertPolicy, type Policy } from '../rule/policy.js';
import type { Spared } from '../rule/spared.js';
import { addedLifts, type EnforceReport, reportOf } from './report.js';

/** How sides are chosen, which units share shifts, what is left alone, and the memory allowed. */
export interface EnforceOptions {
  /**
   * How sides are chosen.
   * @defaultValue 'minimal', or 'sticky' where `sides` are given
   */
  readonly policy?: Policy;
  /**
   * Sides that units which straddle a kink are to take, as {@link Enforced.sides} of another call or `policedForward` gives
   * them, for policy `sticky`.
   * @defaultValue none
   */
  readonly sides?: Sides;
  /**
   * Distance from its kinks that every unit keeps all over the regions, and by which the entry that wins a maximum leads: room
   * for weights that change a little afterwards.
   * @defaultValue 0
   */
  readonly margin?: number;
  /**
   * Whether the outputs of a convolution that share a channel's bias share their shift too. `per-unit` shifts least, but
   * what it shifts cannot be folded into a shared bias and stays an addition; `per-channel` folds away, and shifts every
   * position as far as the worst one needs.
   * @defaultValue 'per-unit'
   */
  readonly sharing?: ShiftSharing;
  /**
   * Names of nonlinearities that are to stay as they are. They must be affine on the regions by themselves.
   * @defaultValue none
   */
  readonly exclude?: readonly string[];
  /**
   * The function `lookahead` of this package: a unit may bend where nothing it does reaches the output. `freeze` must be given it too.
   * @defaultValue none: every unit is affine on the regions
   */
  readonly lookahead?: Lookahead;
  /**
   * Bytes that frames may take; larger ones are carried in blocks, see `streamedPropagator`.
   * @defaultValue 2 GiB
   */
  readonly memory?: number;
  /**
   * {@link Enforced.frames} of another call for the same regions and network, whatever its other options: what is known of streamed frames and not
   * computed again.
   * @defaultValue nothing
   */
  readonly frames?: FoundFrames;
  readonly progress?: Progress;
}

/** A network that is affine on every region, and what it took. */
export interface Enforced {
  /** The network with shifts on its nonlinearities, affine on every region. `foldShifts` moves them into biases. */
  readonly network: Network;
  /** The shifts added, `[units]` by activation name, and the lifts added, `[windows]` by the name of a maximum. */
  readonly shifts: Readonly<Record<string, Float64Array>>;
  readonly sides: SettledSides;
  /** What was found of streamed frames, for another call or `freeze` of the same network on the same regions. */
  readonly frames: FoundFrames;
  readonly report: EnforceReport;
}

/**
 * Makes a network affine on every region by bias shifts alone, in float64; the network given is left as it is.
 *
 * Exact in real arithmetic, to rounding in float64: `freeze` makes the stored weights exact. Only smooth activations,
 * which take a tolerance to make, leave it approximate; `report.approximationErrors` says by how much.
 *
 * Throws `shape` (a region of another dimension), `not-finite` (overflow on a region), `too-large` (a frame beyond
 * `memory`) or `invalid-option` (a policy that is none, a margin below 0, an excluded layer that bends).
 *
 * @example
 * const { network, report } = enforce(net, [box([-1, -1], [1, 1])]);
 */
export function enforce(
  net: Network,
  regions: readonly Region[],
  {
    sides,
    policy = sides ? 'sticky' : 'minimal',
    margin = 0,
    sharing = 'per-unit',
    exclude = [],
    lookahead,
    memory,
    frames: before = [],
    progress,
  }: EnforceOptions = {},
): Enforced {
  assertPolicy(policy);
  assertMargin(margin);
  assertLookahead(lookahead);
  const settings = {
    policy,
    ...(sides ? { previous: sides } : {}),
    sharing,
    margin,
    keep: 'output' as const,
    ...(progress ? { progress } : {}),
  };
  let frames = before;
  const attempt = (spared?: readonly Spared[]): Attempt => {
    const propagators = propagatorsFor(net, regions, memory, frames);
    frames = propagators.map(({ found }) => found);
    const pass = policedPass(net, regions, { ...settings, ...(spared ? { spared } : {}) }, propagators);
    return { pass, pieces: pass, network: withShifts(net, pass), cost: movedUnits(net, pass) };
  };
  const whole = attempt();
  const { pass, network, cost } = lookahead ? lookahead(net, regions, whole, attempt, memory) : whole;
  for (const name of exclude) assertLeftAlone(net, pass, name);
  const layers = [...pass.layers].map(([name, { shifts }]) => [name, shifts] as const);
  const maxima = [...pass.maxima];
  return {
    network,
    shifts: Object.fromEntries([
      ...layers.map(([name, { shift }]) => [name, shift] as const),
      ...maxima.map(([name]) => [name, addedLifts(net, pass, name)] as const),
    ]),
    sides: settledSides(pass),
    frames,
    report: reportOf(net, regions, pass, whole.cost - cost),
  };
}

/** A pass, and the network that it gives. */
interface Attempt extends SparingAttempt {
  readonly pass: PolicedPass;
}

/** Units with a shift, and windows with a lift that they had not before. */
function movedUnits(net: Network, pass: PolicedPass): number {
  const nonzero = (values: Float64Array) => values.reduce((n, c) => n + Number(c !== 0), 0);
  let moved = 0;
  for (const { shifts } of pass.layers.values()) moved += nonzero(shifts.shift);
  for (const name of pass.maxima.keys()) moved += nonzero(addedLifts(net, pass, name));
  return moved;
}

/** Throws `invalid-option` where an excluded nonlinearity is none, or is not affine on the regions by itself. */
function assertLeftAlone(net: Network, pass: PolicedPass, name: string): void {
  const shift = pass.maxima.has(name) ? addedLifts(net, pass, name) : pass.layers.get(name)?.shifts.shift;
  const unit = shift ? shift.findIndex(c => c !== 0) : 0;
  if (unit < 0) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: `exclude '${name}'`,
    expected: 'a nonlinearity that is affine on every region as it is',
    actual: shift ? `unit ${unit}, which needs a shift of ${shift[unit]}` : 'no nonlinearity of that name',
    remedy: shift
      ? 'Leave it out of exclude, or choose smaller regions.'
      : `Names are ${[...pass.layers.keys(), ...pass.maxima.keys()].join(', ')}.`,
  });
}

function withShifts(net: Network, { layers, maxima }: PolicedPass): Network {
  return mapNodes(net, {
    activation: node => {
      const { shift } = layers.get(node.name)!.shifts;
      const before = node.shift;
      if (shift.every(c => c === 0)) return node;
      return { ...node, shift: before ? shift.map((c, j) => c + before[j]) : shift };
    },
    max: node => {
      const { lifts } = maxima.get(node.name)!;
      return lifts.winner.every(winner => winner < 0) ? node : { ...node, lifts };
    },
  });
}
