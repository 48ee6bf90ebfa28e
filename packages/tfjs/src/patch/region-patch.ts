import { type AffineMap, float32, type Gap, type Matrix, matrix, type Region } from '@police/core';
import { type DemandHolder, gapApartFrom, leastGapApart, storedMap } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { permuted } from '../graph/values.js';
import { affine } from '../ops/affine-op.js';
import { clamp } from '../ops/clamp-op.js';
import { HeldMapOp } from '../ops/held-map-op.js';
import { affineMap } from '../ops/map-op.js';
import { peek } from '../ops/peek.js';
import { GapOnDevice } from './gap-on-device.js';

/** The affine function x A + b that a region is given, as weights of the model. */
export interface MapWeights {
  /** `[D, out]`. */
  readonly A: LayerVariable;
  /** `[out]`. */
  readonly b: LayerVariable;
}

/** An earlier patch that a later one must leave alone. */
interface Earlier {
  readonly patch: RegionPatch;
  /** Of its region's bounding box, `[1, D]`. */
  readonly centre: tf.Tensor2D;
  readonly radii: tf.Tensor2D;
  /** Not more than the later patch's gap anywhere on that region. */
  readonly leastGap: number;
}

/** What a steepness that separates regions is multiplied by. */
const ALLOWANCE = 1.001;

/** Holds the outputs between two cones around one region's map. */
export class RegionPatch {
  readonly gap: Gap;
  /** As the framework computes it. */
  readonly device: GapOnDevice;
  private readonly earlier: readonly Earlier[];
  private readonly constants: tf.Tensor[] = [];
  private readonly least: tf.Tensor2D;
  /** Where the map is to meet a demand: the weights are then those of the map that the held one is nearest to. */
  private readonly op: HeldMapOp | undefined;
  private readonly centre: tf.Tensor2D;

  /** Throws `invalid-option` where the region meets one of an earlier patch, or what core's `gapOf` throws. */
  constructor(
    readonly region: Region,
    readonly map: MapWeights,
    steepness: number,
    before: readonly RegionPatch[],
    holder?: DemandHolder,
    pull = 0,
  ) {
    this.op = holder && new HeldMapOp(holder, pull);
    this.centre = this.constant(holder?.space.centre ?? new Float64Array(region.size));
    this.gap = gapApartFrom(
      region,
      before.map(patch => patch.region),
    );
    this.device = new GapOnDevice(this.gap);
    this.least = this.constant(new Float32Array(map.b.shape[0] as number).fill(steepness));
    this.earlier = before.map((patch, r) => {
      const { region: other } = patch;
      const { lo, hi } = other.range(other.frame);
      return {
        patch,
        centre: this.constant(lo.map((low, k) => (low + hi[k]) / 2)),
        radii: this.constant(lo.map((low, k) => (hi[k] - low) / 2)),
        leastGap: leastGapApart(this.gap.network, other, r, before.length),
      };
    });
  }

  /** The map at rows x `[n, D]`, `[n, out]`: NaN or infinite where a row is. */
  mapAt(x: tf.Tensor2D): tf.Tensor2D {
    const { A, b } = this.present();
    return affineMap(x, A, b);
  }

  /** Rows x `[n, D]`, the map there and values `[n, out]`. */
  apply(x: tf.Tensor2D, centre: tf.Tensor2D, value: tf.Tensor2D): tf.Tensor2D {
    const steepness = this.steepness();
    const gap = this.device.of(x, () => gapThatFrees(value, centre, steepness));
    return clamp(value, centre, tf.mul(gap, steepness));
  }

  /** A `[D, out]` and b `[out]` as they hold now, on the gradient tape. */
  present(): { readonly A: tf.Tensor2D; readonly b: tf.Tensor1D } {
    const [A, b] = [this.map.A.read() as tf.Tensor2D, this.map.b.read() as tf.Tensor1D];
    if (!this.op) return { A, b };
    const atCentre = (weight: tf.Tensor2D) => tf.reshape<tf.Rank.R1>(affine(this.centre, weight), [-1]);
    const held = this.op.apply({ A, value: tf.add(b, atCentre(A)) });
    return { A: held.A, b: tf.sub(held.value, atCentre(held.A)) };
  }

