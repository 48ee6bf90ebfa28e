import { LINEAR_PART } from '../network/forward.js';
import type { Network } from '../network/network.js';
import { inputsOf, type NetworkNode } from '../network/nodes.js';
import { UNRESOLVED } from '../network/unresolved.js';
import { onDemand, type Rules } from '../network/walk.js';
import { type Matrix, pickColumns, room, rowRange, scaleColumns, withLive } from '../numeric/matrix.js';
import { type Packed, packed, unpacked } from '../numeric/packed.js';
import { Scratch, withScratch } from '../numeric/scratch.js';
import type { Region } from '../regions/region.js';
import { type FixedPiece, nodeOf } from './found-radii.js';
import { nearbyOrder } from './nearby-order.js';

const isLinear = ({ kind }: NetworkNode): boolean => kind in LINEAR_PART;

/** Something for every direction of one node: what is done with a block, a row for each of some directions, by their numbers, as it passes. */
type Visit = (name: string, block: Matrix, directions: Int32Array) => void;

/** All directions after a node, block by block, by the number of a block's first direction. */
type Stored = Map<number, Packed>;

function bytesOf(blocks: Stored): number {
  let bytes = 0;
  for (const { data } of blocks.values()) bytes += data.byteLength;
  return bytes;
}

/**
 * The directions of a region's frame on their way through a network, `blockRows` at a time, from the nodes whose directions
 * are stored: as many as fit in `memory` bytes. They get as far as the nonlinearities whose pieces are fixed.
 */
export class DirectionBlocks {
  private readonly stored = new Map<string, Stored>();
  /** The numbers of directions as they pass. */
  private readonly order: Int32Array;
  private readonly scratch = new Scratch();

  constructor(
    private readonly net: Network,
    private readonly region: Region,
    private readonly blockRows: number,
    private readonly memory: number,
    /** What the nonlinearities do, of which as many as are fixed. */
    private readonly pieces: ReadonlyMap<string, FixedPiece>,
  ) {
    this.order = nearbyOrder(net, region);
  }

  /** Reads, block by block, the directions after some nodes. A block's memory is the next one's, as is what a visit makes room for: nobody may keep it. */
  sweep(names: readonly string[], visit: Visit): void {
    const needed = this.neededFor(names);
    const read = [...this.stored].filter(([name]) => needed.has(name));
    for (let from = 0; from < this.order.length; from += this.blockRows) {
      const directions = this.order.subarray(from, from + this.blockRows);
      withScratch(this.scratch, () => {
        const after = this.after(directions, read);
        for (const name of names) visit(name, after(name), directions);
      });
      this.scratch.reclaim();
    }
  }

  /**
   * Sweeps every linear node that directions now reach and that is new, as `isNew` tells of those reached, and stores the directions
   * that later nodes will ask for.
   */
  advance(isNew: (name: string) => boolean, visit: Visit): void {
    const linear = this.net.nodes.filter(isLinear);
    const reached = linear.map(({ name }) => name).filter(name => this.isReachable(name) && isNew(name));
    const kept = new Map<string, Stored>();
    for (const name of reached) if (this.isReadLater(name)) kept.set(name, new Map());
    let bytes = [...this.stored.values()].reduce((sum, blocks) => sum + bytesOf(blocks), 0);
    this.sweep(reached, (name, block, directions) => {
      visit(name, block, directions);
      const blocks = kept.get(name);
      if (!blocks) return;
      const each = packed(block);
      bytes += each.data.byteLength;
      // All or nothing: without one of them those after it are made anew all the same.
      if (bytes > this.memory) kept.clear();
      else blocks.set(directions[0], each);
    });
    for (const [name, blocks] of kept) this.stored.set(name, blocks);
    this.forgetUnread();
  }

  /** Whether directions can be sent through everything before the node, and through itself. */
  private isReachable(name: string): boolean {
    if (this.stored.has(name)) return true;
    const node = nodeOf(this.net, name)!;
    const inputs = inputsOf(node);
    const isFixed = inputs.length === 0 || isLinear(node) || this.pieces.has(name);
    return isFixed && inputs.every(input => this.isReachable(input));
  }

  /** Some directions after a node, from those that are read. */
  private after(
    directions: Int32Array,
    read: readonly (readonly [string, Stored])[],
  ): (name: string) => Matrix {
    const throughPiece = ({ name }: NetworkNode, [rows]: readonly Matrix[]) => {
      const piece = this.pieces.get(name)!;
      return 'slopes' in piece ? scaleColumns(rows, piece.slopes) : pickColumns(rows, piece.winners);
    };
    const rules: Rules<Matrix> = {
      ...LINEAR_PART,
      ...UNRESOLVED,
      input: () => frameRows(this.region, directions),
      activation: throughPiece,
      max: throughPiece,
    };
    const known = new Map(read.map(([name, blocks]) => [name, unpacked(blocks.get(directions[0])!)]));
    return onDemand(this.net, rules, known);
  }

  private isReadLater(name: string): boolean {
    return this.net.nodes.some(node => inputsOf(node).includes(name) && !this.isReachable(node.name));
  }

  /** Drops stored directions that no later node needs. */
  private forgetUnread(): void {
    const later = this.net.nodes.filter(({ name }) => !this.isReachable(name)).flatMap(inputsOf);
    const needed = this.neededFor([...later, this.net.nodes.at(-1)!.name]);
    for (const name of this.stored.keys()) if (!needed.has(name)) this.stored.delete(name);
  }

  /** Some nodes and those they are made from, back to what is stored. */
  private neededFor(names: readonly string[]): Set<string> {
    const needed = new Set<string>();
    const need = (name: string): void => {
      if (needed.has(name)) return;
      needed.add(name);
      if (!this.stored.has(name)) inputsOf(nodeOf(this.net, name)!).forEach(need);
    };
    names.forEach(need);
    return needed;
  }
}

/** Rows of a region's frame, by the numbers of the directions; of one along the axes the frame itself is not read, which may be large. */
function frameRows({ axes, frame, size }: Region, numbers: Int32Array): Matrix {
  if (!axes) return withLive(rowRange(frame, numbers[0] + 1, numbers[0] + 1 + numbers.length));
  const rows = room(numbers.length, size);
  numbers.forEach((number, i) => {
    rows.data[i * size + axes[number].coordinate] = axes[number].factor;
  });
  return withLive(rows);
}
