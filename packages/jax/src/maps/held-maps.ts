import { numpy as np } from '@jax-js/jax';
import {
  type AffineMap,
  float32,
  float64,
  type Matrix,
  PoliceError,
  type Precision,
  type Region,
  type Target,
} from '@police/core';
import { centreOf, type DemandHolder, holdersOf, storedMap } from '@police/core/adapter';
import { type Constant, constant, type Format, type Tensor } from '../arrays.js';
import { numbersOfMap, type RegionMap, tensorsOfMap, transposed } from './region-map.js';

/** What a target gives of a region's map, whatever is trained. */
interface Given {
  readonly A?: Constant;
  readonly b?: Constant;
}

/**
 * The maps of regions under their targets. What a target gives is constant, and of a demand the map that is trained is taken to the nearest
 * one that meets it between steps: projected gradient descent. jax-js has neither callbacks nor gradients of one's own, which
 * projecting within a jitted step would take.
 */
export class HeldMaps {
  private readonly given: readonly Given[];
  private kept:
    | { readonly outputs: number; readonly holders: readonly (DemandHolder | undefined)[] }
    | undefined;

  constructor(
    private readonly regions: readonly Region[],
    readonly targets: readonly (Target | undefined)[] = [],
  ) {
    this.given = regions.map((_, r) => givenBy(targets[r]));
  }

  /** Whether some of the maps are to be taken back to their demands between steps. */
  get hasDemands(): boolean {
    return this.targets.some(target => target && 'kind' in target);
  }

  /** Throws `shape`, `not-finite` or `infeasible-target` for targets that no map of so many outputs meets. */
  holders(outputs: number): readonly (DemandHolder | undefined)[] {
    if (this.kept?.outputs !== outputs)
      this.kept = { outputs, holders: holdersOf(this.targets, this.regions, outputs) };
    return this.kept.holders;
  }

  /** Maps to start from, given what the function is on each region: what a target gives put in its place, demands met. */
  start(fits: readonly AffineMap[], dtype: Format): RegionMap[] {
    return fits.map((fit, r) => {
      const holder = this.holders(fit.b.length)[r];
      const target = this.targets[r];
      if (holder) return tensorsOfMap(holder.hold(fit).map, dtype);
      if (!target || 'kind' in target) return tensorsOfMap(fit, dtype);
      const b = target.b ? Float64Array.from(target.b) : keepingCentre(target.A, fit, this.regions[r]);
      return tensorsOfMap({ A: target.A, b }, dtype);
    });
  }

  /** The maps as they hold, references to use up; those given are left. */
  present(maps: readonly RegionMap[]): RegionMap[] {
    return maps.map(({ A, b }, r) => ({
      A: this.given[r].A?.(A.dtype) ?? A.ref,
      b: this.given[r].b?.(b.dtype) ?? b.ref,
    }));
  }

  /** The nearest maps that meet the demands, in the numbers' format; uses up the ones given. */
  hold(maps: readonly RegionMap[]): RegionMap[] {
    return maps.map((map, r) => {
      const target = this.targets[r];
      if (!target || !('kind' in target)) return map;
      assertConcrete(map.A);
      const dtype = map.A.dtype as Format;
      const numbers = numbersOfMap(map);
      map.A.dispose();
      map.b.dispose();
      return tensorsOfMap(this.holders(numbers.b.length)[r]!.hold(numbers).map, dtype);
    });
  }

  /** As numbers; those given are left. */
  numbers(maps: readonly RegionMap[]): AffineMap[] {
    return this.present(maps).map(map => {
      const numbers = numbersOfMap(map);
      map.A.dispose();
      map.b.dispose();
      return numbers;
    });
  }

  /** As they are stored in a plain model: of a demand, maps of which it is proved. Throws `infeasible-target`. */
  stored(maps: readonly RegionMap[]): AffineMap[] {
    return this.numbers(maps).map((map, r) => {
      const holder = this.holders(map.b.length)[r];
      return holder ? storedMap(holder, map, precisionOf(maps[r].A.dtype as Format)).map : map;
    });
  }
}

export const precisionOf = (dtype: Format): Precision => (dtype === 'float64' ? float64 : float32);

function givenBy(target: Target | undefined): Given {
  if (!target || 'kind' in target) return {};
  const { A, b } = target;
  return { A: constant(transposed(A).data, [A.cols, A.rows]), ...(b ? { b: constant(b, [b.length]) } : {}) };
}

/** The b with which a map of Jacobian A has the value at the region's centre that another has. */
function keepingCentre(A: Matrix, other: AffineMap, region: Region): Float64Array {
  const centre = centreOf(region);
  return other.b.map((b, j) =>
    centre.reduce((sum, c, k) => sum + (other.A.data[j * A.cols + k] - A.data[j * A.cols + k]) * c, b),
  );
}

function assertConcrete(array: Tensor): void {
  if (array instanceof np.Array) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'hold',
    expected: 'arrays with numbers',
    actual: 'traced ones',
    remedy: 'Call hold between jitted steps, not within one: params = hold(step(params)).',
  });
}
