import { firstNonFinite, PoliceError, within } from '../errors.js';
import type { Activation } from '../network/activation.js';
import type { AffineOperator } from '../network/affine-operator.js';
import { biasOwner } from '../network/fold.js';
import type { LinearNode } from '../network/forward.js';
import type { Network } from '../network/network.js';
import type { ActivationNode, AffineNode, MaxNode } from '../network/nodes.js';
import { UNRESOLVED } from '../network/unresolved.js';
import { type Progress, type Rules, walk, walkToEnd } from '../network/walk.js';
import { type Block, type Matrix, matrix, unsetRoom } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { shiftsOf } from '../rule/layer-shift.js';
import { type AffinePieces, piecesOn, slopesOn } from '../rule/pieces.js';
import type { Policy } from '../rule/policy.js';
import { noShifts, type Shifts } from '../rule/shift.js';
import { type Spared, sparedAt, sparedWindows } from '../rule/spared.js';
import { chooseWinners, type MaxShifts, maxFrame, winnersOn } from '../rule/winners.js';
import { approximationErrorsOf, isApproximate } from './approximation-error.js';
import type { FramePropagator } from './propagator.js';
import { wholePropagators } from './propagators-for.js';

/**
 * What policy `sticky` keeps, by node name: of an activation its sides (see {@link Shifts.sides}), of a maximum the
 * lifted entries (see {@link Lifts.winner}).
 */
export type Sides = Readonly<Record<string, ArrayLike<number>>>;

/** One nonlinearity in a policed pass. */
export interface PolicedLayer {
  /** Frame values of the pre-activations (a shift the network already has included), one block per region, where they are kept. */
  readonly frames: readonly Matrix[];
  readonly shifts: Shifts;
}

/** Everything a policed pass over the regions' frames finds out. */
export interface PolicedPass extends AffinePieces {
  /** Values after each node, one block per region as its propagator gives them (the whole frame `[dᵣ + 1, size]`), by node name, or after the last one alone. */
  readonly values: ReadonlyMap<string, readonly Matrix[]>;
  /** By activation name. */
  readonly layers: ReadonlyMap<string, PolicedLayer>;
  /**
   * How far, at most, the values of a node may be from these affine ones, `[size]` per region: the tails of smooth activations.
   * Absent where the network is exactly affine.
   */
  readonly approximationErrors?: (name: string) => readonly Float64Array[];
  /** Units of which nothing was asked, by region, where some were spared. */
  readonly spared?: readonly Spared[];
}

/** Which units of a nonlinearity share one shift. `per-channel` follows the biases that the operator before it shares. */
export type ShiftSharing = 'per-unit' | 'per-channel';

/** How the policed pass chooses shifts. */
export interface PoliceSettings {
  readonly policy: Policy;
  /** @defaultValue none */
  readonly previous?: Sides;
  /** @defaultValue 'per-unit' */
  readonly sharing?: ShiftSharing;
  /**
   * Whether frames are kept: `all`, as gradients need them, or those of the output alone, others being let go on the way.
   * @defaultValue 'all'
   */
  readonly keep?: 'all' | 'output';
  /** By region: units of which nothing is asked. @defaultValue none */
  readonly spared?: readonly Spared[];
  /**
   * Distance from its kinks that every unit keeps all over the regions, and by which the entry that wins a maximum leads.
   * @defaultValue 0
   */
  readonly margin?: number;
  /**
   * The operator that takes the place of an affine node's, of the same sizes, given the nonlinearities before it and the frames of its
   * input, one a region. Only for whole frames: streamed ones are carried by the network's own.
   * @defaultValue the network's own
   */
  readonly operatorOf?: (node: AffineNode, before: AffinePieces, frames: readonly Matrix[]) => AffineOperator;
  /**
   * The policy of one activation, given the nonlinearities before it.
   * @defaultValue `policy`
   */
  readonly policyOf?: (node: ActivationNode, before: AffinePieces) => Policy;
  /**
   * Whether nobody reads the frames of the last node, so that those of an activation are not computed.
   * @defaultValue false
   */
  readonly isLastUnread?: boolean;
  readonly progress?: Progress;
}

/** The sides a pass settled on, `[regions × kinks, units]` by activation name, and the lifted entries, `[windows]` by the name of a maximum. */
export type SettledSides = Readonly<Record<string, Int8Array | Int32Array>>;

/** What policy `sticky` is given next time, so that a step after this pass keeps its sides. */
export function settledSides({ layers, maxima }: Pick<PolicedPass, 'layers' | 'maxima'>): SettledSides {
  return Object.fromEntries([
    ...[...layers].map(([name, { shifts }]) => [name, shifts.sides] as const),
    ...[...maxima].map(([name, { lifts }]) => [name, lifts.winner] as const),
  ]);
}

