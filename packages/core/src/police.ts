import { type Activation, slopeAt } from './activation.js';
import { assertSize, PoliceError } from './errors.js';
import { shiftsOf } from './layer-shift.js';
import { concatColumns, linearCombination, type Matrix, matrix, rowOf } from './matrix.js';
import {
  type ActivationNode,
  type AffineNode,
  biasOwner,
  type ConcatNode,
  inputsOf,
  type Network,
  type SumNode,
} from './network.js';
import type { Policy } from './policy.js';
import type { Region } from './regions/region.js';
import { noShifts, piecesOn, type Shifts } from './shift.js';
import { chooseWinners, type MaxShifts, maxFrame } from './winners.js';

/**
 * What policy `sticky` keeps, by node name: of an activation its sides (see {@link Shifts.sides}), of a maximum the
 * lifted entries (see {@link Lifts.winner}).
 */
export type Sides = Readonly<Record<string, ArrayLike<number>>>;

/** One nonlinearity in a policed pass. */
export interface PolicedLayer {
  /** Frame values of the pre-activations (a shift the network already has included), one block per region. */
  readonly frames: readonly Matrix[];
  readonly shifts: Shifts;
}

/** Everything a policed pass over the regions' frames finds out. */
export interface PolicedPass {
  /** Frame values after each node, one block `[dᵣ + 1, size]` per region, by node name. */
  readonly values: ReadonlyMap<string, readonly Matrix[]>;
  /** By activation name. */
  readonly layers: ReadonlyMap<string, PolicedLayer>;
  /** By the name of a maximum. */
  readonly maxima: ReadonlyMap<string, MaxShifts>;
}

/** What fixes the affine map on each region: the values, and the piece every unit is on. */
export interface AffinePieces {
  readonly values: ReadonlyMap<string, readonly Matrix[]>;
  readonly layers: ReadonlyMap<string, Pick<PolicedLayer, 'shifts'>>;
  readonly maxima: ReadonlyMap<string, MaxShifts>;
}

/** Which units of a nonlinearity share one shift. `per-channel` follows the biases that the operator before it shares. */
export type ShiftSharing = 'per-unit' | 'per-channel';

export interface PoliceSettings {
  readonly policy: Policy;
  /** @defaultValue none */
  readonly previous?: Sides;
  /** @defaultValue 'per-unit' */
  readonly sharing?: ShiftSharing;
}

/**
 * The method: carries the frames through the network, and before each nonlinearity chooses the shifts that keep
 * every unit off its kinks all over every region (paper, Algorithm 1, with frames for vertices), and for each
 * maximum the entry that wins. Costs one forward pass of Σ(dᵣ + 1) rows.
 */
export function policedPass(
  net: Network,
  regions: readonly Region[],
  { policy, previous = {}, sharing = 'per-unit' }: PoliceSettings,
): PolicedPass {
  assertRegionsFit(regions, net.inputSize);
  const values = new Map<string, readonly Matrix[]>();
  const layers = new Map<string, PolicedLayer>();
  const maxima = new Map<string, MaxShifts>();
  for (const node of net.nodes) {
    const inputs = inputsOf(node).map(name => values.get(name)!);
    const [frames] = inputs;
    if (node.kind === 'input') {
      values.set(
        node.name,
        regions.map(({ frame }) => frame),
      );
    } else if (node.kind === 'activation') {
      const h = shiftedFrames(node, frames);
      const groups = sharing === 'per-channel' ? biasOwner(net, node)?.operator.biasGroups : undefined;
      // Without regions there are no frames to tell the number of units, and nothing to shift.
      const shifts =
        regions.length > 0
          ? shiftsOf(regions, h, node.activation, policy, previous[node.name], groups)
          : noShifts(net.sizes.get(node.name)!);
      layers.set(node.name, { frames: h, shifts });
      values.set(
        node.name,
        h.map((block, r) => activateFrame(node.activation, block, shifts, r)),
      );
    } else if (node.kind === 'max') {
      const kept = policy === 'sticky' ? previous[node.name] : undefined;
      const chosen = chooseWinners(node.windows, regions, frames, {
        ...(kept ? { previous: kept } : {}),
        ...(node.lifts ? { lifts: node.lifts } : {}),
      });
      maxima.set(node.name, chosen);
      values.set(
        node.name,
        frames.map((block, r) => maxFrame(block, chosen, r)),
      );
    } else {
      values.set(
        node.name,
        regions.map((_, r) =>
          checkedFrame(
            node.name,
            affineNodeFrame(
              node,
              inputs.map(blocks => blocks[r]),
            ),
          ),
        ),
      );
    }
  }
  return { values, layers, maxima };
}

/** Frame values through an affine node: the bias moves the origin, directions see only the linear part. */
export function affineNodeFrame(node: AffineNode | SumNode | ConcatNode, inputs: readonly Matrix[]): Matrix {
  if (node.kind === 'sum') return linearCombination(inputs, node.coefficients);
  if (node.kind === 'concat') return concatColumns(inputs);
  const { operator } = node;
  const h = operator.linear(inputs[0]);
  for (let j = 0; j < h.cols; j++) h.data[j] += operator.bias[j];
  return h;
}

/** Throws `shape` for a region of another dimension than the network's input. */
export function assertRegionsFit(regions: readonly Region[], inputSize: number): void {
  regions.forEach((region, r) => {
    assertSize(region.size, inputSize, `region ${r} (${region.kind})`, 'a region in the input space');
  });
}

/** A non-finite frame value would make every comparison false and pass for a unit that needs no shift. */
export function checkedFrame(name: string, h: Matrix): Matrix {
  const bad = h.data.findIndex(value => !Number.isFinite(value));
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
  return frames.map(frame => {
    const h = matrix(frame.rows, frame.cols, frame.data.slice());
    for (let j = 0; j < h.cols; j++) h.data[j] += shift[j];
    return h;
  });
}

/** Frame values through the pieces the sides select: `slope · (h₀ + c) + offset` at the origin, `slope · hᵢ` along directions. */
export function activateFrame(
  activation: Activation,
  h: Matrix,
  { shift, sides }: Shifts,
  region: number,
): Matrix {
  const pieces = piecesOn(region, activation, sides, h.cols);
  const y = matrix(h.rows, h.cols);
  const origin = rowOf(h, 0);
  for (let j = 0; j < h.cols; j++) {
    const piece = activation.pieces[pieces[j]];
    const slope = slopeAt(piece, j);
    y.data[j] = slope * (origin[j] + shift[j]) + piece.offset;
    for (let i = 1; i < h.rows; i++) y.data[i * h.cols + j] = slope * h.data[i * h.cols + j];
  }
  return y;
}
