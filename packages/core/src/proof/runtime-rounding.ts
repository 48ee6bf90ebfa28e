import { alongPieces, unitRows } from '../frames/affine-map.js';
import type { Network } from '../network/network.js';
import { rowsTogether } from '../network/rows-together.js';
import { walkBack } from '../network/walk.js';
import { multiplyAdds } from '../network/work.js';
import { addInto, forLive, type Matrix } from '../numeric/matrix.js';
import { sumErrorBound } from '../numeric/precision.js';
import { Scratch, withScratch } from '../numeric/scratch.js';
import type { AffinePieces } from '../rule/pieces.js';

/** Largest finite value of binary32. */
export const LARGEST_FLOAT32: number = (2 - 2 ** -23) * 2 ** 127;

/** By how much numbers in exact arithmetic stay below the largest float32 where what rounds is not known. */
const HEADROOM = 2 ** 20;

/** Multiply-adds that bounding one region may take where its frame takes fewer: about a second. */
const LEAST_WORK = 2 ** 30;

/** Outweighs the float64 rounding of sums of non-negative numbers. */
const INFLATION = 1 + 2 ** -20;

/**
 * What a float32 runtime rounds on one region, node by node, and how it travels. Where the pieces are fixed nothing after a node bends,
 * so the rounding δₖ made at node k reaches node l through the actual Jacobian, signs and cancellations included:
 * |error at l| ≤ Σₖ |∂l/∂k| δₖ. (Products of |W| know no cancellation and grow by a factor a layer.)
 */
export class RuntimeRounding {
  private readonly made = new Map<string, Float64Array>();
  private readonly scratch = new Scratch();
  private work: number;
  private firstOverflow: string | undefined;
  private firstCoarse: string | undefined;
  private isUnbounded = false;

  constructor(
    private readonly net: Network,
    private readonly pieces: AffinePieces,
    private readonly region: number,
    frameRows: number,
  ) {
    this.work = Math.max(LEAST_WORK, frameRows * multiplyAdds(net));
  }

  /** Records the rounding `[size]` that a node makes, those before it aside. */
  record(name: string, rounding: Float64Array): void {
    this.made.set(name, rounding);
  }

  /**
   * Records that a number as large as this may come up at a node, on the way too; `exact` is the same but for what rounds. Where only a bound
   * on rounding by products of |W| is larger than float32's numbers, nothing is known of the runtime, and nothing is said of overflow.
   */
  reach(name: string, largest: number, exact: number = largest): void {
    if (largest <= LARGEST_FLOAT32) return;
    if (this.firstCoarse !== undefined && exact <= LARGEST_FLOAT32 / HEADROOM) this.isUnbounded = true;
    else this.firstOverflow ??= name;
  }

  /** Whether there is no bound, though nothing is known to overflow. */
  get unbounded(): boolean {
    return this.isUnbounded;
  }

  /** The first node where float32 may overflow. */
  get overflow(): string | undefined {
    return this.firstOverflow;
  }

  /** The first node whose error is bounded by products of |W|, because its Jacobian would take too long. */
  get coarse(): string | undefined {
    return this.firstCoarse;
  }

  /** What was recorded of a node. */
  madeAt(name: string): Float64Array | undefined {
    return this.made.get(name);
  }

  /**
   * Bound `[size]` on what the rounding made before a node does to some of its units, infinite for the others; `coarse` `[size]` is the same by
   * products of |W|, which rounding in the Jacobians themselves is measured by. Undefined where no unit is asked for, or it would take too long.
   */
  before(name: string, coarse: Float64Array, units: Int32Array): Float64Array | undefined {
    if (units.length === 0) return undefined;
    const { nodes, sizes } = this.net;
    const until = nodes.slice(0, nodes.findIndex(node => node.name === name) + 1);
    const work = units.length * multiplyAdds({ nodes: until });
    if (work > this.work) {
      this.firstCoarse ??= name;
      return undefined;
    }
    this.work -= work;
    const width = until.reduce((sum, node) => sum + sizes.get(node.name)!, 0);
    const blockRows = rowsTogether(width);
    const bound = new Float64Array(coarse.length).fill(Number.POSITIVE_INFINITY);
    const rules = alongPieces(this.net, this.pieces, this.region);
    for (let from = 0; from < units.length; from += blockRows) {
      const some = units.subarray(from, from + blockRows);
      const sums = new Float64Array(some.length);
      withScratch(this.scratch, () =>
        walkBack({ nodes: until }, unitRows(some, coarse.length), rules, addInto, (each, jacobian) => {
          const rounding = each === name ? undefined : this.made.get(each);
          if (rounding) addAbsoluteProduct(sums, jacobian, rounding);
        }),
      );
      this.scratch.reclaim();
      // The Jacobians are products of rounded sums, of no more terms than all outputs on the way.
      some.forEach((j, i) => {
        bound[j] = sums[i] * INFLATION + sumErrorBound(width + until.length, coarse[j]);
      });
    }
    return bound;
  }
}

/** sums[i] += Σⱼ |Jᵢⱼ| δⱼ. */
function addAbsoluteProduct(sums: Float64Array, jacobian: Matrix, rounding: Float64Array): void {
  const { cols, data } = jacobian;
  forLive(jacobian, (start, end, from, to) => {
    for (let a = start; a < end; a += cols) sums[a / cols] += absoluteDot(data, a, from, to, rounding);
  });
}

/** Σ |xⱼ| δⱼ over columns of the row that begins at `start`. */
function absoluteDot(
  data: Float64Array,
  start: number,
  from: number,
  to: number,
  rounding: Float64Array,
): number {
  // Four sums: one would wait for each addition.
  let [a, b, c, d] = [0, 0, 0, 0];
  let j = from;
  for (; j + 3 < to; j += 4) {
    a += Math.abs(data[start + j]) * rounding[j];
    b += Math.abs(data[start + j + 1]) * rounding[j + 1];
    c += Math.abs(data[start + j + 2]) * rounding[j + 2];
    d += Math.abs(data[start + j + 3]) * rounding[j + 3];
  }
  for (; j < to; j++) a += Math.abs(data[start + j]) * rounding[j];
  return a + b + (c + d);
}
