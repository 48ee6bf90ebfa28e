import type { RegionJSON } from '../json-type.js';
import type { Region } from '../region.js';
import { cube } from '../unit-balls.js';
import { checkedDirections, symmetricAlong } from './symmetric.js';

/**
 * The zonotope {centre + Σ λᵢ generatorᵢ : |λᵢ| ≤ 1} of generators `[m, D]`, as many as you like and in any position;
 * generators of zeros change nothing. Its up to 2ᵐ vertices are never listed.
 *
 * `sample` draws every λᵢ uniformly: not uniform on the zonotope. Throws `empty-region` (a centre without
 * coordinates), `shape` or `not-finite`.
 */
export function zonotope(centre: ArrayLike<number>, generators: readonly ArrayLike<number>[]): Region {
  const at = Float64Array.from(centre);
  const directions = checkedDirections('zonotope', at, generators);
  const json: RegionJSON = {
    kind: 'zonotope',
    centre: Array.from(at),
    generators: generators.map(row => Array.from(row)),
  };
  return symmetricAlong(json, at, directions, cube);
}
