import { checkedDemand } from './checked-demand.js';
import type {
  AllDemand,
  AntisymmetricDemand,
  Demand,
  DissipativeDemand,
  ExactDemand,
  HurwitzDemand,
  LipschitzDemand,
  MonotoneDemand,
  Norm,
  Plant,
  RowLipschitzDemand,
  SafeDemand,
  StableDemand,
  SumsDemand,
  SymmetricDemand,
  ThroughDemand,
} from './demand-type.js';

type Numbers = ArrayLike<number>;
type Rows = readonly Numbers[];

const vector = (values: Numbers): number[] => Array.from(values);
const rows = (values: Rows): number[][] => Array.from(values, vector);

/**
 * Signs of the entries of A `[out, in]`: 1 where an output must not fall as an input grows, −1 where it must not rise, 0 where it is free.
 *
 * @example
 * demands.monotone([[1, -1]]); // one output: rises with input 0, falls with input 1
 */
export const monotone = (signs: Rows): MonotoneDemand =>
  checkedDemand({ kind: 'monotone', signs: rows(signs) });

/**
 * ‖A‖ ≤ bound, the operator norm from the `input` norm to the `output` norm: how far outputs move at most per distance of inputs. 2 → 2 is the
 * spectral norm. Out of 1 and into ∞ every pair has a closed form; ∞ → 1, ∞ → 2 and 2 → 1 are NP-hard and refused (`invalid-option`).
 *
 * @example
 * demands.lipschitz(1); // no two points grow apart
 */
export const lipschitz = (bound: number, input: Norm = 2, output: Norm = input): LipschitzDemand =>
  checkedDemand({ kind: 'lipschitz', bound, input, output });

/**
 * Output j moves by at most `bounds[j]` per distance of inputs in the `input` norm: the dual norm of each row of A.
 *
 * @example
 * demands.rowLipschitz([1, 0.5], 'infinity');
 */
export const rowLipschitz = (bounds: Numbers, input: Norm = 2): RowLipschitzDemand =>
  checkedDemand({ kind: 'rowLipschitz', bounds: vector(bounds), input });

/**
 * Row j of A sums to `sums[j]`: what all inputs share, each output has as many times as much.
 *
 * @example
 * demands.rowSums([1, 1]); // every output is an average of the inputs, but for signs and an offset
 */
export const rowSums = (sums: Numbers): SumsDemand<'rowSums'> =>
  checkedDemand({ kind: 'rowSums', sums: vector(sums) });

/**
 * Column k of A sums to `sums[k]`: all ones conserve the total, Σ outputs = Σ inputs + a constant.
 *
 * @example
 * demands.columnSums([1, 1]);
 */
export const columnSums = (sums: Numbers): SumsDemand<'columnSums'> =>
  checkedDemand({ kind: 'columnSums', sums: vector(sums) });

/**
 * A = Aᵀ: on the region the map is the gradient of a quadratic.
 *
 * @example
 * demands.symmetric();
 */
export const symmetric = (): SymmetricDemand => checkedDemand({ kind: 'symmetric' });

/**
 * A = −Aᵀ: A x never does work on x.
 *
 * @example
 * demands.antisymmetric();
 */
export const antisymmetric = (): AntisymmetricDemand => checkedDemand({ kind: 'antisymmetric' });

/**
 * A + Aᵀ ⪯ −ε I: along ẋ = f(x) any two solutions on the region approach each other, ‖x − y‖ as e^(−ε t / 2) or faster.
 *
 * @example
 * demands.dissipative(0.5);
 */
export const dissipative = (epsilon: number): DissipativeDemand =>
  checkedDemand({ kind: 'dissipative', epsilon });

/** What the stability of a loop may be asked with. */
export interface StabilityOptions {
  /** The equilibrium x* `[in]`: f(x*) = x* (discrete) or f(x*) = 0 (continuous). Not with `plants`: ask `through` of the controller. */
  readonly at?: Numbers;
  /** Loops that the map closes, F + G A each; all with one P, so that every plant between them is stable, a changing one too. */
  readonly plants?: readonly { readonly F: Rows; readonly G: Rows }[];
  /** The Lyapunov matrix; without plants found from the map at hand, see `Demand`. */
  readonly P?: Rows;
}

const stability = ({ at, plants, P }: StabilityOptions) => ({
  ...(at ? { at: vector(at) } : {}),
  ...(plants ? { plants: plants.map(({ F, G }): Plant => ({ F: rows(F), G: rows(G) })) } : {}),
  ...(P ? { P: rows(P) } : {}),
});

/**
 * Spectral radius below `radius`: the discrete system x⁺ = f(x), or with plants x⁺ = F x + G f(x), has a stable equilibrium.
 *
 * @example
 * demands.stable(0.9, { at: [0, 0] });
 */
export const stable = (radius: number, options: StabilityOptions = {}): StableDemand =>
  checkedDemand({ kind: 'stable', radius, ...stability(options) });

/**
 * All eigenvalues' real parts below −`decay`: the continuous system ẋ = f(x), or with plants ẋ = F x + G f(x), has a stable equilibrium.
 *
 * @example
 * demands.hurwitz(0.1, { at: [0, 0] });
 */
export const hurwitz = (decay: number, options: StabilityOptions = {}): HurwitzDemand =>
  checkedDemand({ kind: 'hurwitz', decay, ...stability(options) });

/**
 * C f(x) ≤ e on all of the region, C `[m, out]`.
 *
 * @example
 * demands.safe([[1], [-1]], [1, 1]); // |f| ≤ 1
 */
export const safe = (C: Rows, e: Numbers): SafeDemand =>
  checkedDemand({ kind: 'safe', C: rows(C), e: vector(e) });

/**
 * f(x) = y at points of the region.
 *
 * @example
 * demands.through([{ x: [0, 0], y: [0] }]);
 */
export const through = (points: readonly { readonly x: Numbers; readonly y: Numbers }[]): ThroughDemand =>
  checkedDemand({
    kind: 'through',
    points: points.map(({ x, y }) => ({ x: vector(x), y: vector(y) })),
  });

/**
 * Values of A, b or both, entry by entry; null where an entry is free.
 *
 * @example
 * demands.exact({ A: [[0, null]], b: [0] });
 */
export const exact = ({ A, b }: Pick<ExactDemand, 'A' | 'b'>): ExactDemand =>
  checkedDemand({
    kind: 'exact',
    ...(A ? { A: A.map(row => Array.from(row)) } : {}),
    ...(b ? { b: Array.from(b) } : {}),
  });

/**
 * All of these at once.
 *
 * @example
 * demands.all(demands.symmetric(), demands.lipschitz(2));
 */
export const all = (...demands: readonly Demand[]): AllDemand => checkedDemand({ kind: 'all', demands });