/**
 * The method: carries the frames through the network, and before each nonlinearity chooses the shifts that keep
 * every unit off its kinks all over every region (paper, Algorithm 1, with frames for vertices), and for each
 * maximum the entry that wins. Costs one forward pass of Σ(dᵣ + 1) rows.
 *
 * Where smooth activations are affine up to an error only, the shifts keep units off their kinks by that error too.
 *
 * `propagators`, one per region, tell how the frames are carried; by default whole.
 */
export function policedPass(
  net: Network,
  regions: readonly Region[],
  settings: PoliceSettings,
  propagators: readonly FramePropagator[] = wholePropagators(net, regions),
): PolicedPass {
  const layers = new Map<string, PolicedLayer>();
  const maxima = new Map<string, MaxShifts>();
  const errorsOf = isApproximate(net)
    ? approximationErrorsOf(net, regions.length, { layers, maxima })
    : undefined;
  const linear = (node: LinearNode, inputs: readonly (readonly Matrix[])[]) =>
    propagators.map((propagator, r) => {
      const blocks = inputs.map(each => each[r]);
      return checkedFrame(node.name, withBias(node, propagator.linear(node, blocks)));
    });
  const { operatorOf, policyOf } = settings;
  const isKept = settings.keep !== 'output';
  const rules: Rules<readonly Matrix[]> = {
    input: () => propagators.map(propagator => propagator.start()),
    affine: (node, inputs) =>
      linear(
        operatorOf ? { ...node, operator: operatorOf(node, { layers, maxima }, inputs[0]) } : node,
        inputs,
      ),
    sum: linear,
    concat: linear,
    activation: (node, [frames]) => {
      const h = shiftedFrames(node, frames);
      const chosen = policyOf ? { ...settings, policy: policyOf(node, { layers, maxima }) } : settings;
      const shifts = policedShifts(net, node, propagators, h, chosen, errorsOf?.(node.input));
      layers.set(node.name, { frames: isKept ? h : [], shifts });
      fixSlopes(node, propagators, shifts);
      if (settings.isLastUnread && node === net.nodes.at(-1)) return [];
      if (isKept || !readsOwnProduct(net, node))
        return h.map((block, r) => activateFrame(node.activation, block, shifts, r));
      // Memory that nobody reads any more: fresh memory takes longer than what is written there.
      for (const [r, block] of h.entries()) writeActivatedFrame(node.activation, block, shifts, r, block);
      return h;
    },
    max: (node, [frames]) => {
      const winners = policedWinners(node, propagators, frames, settings, errorsOf?.(node.input));
      maxima.set(node.name, winners);
      fixWinners(node, propagators, winners);
      return frames.map((block, r) => maxFrame(block, winners, r));
    },
    clamp: node => (propagators.length === 0 ? [] : UNRESOLVED.clamp(node)),
    opaque: UNRESOLVED.opaque,
  };
  const values = isKept
    ? walk(net, rules, settings.progress)
    : new Map([[net.nodes.at(-1)!.name, walkToEnd(net, rules, settings.progress)]]);
  const { spared } = settings;
  return {
    values,
    layers,
    maxima,
    ...(errorsOf ? { approximationErrors: errorsOf } : {}),
    ...(spared ? { spared } : {}),
  };
}

/** Whether an activation alone reads a product, whose values nobody else has a view of. */
function readsOwnProduct(net: Network, node: ActivationNode): boolean {
  const owner = biasOwner(net, node);
  return owner !== undefined && 'taps' in owner.operator;
}

/** The shifts of one activation, from the frames `h` of its pre-activations. */
function policedShifts(
  net: Network,
  node: ActivationNode,
  propagators: readonly FramePropagator[],
  h: readonly Matrix[],
  { policy, previous = {}, sharing = 'per-unit', margin = 0, spared }: PoliceSettings,
  errors: readonly Float64Array[] | undefined,
): Shifts {
  // Without regions there are no frames to tell the number of units, and nothing to shift.
  if (propagators.length === 0) return noShifts(net.sizes.get(node.name)!);
  const groups = sharing === 'per-channel' ? biasOwner(net, node)?.operator.biasGroups : undefined;
  const readers = propagators.map(({ reader }) => reader);
  const margins = marginsOf(margin, h, errors);
  return within(node.name, () =>
    shiftsOf(
      readers,
      h,
      node.activation,
      policy,
      previous[node.name],
      groups,
      margins,
      sparedAt(spared, node.name),
    ),
  );
}

