import { PoliceError } from '../errors.js';
import type { Region } from './region.js';
import { ball, box, boxAround, crossPolytope } from './symmetric.js';
import { simplex, vPolytope } from './vertices.js';

/** Regions as plain data; `regionFromJSON(region.toJSON())` is the same region. */
export type RegionJSON =
  | { kind: 'simplex'; vertices: number[][] }
  | { kind: 'vPolytope'; vertices: number[][] }
  | { kind: 'box'; lower: number[]; upper: number[] }
  | { kind: 'box'; centre: number[]; radii: number[] }
  | { kind: 'ball'; centre: number[]; radius: number }
  | { kind: 'crossPolytope'; centre: number[]; radius: number };

/** Throws `invalid-option` for an unknown kind, and what the constructors throw. */
export function regionFromJSON(json: RegionJSON): Region {
  switch (json.kind) {
    case 'simplex':
      return simplex(json.vertices);
    case 'vPolytope':
      return vPolytope(json.vertices);
    case 'box':
      return 'lower' in json ? box(json.lower, json.upper) : boxAround(json.centre, json.radii);
    case 'ball':
      return ball(json.centre, json.radius);
    case 'crossPolytope':
      return crossPolytope(json.centre, json.radius);
    default:
      throw new PoliceError({
        code: 'invalid-option',
        where: 'region',
        expected: 'kind simplex, vPolytope, box, ball or crossPolytope',
        actual: `${JSON.stringify(json)}`.slice(0, 80),
      });
  }
}
