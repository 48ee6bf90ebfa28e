import { type Activation, slopeAt } from './activation.js';
import { assertSize, PoliceError } from './errors.js';
import { type Matrix, matrix, rowOf } from './matrix.js';
import type { ActivationNode, AffineNode, Network } from './network.js';
import type { Region } from './regions/region.js';
import { noShifts, type Policy, piecesOn, type Shifts, shiftsOf } from './shift.js';

/** Sides of every policed layer, by activation name: the state of policy `sticky`. See {@link Shifts.sides}. */
export type Sides = Readonly<Record<string, Int8Array>>;

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
}

/**
 * The method: carries the frames through the network, and before each nonlinearity chooses the shifts that keep
 * every unit off its kinks all over every region (paper, Algorithm 1, with frames for vertices). Costs one forward
 * pass of Σ(dᵣ + 1) rows.
 */
export function policedPass(
  net: Network,
  regions: readonly Region[],
  policy: Policy,
  previous: Sides = {},
): PolicedPass {
  assertRegionsFit(regions, net.inputSize);
  const values = new Map<string, readonly Matrix[]>();
  const layers = new Map<string, PolicedLayer>();
  for (const node of net.nodes) {
    if (node.kind === 'input') {
      values.set(
        node.name,
        regions.map(({ frame }) => frame),
      );
    } else if (node.kind === 'affine') {
      values.set(node.name, affineFrames(node, values.get(node.input)!));
    } else {
      const frames = shiftedFrames(node, values.get(node.input)!);
      // Without regions there are no frames to tell the number of units, and nothing to shift.
      const shifts =
        regions.length > 0
          ? shiftsOf(regions, frames, node.activation, policy, previous[node.name])
          : noShifts(net.sizes.get(node.name)!);
      layers.set(node.name, { frames, shifts });
      values.set(
        node.name,
        frames.map((h, r) => activateFrame(node.activation, h, shifts, r)),
      );
    }
  }
  return { values, layers };
}

/** Throws `shape` for a region of another dimension than the network's input. */
export function assertRegionsFit(regions: readonly Region[], inputSize: number): void {
  regions.forEach((region, r) => {
    assertSize(region.size, inputSize, `region ${r} (${region.kind})`, 'a region in the input space');
  });
}

/** Frame values through an affine node: the bias moves the origin, directions see only the linear part. */
export function affineFrames({ name, operator }: AffineNode, frames: readonly Matrix[]): Matrix[] {
  return frames.map(frame => {
    const h = operator.linear(frame);
    for (let j = 0; j < h.cols; j++) h.data[j] += operator.bias[j];
    return checkedFrame(name, h);
  });
}

/** A non-finite frame value would make every comparison false and pass for a unit that needs no shift. */
function checkedFrame(name: string, h: Matrix): Matrix {
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