  /** The map as it is stored in a plain model: of a demand, one of which it is proved. */
  stored(): AffineMap {
    const map = affineMapOf(this.map);
    return this.op ? storedMap(this.op.holder, map, float32).map : map;
  }

  /**
   * K `[1, out]`: as asked, or as much more as leaves the earlier regions to their maps, K d ≥ |their map − this one| on all of their
   * bounding boxes, what float32 rounds in the two maps included. Their difference there is at most |its value at the centre| + radii · |A|.
   */
  steepness(): tf.Tensor2D {
    if (this.earlier.length === 0) return this.least;
    const { A, b } = this.present();
    return this.earlier.reduce((steepness, { patch, centre, radii, leastGap: gap }) => {
      const { A: otherA, b: otherB } = patch.present();
      const [dA, db] = [tf.sub(A, otherA), tf.sub(b, otherB)];
      const span = (at: tf.Tensor, weight: tf.Tensor) => affine(at as tf.Tensor2D, weight as tf.Tensor2D);
      const difference = tf.add(tf.abs(tf.add(span(centre, dA), db)), span(radii, tf.abs(dA)));
      const reach = tf.add(tf.abs(centre), radii);
      const size = tf.add(span(reach, tf.add(tf.abs(A), tf.abs(otherA))), tf.add(tf.abs(b), tf.abs(otherB)));
      // Each of the two maps, and their difference, in any order of summation.
      const rounding = 4 * (this.region.size + 4) * FLOAT32_ROUNDOFF;
      const most = tf.add(difference, tf.mul(size, rounding));
      return tf.maximum(steepness, tf.mul<tf.Tensor2D>(most, ALLOWANCE / gap));
    }, this.least);
  }

  /** K `[out]` as numbers. */
  presentSteepness(): Float64Array {
    const steepness = tf.tidy(() => tf.add(this.steepness(), 0));
    const values = Float64Array.from(steepness.dataSync());
    steepness.dispose();
    return values;
  }

  dispose(): void {
    this.device.dispose();
    tf.dispose(this.constants);
  }

  private constant(values: ArrayLike<number>): tf.Tensor2D {
    const row = tf.keep(tf.tensor2d(Float32Array.from(values), [1, values.length]));
    this.constants.push(row);
    return row;
  }
}

const FLOAT32_ROUNDOFF = 2 ** -24;

/** What a gap must be more than to leave a value alone, for what float32 rounds of the radius that it makes. */
const FREEING = 1.01;

/** From which gap on each row `[n]` is within its radius in all outputs: at K = 0 none is. */
function gapThatFrees(value: tf.Tensor2D, centre: tf.Tensor2D, steepness: tf.Tensor2D): Float64Array {
  const [values, centres, K] = [value, centre, steepness].map(peek);
  const [rows, outputs] = value.shape;
  const gaps = new Float64Array(rows);
  for (let i = 0; i < values.length; i++) {
    const gap = (FREEING * Math.abs(values[i] - centres[i])) / K[i % outputs];
    const row = Math.floor(i / outputs);
    // Not a number where nothing is to be freed, or overflow: then no gap is enough.
    gaps[row] = gap >= 0 ? Math.max(gaps[row], gap) : Number.POSITIVE_INFINITY;
  }
  return gaps;
}

/** The map as numbers: A `[out, D]`. */
export function affineMapOf({ A, b }: MapWeights): AffineMap {
  const [cols, rows] = A.shape as number[];
  const data: Matrix = matrix(rows, cols, Float64Array.from(permuted(A, [1, 0])));
  return { A: data, b: Float64Array.from(b.read().dataSync()) };
}
