import { PoliceError } from '../errors.js';
import type { AffineMap } from '../frames/affine-map.js';
import { matrix } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { type Demand, type SimpleDemand, simpleDemands } from './demand-type.js';
import { type AffineSet, affineSet } from './equalities.js';
import { functionalFrame } from './functional-frame.js';
import { type LyapunovMatrices, matricesOf, refreshes } from './lyapunov-matrices.js';
import { type MapSpace, mapAt, mapSpace, pointOf } from './map-space.js';
import { type Nearest, NearestPoint } from './nearest.js';
import { partsOf } from './parts.js';
import type { FoundPoints } from './safe-parts.js';

/** The nearest map that meets a demand, and how it moves with the map it is nearest to. */
export interface HeldMap {
  readonly map: AffineMap;
  /** How far the map may be from meeting it, in outputs per distance of inputs: what iterations left, 0 of a closed form. */
  readonly residual: number;
  /** A gradient with respect to `map` as one with respect to the map given. */
  pullback(gradient: AffineMap): AffineMap;
}

/** Rounds of adding the points at which a map is least safe. */
const MOST_ROUNDS = 200;

/** What is beyond a limit by no more than this share of the numbers is rounding. */
const SAFE = 2 ** -36;

/**
 * Takes affine maps `[outSize, D]` of a region to the nearest ones that meet a demand: Euclidean in the entries of A and in the values at the
 * region's centre over its radius (root mean square of the half widths of its bounding box). One set by its closed form, several by
 * alternating directions; see `Demand` for stabilities. A law: a map that meets the demand stays as it is.
 *
 * Throws `infeasible-target` where no map meets it, `shape` or `invalid-option` where it does not fit the sizes, `too-large`.
 */
export class DemandHolder {
  readonly space: MapSpace;
  private readonly demands: readonly SimpleDemand[];
  private readonly affine: AffineSet | undefined;
  private readonly points: FoundPoints = [];
  private kept: NearestPoint | undefined;

  constructor(
    readonly demand: Demand,
    region: Region,
    outSize: number,
  ) {
    this.space = mapSpace(region, outSize);
    this.demands = simpleDemands(demand);
    const zero: AffineMap = { A: matrix(outSize, region.size), b: new Float64Array(outSize) };
    const { equalities } = this.parts(0, matricesOf(this.space, zero));
    if (equalities.length > 0) this.affine = affineSet(equalities, this.space.size);
    this.hold(zero);
  }

  /** The nearest map that meets the demand, inequalities by `slack` more than asked, in outputs per distance of inputs. */
  hold(map: AffineMap, slack = 0): HeldMap {
    const z = pointOf(this.space, map);
    const found = this.nearest(z, map, slack);
    return {
      map: mapAt(this.space, found.point),
      residual: found.residual,
      pullback: gradient => this.pullback(found, gradient),
    };
  }

  private nearest(z: Float64Array, map: AffineMap, slack: number): Nearest {
    const matrices = matricesOf(this.space, map);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const found = this.solver(slack, matrices).project(z);
      if (!this.addPoints(mapAt(this.space, found.point), slack)) return found;
    }
    throw new PoliceError({
      code: 'no-solution',
      where: 'demand',
      expected: `safety that ${MOST_ROUNDS} points of the region decide`,
      actual: 'more',
      remedy: 'Take a region with fewer vertices.',
    });
  }

  private solver(slack: number, matrices: LyapunovMatrices): NearestPoint {
    const isLasting = slack === 0 && !refreshes(this.demands);
    if (isLasting && this.kept) return this.kept;
    const solver = new NearestPoint(this.space.size, this.affine, this.parts(slack, matrices).members);
    if (isLasting) this.kept = solver;
    return solver;
  }

  private parts(slack: number, lyapunov: LyapunovMatrices) {
    return partsOf(this.space, this.demands, { slack, lyapunov, points: this.points });
  }

  /** Adds the points at which a limit is exceeded most, where the region does not list its vertices; whether there are any. */
  private addPoints({ A, b }: AffineMap, slack: number): boolean {
    const { region, radius } = this.space;
    const { unitBall, points } = region.body;
    if (unitBall || points) return false;
    const before = this.points.length;
    for (const demand of this.demands) {
      if (demand.kind !== 'safe') continue;
      const h = functionalFrame(region, demand, { A, b });
      const { hi } = region.range(h);
      const reach = region.reach(h);
      const sizes = demand.C.map(c => c.reduce((sum, x) => sum + Math.abs(x), 0));
      const isOver = demand.e.map(
        (e, i) => hi[i] > e - slack * radius * sizes[i] + SAFE * (reach[i] + Math.abs(e)),
      );
      if (!isOver.includes(true)) continue;
      const at = region.extremes(h, new Int8Array(h.cols).fill(1));
      isOver.forEach((over, i) => {
        if (over)
          this.points.push(
            Float64Array.from({ length: at.rows - 1 }, (_, k) => at.data[(k + 1) * at.cols + i]),
          );
      });
    }
    if (this.points.length === before) return false;
    this.kept = undefined;
    return true;
  }

  private pullback({ along }: Nearest, { A, b }: AffineMap): AffineMap {
    const { outSize, inSize, centre, radius, size } = this.space;
    // b = radius · t − A centre.
    const g = new Float64Array(size);
    for (let j = 0; j < outSize; j++) {
      for (let k = 0; k < inSize; k++) g[j * inSize + k] = A.data[j * inSize + k] - b[j] * centre[k];
      g[outSize * inSize + j] = b[j] * radius;
    }
    const back = along(g);
    const dA = matrix(outSize, inSize);
    const db = new Float64Array(outSize);
    // t = (A centre + b) / radius.
    for (let j = 0; j < outSize; j++) {
      db[j] = back[outSize * inSize + j] / radius;
      for (let k = 0; k < inSize; k++) dA.data[j * inSize + k] = back[j * inSize + k] + db[j] * centre[k];
    }
    return { A: dA, b: db };
  }
}
