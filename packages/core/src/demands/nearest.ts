import { PoliceError } from '../errors.js';
import { largestEntry } from '../numeric/matrix.js';
import type { Membership, Projected } from './convex-set.js';
import type { AffineSet } from './equalities.js';
import { type Resolvent, resolventOf } from './resolvent.js';

/** The nearest point of an intersection. */
export interface Nearest extends Projected {
  /** How far the point is from lying in the sets, in the units of z: 0 where a closed form gave it. */
  readonly residual: number;
}

/** Rounds of the alternating directions. */
const MOST_ROUNDS = 20_000;

/** Differences this small beside the numbers themselves are rounding. */
const CONVERGED = 2 ** -44;

/** What is no nearer to the sets after all rounds, relative to the numbers: there is no point in all of them. */
const FEASIBLE = 2 ** -20;

/**
 * The nearest point to z of {x in an affine set : Lᵢ x + lᵢ in Cᵢ}. One set alone by its closed form; several by the alternating direction
 * method of multipliers (Boyd et al. 2011, Distributed optimization and statistical learning, §5), with the step 1:
 *
 *   x = argmin ½‖x − z‖² + ½ Σ ‖Lᵢ x + lᵢ − yᵢ + uᵢ‖²,  sᵢ = Lᵢ x + lᵢ + uᵢ,  yᵢ = project(sᵢ),  uᵢ = sᵢ − yᵢ.
 *
 * At the fixed point uᵢ is the force with which a set pushes.
 */
export class NearestPoint {
  private readonly resolvent: Resolvent | undefined;

  constructor(
    private readonly size: number,
    private readonly affine: AffineSet | undefined,
    private readonly members: readonly Membership[],
  ) {
    if (!this.isClosed) this.resolvent = resolventOf(size, affine, members);
  }

  private get isClosed(): boolean {
    const { affine, members } = this;
    return members.length === 0 || (members.length === 1 && !affine && !members[0].operator);
  }

  /** Throws `infeasible-target` where the sets have no point in common. */
  project(z: Float64Array): Nearest {
    const { affine, members } = this;
    if (!this.isClosed) return this.iterated(z);
    if (members.length === 1) return { ...members[0].set.project(z), residual: 0 };
    return affine
      ? { point: affine.project(z), along: v => affine.along(v), residual: 0 }
      : { point: z, along: v => v, residual: 0 };
  }

  private iterated(z: Float64Array): Nearest {
    const { members } = this;
    const { solve } = this.resolvent!;
    let states = members.map(({ operator }) => new Float64Array(operator?.size ?? this.size));
    let found = members.map(({ set }, i) => set.project(states[i]));
    let x = z;
    let residual = Number.POSITIVE_INFINITY;
    let scale = 0;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      x = solve(z, reflected(states, found));
      const images = members.map(member => imageOf(member, x));
      const next = images.map((image, i) => image.map((y, k) => y + states[i][k] - found[i].point[k]));
      const moved = next.reduce((max, s, i) => Math.max(max, distance(s, states[i])), 0);
      states = next;
      found = members.map(({ set }, i) => set.project(states[i]));
      residual = images.reduce((max, image, i) => Math.max(max, distance(image, found[i].point)), 0);
      scale = Math.max(largestEntry(z), largestEntry(x), ...images.map(largestEntry));
      if (Math.max(moved, residual) <= CONVERGED * scale) break;
    }
    if (!(residual <= FEASIBLE * scale)) throw infeasible(residual);
    return { point: x, residual, along: v => this.carriedBack(v, found) };
  }

  /**
   * The derivative at the fixed point, transposed: q = g + Σ Lᵢᵀ pᵢ, pᵢ ← (1 − Jᵢ) pᵢ + (2 Jᵢ − 1) Lᵢ S q, with S the derivative of `solve`,
   * which converges as the forward iteration does; then S q.
   */
  private carriedBack(gradient: Float64Array, found: readonly Projected[]): Float64Array {
    const { members } = this;
    const { along } = this.resolvent!;
    let p = members.map(({ operator }) => new Float64Array(operator?.size ?? this.size));
    let back = along(gradient);
    const scale = largestEntry(gradient);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const next = members.map(({ operator }, i) => {
        const image = operator ? linearPart(operator, back) : back;
        const mixed = p[i].map((x, k) => 2 * image[k] - x);
        const through = found[i].along(mixed);
        return p[i].map((x, k) => x + through[k] - image[k]);
      });
      const moved = next.reduce((max, each, i) => Math.max(max, distance(each, p[i])), 0);
      p = next;
      const q = gradient.slice();
      members.forEach(({ operator }, i) => {
        const each = operator ? operator.adjoint(p[i]) : p[i];
        for (let k = 0; k < q.length; k++) q[k] += each[k];
      });
      back = along(q);
      if (moved <= CONVERGED * scale) break;
    }
    return back;
  }
}

/** 2 y − s. */
const reflected = (states: readonly Float64Array[], found: readonly Projected[]): Float64Array[] =>
  states.map((s, i) => s.map((x, k) => 2 * found[i].point[k] - x));

function imageOf({ operator }: Membership, x: Float64Array): Float64Array {
  return operator ? operator.apply(x) : x;
}

function linearPart({ apply, offset }: NonNullable<Membership['operator']>, v: Float64Array): Float64Array {
  const image = apply(v);
  return offset ? image.map((y, k) => y - offset[k]) : image;
}

function distance(a: Float64Array, b: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

const infeasible = (residual: number): PoliceError =>
  new PoliceError({
    code: 'infeasible-target',
    where: 'demand',
    expected: 'demands that one affine map meets at once',
    actual: `a contradiction: the nearest map misses one of them by ${residual.toPrecision(3)}`,
    remedy: 'Drop or loosen one of them.',
  });
