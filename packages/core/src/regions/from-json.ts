import { PoliceError } from '../errors.js';
import { type Fields, fieldsOf, malformed } from './json-fields.js';
import type { RegionJSON } from './json-type.js';
import { ellipsoid, ellipsoidOfShape } from './kinds/ellipsoid.js';
import { hPolytope, type RegionOptions } from './kinds/h-polytope.js';
import { imageUnder, inSubspace, scaled } from './kinds/image.js';
import { ball, box, boxAround, crossPolytope } from './kinds/symmetric.js';
import { simplex, vPolytope } from './kinds/vertices.js';
import { zonotope } from './kinds/zonotope.js';
import type { Region } from './region.js';

type Kind = RegionJSON['kind'];

/** For each kind, how it is read from fields besides `kind`. */
const readers: Readonly<Record<Kind, (fields: Fields, options: RegionOptions) => Region>> = {
  simplex: fields => simplex(only(fields, 'vertices').rows('vertices')),
  vPolytope: fields => {
    only(fields, 'vertices', 'slack');
    return vPolytope(fields.rows('vertices'), fields.has('slack') ? fields.vector('slack') : undefined);
  },
  hPolytope: (fields, options) => hPolytope(only(fields, 'A', 'b').rows('A'), fields.vector('b'), options),
  box: fields =>
    fields.has('centre') || fields.has('radii')
      ? boxAround(only(fields, 'centre', 'radii').vector('centre'), fields.vector('radii'))
      : box(only(fields, 'lower', 'upper').vector('lower'), fields.vector('upper')),
  ball: fields => ball(only(fields, 'centre', 'radius').vector('centre'), fields.number('radius')),
  crossPolytope: fields =>
    crossPolytope(only(fields, 'centre', 'radius').vector('centre'), fields.number('radius')),
  ellipsoid: fields =>
    fields.has('shape')
      ? ellipsoidOfShape(only(fields, 'centre', 'shape').vector('centre'), fields.rows('shape'))
      : ellipsoid(only(fields, 'centre', 'axes').vector('centre'), fields.rows('axes')),
  zonotope: fields =>
    zonotope(only(fields, 'centre', 'generators').vector('centre'), fields.rows('generators')),
  image: (fields, options) =>
    imageUnder(
      innerRegion(only(fields, 'region', 'matrix', 'offset'), options),
      fields.vectorOrRows('matrix'),
      fields.vector('offset'),
    ),
  subspace: (fields, options) =>
    inSubspace(
      innerRegion(only(fields, 'region', 'origin', 'basis'), options),
      fields.vector('origin'),
      fields.rows('basis'),
    ),
  scaled: (fields, options) =>
    scaled(innerRegion(only(fields, 'region', 'factor'), options), fields.number('factor')),
};

/**
 * The region of a JSON value, as `toJSON` gives it; `options.programs` as for `hPolytope`. Throws `invalid-option` naming the field that is missing,
 * superfluous or of the wrong type, and what the constructors throw, with the field they were called for.
 *
 * @example
 * regionFromJSON({ kind: 'box', lower: [-1, -1], upper: [1, 1] })
 */
export function regionFromJSON(json: unknown, options: RegionOptions = {}): Region {
  return regionFrom(fieldsOf(json, 'region'), options);
}

function regionFrom(fields: Fields, options: RegionOptions): Region {
  const kinds = Object.keys(readers);
  const kind = fields.text('kind');
  if (!Object.hasOwn(readers, kind)) {
    throw malformed(`${fields.path}.kind`, `${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}`, kind);
  }
  try {
    return readers[kind as Kind](fields, options);
  } catch (error) {
    if (!(error instanceof PoliceError) || error.where.startsWith(fields.path)) throw error;
    const { code, where, expected, actual, remedy } = error;
    throw new PoliceError({
      code,
      where: `${fields.path}: ${where}`,
      expected,
      actual,
      remedy,
      cause: error,
    });
  }
}

function innerRegion(fields: Fields, options: RegionOptions): Region {
  return regionFrom(fields.object('region'), options);
}

function only(fields: Fields, ...names: string[]): Fields {
  fields.assertOnly('kind', ...names);
  return fields;
}
