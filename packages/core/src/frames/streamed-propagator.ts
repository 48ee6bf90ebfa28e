import { PoliceError } from '../errors.js';
import { LINEAR_PART, type LinearNode, linearPart } from '../network/forward.js';
import type { Network } from '../network/network.js';
import { inputsOf, type MaxNode, type NetworkNode } from '../network/nodes.js';
import { byKind, ifKind, type NodeTable, onDemand, type Rules } from '../network/walk.js';
import { type Matrix, matrix, pickColumns, rowOf, rowRange, stackRows } from '../numeric/matrix.js';
import { symmetricBody } from '../regions/kinds/symmetric.js';
import type { Region } from '../regions/region.js';
import { cube, type UnitBall } from '../regions/unit-balls.js';
import { pairDifferences, pairOffsets } from '../rule/winners.js';
import type { FramePropagator } from './propagator.js';

const IS_NONLINEARITY: NodeTable<boolean> = {
  input: () => false,
  affine: () => false,
  sum: () => false,
  concat: () => false,
  activation: () => true,
  max: () => true,
};

/** Share of the memory that a block of directions on its way through the network may take. */
const WORKING_SHARE = 1 / 4;

/**
 * Carries a frame that would not fit in memory: of every node it gives two rows, the origin's value and the *radius*, half
 * the width of the range (the dual norm of the directional rows; see {@link UnitBall}). A radius is found by sending the
 * directions through the network in blocks, from the nodes whose directions are stored, which are as many as fit.
 *
 * Bound on the memory: `memory` bytes for stored directions and a quarter of it for the blocks. Time: where a layer's
 * directions do not fit, those after it are computed once for every nonlinearity that follows until one fits.
 *
 * Throws `too-large` for a region that is no image of a unit ball, or where not even one direction's values fit.
 */
