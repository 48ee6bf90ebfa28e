import { assertSize, PoliceError } from '../errors.js';
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

/** Kinds made of a region, and of numbers. */
type Wrapper = 'image' | 'subspace' | 'scaled';
type Plain = Exclude<Kind, Wrapper>;

/** What a region read from JSON may need besides. */
export interface RegionJSONOptions extends RegionOptions {
  /** D, which the region must have; another is refused before anything is computed. @defaultValue any */
  readonly size?: number;
}

/** For each kind, how it is read from fields besides `kind`. */
const readers: Readonly<Record<Plain, (fields: Fields, options: RegionOptions) => Region>> = {
  simplex: fields => simplex(only(fields, 'vertices').rows('vertices')),
  vPolytope: fields => {
    only(fields, 'vertices', 'slack');
    return vPolytope(fields.rows('vertices'), fields.has('slack') ? fields.vector('slack') : undefined);
  },
  hPolytope: (fields, options) => hPolytope(only(fields, 'A', 'b').rows('A'), fields.vector('b'), options),
  box: fields =>
    fields.has(centreIn(fields)) || fields.has('radii')
      ? boxAround(centreOf(fields, 'radii'), fields.numberOrVector('radii'))
      : box(only(fields, 'lower', 'upper').vector('lower'), fields.vector('upper')),
  ball: fields => ball(centreOf(fields, 'radius'), fields.number('radius')),
  crossPolytope: fields => crossPolytope(centreOf(fields, 'radius'), fields.number('radius')),
  ellipsoid: fields =>
    fields.has('shape')
      ? ellipsoidOfShape(centreOf(fields, 'shape'), fields.rows('shape'))
      : ellipsoid(centreOf(fields, 'axes'), fields.rows('axes')),
  zonotope: fields => zonotope(centreOf(fields, 'generators'), fields.rows('generators')),
};

/** Likewise, from the region inside and the other fields. */
const wrappers: Readonly<Record<Wrapper, (fields: Fields, inner: Region) => Region>> = {
  image: (fields, inner) => imageUnder(inner, fields.vectorOrRows('matrix'), fields.vector('offset')),
  subspace: (fields, inner) => inSubspace(inner, fields.vector('origin'), fields.rows('basis')),
  scaled: (fields, inner) => scaled(inner, fields.number('factor')),
};

const wrapperFields: Readonly<Record<Wrapper, readonly string[]>> = {
  image: ['region', 'matrix', 'offset'],
  subspace: ['region', 'origin', 'basis'],
  scaled: ['region', 'factor'],
};

/** Regions in regions, no more than this: each is mapped through all around it. */
const DEEPEST = 256;

/**
 * The region of a JSON value, as `toJSON` gives it, or with one number for equal `radii` of a box and `center` for `centre`;
 * `options.programs` as for `hPolytope`. Throws `invalid-option` naming the
 * field that is missing, superfluous or of the wrong type, `not-finite` naming the number that is none, `shape` for a region
 * of other than `options.size` coordinates, and what the constructors throw, with the field they were called for.
 *
 * @example
 * regionFromJSON({ kind: 'box', lower: [-1, -1], upper: [1, 1] })
 */
export function regionFromJSON(json: unknown, options: RegionJSONOptions = {}): Region {
  const { around, fields } = unwrapped(fieldsOf(json, 'region'), options.size);
  const innermost = naming(fields, () => readers[fields.text('kind') as Plain](fields, options));
  const region = around.reduceRight(
    (inner, outer) => naming(outer, () => wrappers[outer.text('kind') as Wrapper](outer, inner)),
    innermost,
  );
  if (options.size !== undefined) assertSize(region.size, options.size, 'region', 'a region');
  return region;
}

/** The regions around the innermost one, from the outermost, and that one; their sizes fit as far as can be seen. */
function unwrapped(outermost: Fields, size: number | undefined): { around: Fields[]; fields: Fields } {
  const around: Fields[] = [];
  let fields = outermost;
  let expected = size;
  for (;;) {
    const kind = kindOf(fields);
    const found = sizeIn(fields, kind);
    if (expected !== undefined && found !== undefined) {
      assertSize(found, expected, `${fields.path} (${kind})`, 'a region');
    }
    if (!isWrapper(kind)) return { around, fields };
    if (around.length === DEEPEST) {
      throw new PoliceError({
        code: 'invalid-option',
        where: 'region',
        expected: `at most ${DEEPEST} regions in one another`,
        actual: 'more',
        remedy: 'Multiply the matrices of images of images, and the factors of scaled ones.',
      });
    }
    fields.assertOnly('kind', ...wrapperFields[kind]);
    around.push(fields);
    expected = kind === 'scaled' ? expected : innerSizeOf(fields, kind);
    fields = fields.object('region');
  }
}

function kindOf(fields: Fields): Kind {
  const kinds = [...Object.keys(readers), ...Object.keys(wrappers)];
  const kind = fields.text('kind');
  if (kinds.includes(kind)) return kind as Kind;
  throw malformed(`${fields.path}.kind`, `${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}`, kind);
}

function isWrapper(kind: Kind): kind is Wrapper {
  return Object.hasOwn(wrappers, kind);
}

/** How many coordinates the region has by the length of its fields; undefined where they do not say. */
function sizeIn(fields: Fields, kind: Kind): number | undefined {
  switch (kind) {
    case 'simplex':
    case 'vPolytope':
      return fields.rowLengthOf('vertices');
    case 'hPolytope':
      return fields.rowLengthOf('A');
    case 'box':
      return fields.lengthOf('lower') ?? fields.lengthOf(centreIn(fields));
    case 'image':
      return fields.lengthOf('offset');
    case 'subspace':
      return fields.lengthOf('origin');
    case 'scaled':
      return undefined;
    default:
      return fields.lengthOf(centreIn(fields));
  }
}

/** How many coordinates a map takes. */
function innerSizeOf(fields: Fields, kind: 'image' | 'subspace'): number | undefined {
  if (kind === 'subspace') return fields.lengthOf('basis');
  return fields.rowLengthOf('matrix') ?? fields.lengthOf('matrix');
}

/** Errors of the constructors, with the place in the JSON. */
function naming(fields: Fields, build: () => Region): Region {
  try {
    return build();
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

/** The field of the centre, which Americans spell otherwise. */
function centreIn(fields: Fields): string {
  return fields.has('center') && !fields.has('centre') ? 'center' : 'centre';
}

/** The centre of a region that has, besides, one other field. */
function centreOf(fields: Fields, other: string): number[] {
  const name = centreIn(fields);
  return only(fields, name, other).vector(name);
}

function only(fields: Fields, ...names: string[]): Fields {
  fields.assertOnly('kind', ...names);
  return fields;
}