/** The margin and the errors of smooth activations before, `[units]` per region. */
function marginsOf(
  margin: number,
  frames: readonly Matrix[],
  errors: readonly Float64Array[] | undefined,
): readonly Float64Array[] | undefined {
  if (margin === 0) return errors;
  return frames.map(({ cols }, r) => new Float64Array(cols).map((_, j) => margin + (errors?.[r][j] ?? 0)));
}

function policedWinners(
  node: MaxNode,
  propagators: readonly FramePropagator[],
  frames: readonly Matrix[],
  { policy, previous = {}, margin = 0, spared }: PoliceSettings,
  errors: readonly Float64Array[] | undefined,
): MaxShifts {
  const kept = policy === 'sticky' ? previous[node.name] : undefined;
  const leads = propagators.map((propagator, r) => propagator.leads(node, frames[r]));
  return chooseWinners(node.windows, leads, {
    ...(kept ? { previous: kept } : {}),
    ...(node.lifts ? { lifts: node.lifts } : {}),
    ...sparedWindows(spared, node.name),
    leadError: (r, rival, winner) => margin + (errors ? errors[r][rival] + errors[r][winner] : 0),
  });
}

/** The bias moves the origin; directions see only the linear part. */
export function withBias(node: LinearNode, h: Matrix): Matrix {
  if (!('operator' in node)) return h;
  for (let j = 0; j < h.cols; j++) h.data[j] += node.operator.bias[j];
  return h;
}

/** Tells the propagators the slopes that sides select. */
export function fixSlopes(
  { name, activation }: ActivationNode,
  propagators: readonly FramePropagator[],
  { shift, sides }: Pick<Shifts, 'shift' | 'sides'>,
): void {
  propagators.forEach((propagator, r) => {
    propagator.fixPiece(name, { slopes: slopesOn(activation, sides, r, shift.length) });
  });
}

/** Tells the propagators the entries that win. */
export function fixWinners(
  { name }: MaxNode,
  propagators: readonly FramePropagator[],
  chosen: MaxShifts,
): void {
  propagators.forEach((propagator, r) => {
    propagator.fixPiece(name, { winners: winnersOn(chosen, r) });
  });
}

/** A non-finite frame value would make every comparison false and pass for a unit that needs no shift. */
export function checkedFrame(name: string, h: Matrix): Matrix {
  const bad = firstNonFinite(h.data);
  if (bad < 0) return h;
  throw new PoliceError({
    code: 'not-finite',
    where: name,
    expected: 'finite pre-activations on the region',
    actual: `${h.data[bad]} at unit ${bad % h.cols}`,
    remedy: 'The weights overflow on this region: lower the learning rate, or scale the inputs.',
  });
}

/** The pre-activation frames with the node's own shift added. */
export function shiftedFrames({ shift }: ActivationNode, frames: readonly Matrix[]): readonly Matrix[] {
  if (!shift) return frames;
  return frames.map(frame => withOriginMoved(frame, shift));
}

/** A copy of a frame with its origin moved; directions stay as they are. */
export function withOriginMoved(frame: Matrix, by: ArrayLike<number>): Matrix {
  const moved = matrix(frame.rows, frame.cols, frame.data.slice());
  for (let j = 0; j < moved.cols; j++) moved.data[j] += by[j];
  return moved;
}

/** Frame values through the pieces the sides select: `slope · (h₀ + c) + offset` at the origin, `slope · hᵢ` along directions. */
export function activateFrame(activation: Activation, h: Matrix, shifts: Shifts, region: number): Matrix {
  const y = unsetRoom(h.rows, h.cols);
  writeActivatedFrame(activation, h, shifts, region, y);
  return y;
}

/** {@link activateFrame} written to `into` `[d + 1, units]`. */
export function writeActivatedFrame(
  activation: Activation,
  h: Matrix,
  { shift, sides }: Shifts,
  region: number,
  into: Block,
): void {
  const { cols } = h;
  const y = into.data;
  const { data } = h;
  const pieces = piecesOn(region, activation, sides, cols);
  const slopes = slopesOn(activation, sides, region, cols);
  const offsets = Float64Array.from(activation.pieces, ({ offset }) => offset);
  for (let j = 0; j < cols; j++) y[j] = slopes[j] * (data[j] + shift[j]) + offsets[pieces[j]];
  for (let start = cols; start < y.length; start += cols)
    for (let j = 0; j < cols; j++) y[start + j] = slopes[j] * data[start + j];
}