export function streamedPropagator(net: Network, region: Region, memory: number): FramePropagator {
  const { unitBall } = region.body;
  const nodes = new Map(net.nodes.map(node => [node.name, node]));
  const pieces = new Map<string, (directions: Matrix) => Matrix>();
  const radii = new Map<string, Float64Array>();
  const stored = new Map<string, Matrix>();
  const count = region.frame.rows - 1;
  const widest = largestRow(net);
  const blockRows = Math.floor((memory * WORKING_SHARE) / (8 * widest));
  if (!unitBall || blockRows < 1) throw tooLarge(net, region, memory, unitBall);

  /** Whether directions can be sent through everything before the node, and through itself if it is linear. */
  const isReachable = (name: string): boolean => {
    if (stored.has(name)) return true;
    const node = nodes.get(name)!;
    const isFixed = !byKind(IS_NONLINEARITY, node) || pieces.has(name);
    return isFixed && inputsOf(node).every(isReachable);
  };

  /** The directions `from` to `to` after a node. */
  const directionsFrom = (from: number, to: number): ((name: string) => Matrix) => {
    const throughPiece = ({ name }: NetworkNode, [rows]: readonly Matrix[]) => pieces.get(name)!(rows);
    const rules: Rules<Matrix> = {
      ...LINEAR_PART,
      input: () => rowRange(region.frame, from + 1, to + 1),
      activation: throughPiece,
      max: throughPiece,
    };
    const known = new Map([...stored].map(([name, rows]) => [name, rowRange(rows, from, to)]));
    return onDemand(net, rules, known);
  };

  /** Reads, block by block, the directions after some nodes. */
  const sweep = (names: readonly string[], visit: (name: string, block: Matrix, from: number) => void) => {
    for (let from = 0; from < count; from += blockRows) {
      const to = Math.min(count, from + blockRows);
      const directions = directionsFrom(from, to);
      for (const name of names) visit(name, directions(name), from);
    }
  };

  /** Radii of every linear node that directions now reach; stores the directions that later nodes will ask for. */
  const advance = () => {
    const linear = net.nodes.slice(1).filter(node => !byKind(IS_NONLINEARITY, node));
    const reached = linear.map(({ name }) => name).filter(name => !radii.has(name) && isReachable(name));
    const kept = keepIfFitting(reached.filter(name => isReadLater(name)));
    for (const name of reached) radii.set(name, new Float64Array(net.sizes.get(name)!));
    sweep(reached, (name, block, from) => {
      radii.set(name, widened(unitBall, radii.get(name)!, block));
      kept.get(name)?.data.set(block.data, from * block.cols);
    });
    for (const [name, rows] of kept) stored.set(name, rows);
    forgetUnread();
  };

  const isReadLater = (name: string) =>
    net.nodes.some(node => inputsOf(node).includes(name) && !isReachable(node.name));

  const keepIfFitting = (names: readonly string[]): Map<string, Matrix> => {
    const bytes = (sizes: readonly number[]) => 8 * count * sizes.reduce((sum, size) => sum + size, 0);
    const sizes = names.map(name => net.sizes.get(name)!);
    const present = [...stored.values()].map(({ cols }) => cols);
    if (bytes(sizes) + bytes(present) > memory) return new Map();
    return new Map(names.map((name, i) => [name, matrix(count, sizes[i])]));
  };

  /** Drops stored directions that no later node needs. */
  const forgetUnread = () => {
    const needed = new Set<string>();
    const need = (name: string): void => {
      if (needed.has(name)) return;
      needed.add(name);
      if (!stored.has(name)) inputsOf(nodes.get(name)!).forEach(need);
    };
    for (const node of net.nodes) if (!isReachable(node.name)) inputsOf(node).forEach(need);
    need(net.nodes.at(-1)!.name);
    for (const name of stored.keys()) if (!needed.has(name)) stored.delete(name);
  };

  const radiusOf = (name: string): Float64Array => {
    if (!radii.has(name)) advance();
    return radii.get(name)!;
  };

  return {
    region,
    reader: symmetricBody(cube, 1),
    start: () => {
      const radius = unitBall.dual(rowRange(region.frame, 1, region.frame.rows));
      return twoRows(rowOf(region.frame, 0), radius);
    },
    linear: (node: LinearNode, inputs) => {
      const origins = inputs.map(input => rowRange(input, 0, 1));
      return twoRows(linearPart(node, origins).data, radiusOf(node.name));
    },
    leads: (node: MaxNode, input) => {
      const { windows } = node;
      const total = pairOffsets(windows).at(-1)!;
      const windowsTotal = windows.offsets.length - 1;
      let radius: Float64Array = new Float64Array(total);
      sweep([node.input], (_name, block) => {
        // A row of differences at a time: there are many more of them than entries.
        for (let i = 0; i < block.rows; i++) {
          const row = rowRange(block, i, i + 1);
          radius = widened(unitBall, radius, pairDifferences(windows, row, 0, windowsTotal));
        }
      });
      const atOrigin = pairDifferences(windows, rowRange(input, 0, 1), 0, windowsTotal).data;
      return atOrigin.map((difference, k) => difference + radius[k]);
    },
    fixPiece: (name, piece) => {
      pieces.set(name, piece);
    },
    columns: (name, values, units) => {
      const picked = pickColumns(rowRange(values, 0, 1), units);
      const blocks: Matrix[] = [picked];
      sweep([name], (_name, block) => {
        blocks.push(pickColumns(block, units));
      });
      return stackRows(blocks, units.length);
    },
  };
}

/** The dual norm of all rows so far: that of the norms of its parts, for the l1, l2 and l∞ norms alike. */
function widened(unitBall: UnitBall, radius: Float64Array, block: Matrix): Float64Array {
  return unitBall.dual(twoRows(radius, unitBall.dual(block)));
}

function twoRows(first: Float64Array, second: Float64Array): Matrix {
  const m = matrix(2, first.length);
  m.data.set(first);
  m.data.set(second, first.length);
  return m;
}

/** Numbers that one direction takes on its way: all nodes' values, and pairs of a maximum. */
function largestRow(net: Network): number {
  const values = [...net.sizes.values()].reduce((sum, size) => sum + size, 0);
  const pairs = net.nodes.map(
    node => ifKind({ max: ({ windows }) => pairOffsets(windows).at(-1)! }, node) ?? 0,
  );
  return values + Math.max(...pairs);
}

/** Bytes of the whole frame after every node. */
export function frameBytes(net: Network, region: Region): number {
  return [...net.sizes.values()].reduce((sum, size) => sum + 8 * region.frame.rows * size, 0);
}

export function tooLarge(net: Network, region: Region, memory: number, unitBall?: UnitBall): PoliceError {
  const size = (bytes: number) => `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
  return new PoliceError({
    code: 'too-large',
    where: `the frame of a region (${region.kind})`,
    expected: `at most ${size(memory)}`,
    actual: `${region.frame.rows} rows through all layers, ${size(frameBytes(net, region))}`,
    remedy: unitBall
      ? 'Allow more memory (option memory, in bytes).'
      : 'Allow more memory (option memory, in bytes), or use a box or ball, whose frame can be carried in blocks.',
  });
}
