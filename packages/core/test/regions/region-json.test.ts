import { readFileSync } from 'node:fs';
import { ball, PoliceError, type RegionJSON, regionFromJSON, vPolytope } from '@police/core';
import { regionsHash } from '@police/core/adapter';
import { seededRng } from '@police/testing/helpers';
import { moreRegionNames, moreRegions } from '@police/testing/regions/cases';
import { regionCases } from '@police/testing/regions/oracles';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import {
  circle,
  convexHull,
  ellipsoid,
  ellipsoidOfShape,
  hPolytope,
  imageUnder,
  inSubspace,
  regionSchedule,
  regularPolygon,
  scaled,
  zonotope,
} from '../../src/regions/index.js';

const schema = JSON.parse(readFileSync(new URL('../../schema/region.schema.json', import.meta.url), 'utf8'));
const isValid = new Ajv2020({ strict: true, allErrors: true }).compile(schema);

/** One small region of each form of each kind. */
const examples: Readonly<Record<string, RegionJSON>> = {
  simplex: { kind: 'simplex', vertices: [[0], [1]] },
  vPolytope: { kind: 'vPolytope', vertices: [[0, 1]] },
  'vPolytope with slack': { kind: 'vPolytope', vertices: [[0, 1]], slack: [0, 1e-9] },
  hPolytope: { kind: 'hPolytope', A: [[1], [-1]], b: [1, 1] },
  'box by bounds': { kind: 'box', lower: [0, 0], upper: [1, 1] },
  'box by centre': { kind: 'box', centre: [0, 0], radii: [1, 0] },
  ball: { kind: 'ball', centre: [0, 0], radius: 1 },
  crossPolytope: { kind: 'crossPolytope', centre: [0, 0], radius: 1 },
  'ellipsoid by axes': {
    kind: 'ellipsoid',
    centre: [0, 0],
    axes: [
      [1, 2],
      [2, 1],
      [0, 3],
    ],
  },
  'ellipsoid by shape': {
    kind: 'ellipsoid',
    centre: [0, 0],
    shape: [
      [2, 1],
      [1, 2],
    ],
  },
  zonotope: { kind: 'zonotope', centre: [0, 0], generators: [[1, 1]] },
  'zonotope without generators': { kind: 'zonotope', centre: [0, 0], generators: [] },
  'image by rows': {
    kind: 'image',
    region: { kind: 'ball', centre: [0, 0], radius: 1 },
    matrix: [[1, 2]],
    offset: [3],
  },
  'image by a diagonal': {
    kind: 'image',
    region: { kind: 'ball', centre: [0, 0], radius: 1 },
    matrix: [1, 2],
    offset: [3, 4],
  },
  subspace: {
    kind: 'subspace',
    region: { kind: 'ball', centre: [0], radius: 1 },
    origin: [1, 2],
    basis: [[3, 4]],
  },
  scaled: {
    kind: 'scaled',
    region: { kind: 'scaled', region: { kind: 'ball', centre: [0], radius: 1 }, factor: 0.5 },
    factor: 0,
  },
};

function errorOf(call: () => unknown): PoliceError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(PoliceError);
    return error as PoliceError;
  }
  return expect.fail('nothing was thrown');
}

describe.each(Object.entries(examples))('%s', (_name, json) => {
  test('is what the region gives back, and valid by the schema', () => {
    const region = regionFromJSON(json);
    expect(region.kind).toBe(json.kind);
    expect(region.toJSON()).toEqual(json);
    expect(isValid(json), JSON.stringify(isValid.errors)).toBe(true);
  });

  test('with a field missing, of another type, or too many, is refused by both, with the field named', () => {
    for (const { json: damaged, path } of damages(json, 'region')) {
      expect(isValid(damaged), JSON.stringify(damaged)).toBe(false);
      expect(errorOf(() => regionFromJSON(damaged)).where.startsWith(path), `${path} named`).toBe(true);
    }
  });
});

/** The region with one field changed for the worse, in it or in the region it is made of, and where that is. */
function* damages(json: RegionJSON, path: string): Generator<{ json: unknown; path: string }> {
  for (const [name, value] of Object.entries(json)) {
    // Another field missing may make a box, say, look like the other form of one.
    if (name !== 'slack') yield { json: { ...json, [name]: undefined }, path };
    for (const wrong of [
      null,
      'text',
      true,
      { x: 1 },
      ['text'],
      [[null]],
      ...(Array.isArray(value) && name !== 'radii' ? [7] : []),
    ])
      yield { json: { ...json, [name]: wrong }, path: `${path}.${name}` };
    if (name !== 'region') continue;
    for (const inner of damages(value, `${path}.region`))
      yield { json: { ...json, region: inner.json }, path: inner.path };
  }
  yield { json: { ...json, colour: 1 }, path: `${path}.colour` };
}

test('one number for equal radii, and center for centre, are the same regions, valid by the schema', () => {
  for (const json of Object.values(examples)) {
    if (!('centre' in json)) continue;
    const { centre, ...rest } = json;
    const american = { ...rest, center: centre };
    expect(isValid(american), JSON.stringify(isValid.errors)).toBe(true);
    expect(regionFromJSON(american).toJSON()).toEqual(json);
    const both = { ...json, center: centre };
    expect(isValid(both)).toBe(false);
    expect(errorOf(() => regionFromJSON(both)).where).toBe('region.center');
  }
  const around = { kind: 'box', center: [0, 1, 2], radii: 0.5 };
  expect(isValid(around), JSON.stringify(isValid.errors)).toBe(true);
  expect(regionFromJSON(around).toJSON()).toEqual({
    kind: 'box',
    centre: [0, 1, 2],
    radii: [0.5, 0.5, 0.5],
  });
  expect(isValid({ ...around, radii: -1 })).toBe(false);
  expect(errorOf(() => regionFromJSON({ ...around, radii: -1 })).code).toBe('empty-region');
  expect(errorOf(() => regionFromJSON(around, { size: 4 })).code).toBe('shape');
});

test('regions of all kinds are valid by the schema', () => {
  for (const make of [
    ...regionCases.map(({ make }) => make),
    ...moreRegionNames.map(name => (rng: () => number) => moreRegions[name](rng, 1)),
  ]) {
    const json = JSON.parse(JSON.stringify(make(seededRng(1))));
    expect(isValid(json), `${JSON.stringify(json)}: ${JSON.stringify(isValid.errors)}`).toBe(true);
  }
});

test('the schema and the reader know the same kinds', () => {
  const definitions = Object.values(schema.$defs) as { properties?: { kind: { const: string } } }[];
  const kinds = new Set(definitions.flatMap(({ properties }) => (properties ? [properties.kind.const] : [])));
  const { expected } = errorOf(() => regionFromJSON({ kind: 'torus' }));
  expect(new Set(expected.split(/, | or /))).toEqual(kinds);
  expect(new Set(Object.values(examples).map(({ kind }) => kind))).toEqual(kinds);
});

describe('numbers that are none', () => {
  test.each([null, undefined, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '%s is not finite, wherever a number belongs, with its place',
    wrong => {
      for (const json of Object.values(examples)) {
        for (const { json: damaged, path } of withNumber(json, wrong, 'region')) {
          const { code, where } = errorOf(() => regionFromJSON(damaged));
          expect([code, where]).toEqual(['not-finite', path]);
        }
      }
    },
  );

  test('nor is a hole in an array', () => {
    const holes = [0, 0];
    delete holes[1];
    expect(errorOf(() => regionFromJSON({ kind: 'ball', centre: holes, radius: 1 })).where).toBe(
      'region.centre[1]',
    );
  });
});

/** The region with one of its numbers in arrays replaced, for each, and where that is. */
function* withNumber(
  value: unknown,
  wrong: unknown,
  path: string,
): Generator<{ json: unknown; path: string }> {
  if (typeof value === 'number') yield { json: wrong, path };
  if (typeof value !== 'object' || value === null) return;
  for (const [name, entry] of Object.entries(value)) {
    // A field that is undefined is missing.
    if (wrong === undefined && typeof entry === 'number' && !Array.isArray(value)) continue;
    const at = Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`;
    for (const inner of withNumber(entry, wrong, at)) {
      const copy: unknown = Array.isArray(value)
        ? value.map((x, i) => (String(i) === name ? inner.json : x))
        : { ...value, [name]: inner.json };
      yield { json: copy, path: inner.path };
    }
  }
}

describe('the size asked for', () => {
  test.each(Object.entries(examples))('%s of it is read, of another refused', (_name, json) => {
    const { size } = regionFromJSON(json);
    expect(regionFromJSON(json, { size }).size).toBe(size);
    expect(errorOf(() => regionFromJSON(json, { size: size + 1 })).code).toBe('shape');
  });

  test('is compared before anything is built or even read', () => {
    const unread = new Proxy([], {
      get: (_, name) => {
        if (name === 'length') return 3;
        if (name === '0') return 1;
        throw new Error(`read ${String(name)}`);
      },
    });
    for (const json of [
      { kind: 'vPolytope', vertices: [unread] },
      { kind: 'hPolytope', A: [unread], b: [1] },
      { kind: 'scaled', factor: 0.5, region: { kind: 'simplex', vertices: [unread] } },
      {
        kind: 'image',
        matrix: [
          [1, 2],
          [3, 4],
        ],
        offset: [0, 0],
        region: { kind: 'hPolytope', A: [unread], b: [1] },
      },
    ]) {
      const { code, where, expected, actual } = errorOf(() => regionFromJSON(json, { size: 2 }));
      expect([code, expected, actual]).toEqual(['shape', 'a region of size 2', '3']);
      expect(where).toMatch(/Polytope|simplex/);
    }
  });
});

test.each(['scaled', 'image'])(
  '%s regions in one another without end are an error, not a stack overflow',
  kind => {
    const nested = (depth: number) => {
      let json: unknown = { kind: 'box', lower: [0], upper: [1] };
      for (let i = 0; i < depth; i++) {
        json = { kind, region: json, ...(kind === 'scaled' ? { factor: 2 } : { matrix: [1], offset: [0] }) };
      }
      return json;
    };
    expect(regionFromJSON(nested(200)).size).toBe(1);
    expect(errorOf(() => regionFromJSON(nested(1e5))).expected).toBe('at most 256 regions in one another');
    // Where something else is expected: the message shows what came.
    expect(errorOf(() => regionFromJSON({ kind: 'ball', centre: nested(1e5), radius: 1 })).code).toBe(
      'invalid-option',
    );
    expect(errorOf(() => regionFromJSON({ kind: nested(1e5) })).where).toBe('region.kind');
  },
);

test('nested regions give the same hash after a round trip, and another one for another number', () => {
  const nested = (factor: number) => scaled(imageUnder(zonotope([0, 1], [[1, 0.1]]), [2, 1 / 3]), factor);
  const again = regionFromJSON(JSON.parse(JSON.stringify(nested(0.7))));
  expect(regionsHash([again])).toBe(regionsHash([nested(0.7)]));
  expect(regionsHash([nested(0.7 + 2 ** -53)])).not.toBe(regionsHash([nested(0.7)]));
});

test('errors name the field, what was expected and what came', () => {
  const message = (json: unknown) => errorOf(() => regionFromJSON(json)).message;
  expect(message(null)).toBe('region: expected an object, got null.');
  expect(message([1])).toBe('region: expected an object, got [1].');
  expect(message({})).toBe('region.kind: expected a string, got nothing.');
  expect(message({ kind: 'toString' })).toMatch(
    /^region\.kind: expected simplex, .* or scaled, got "toString"\.$/,
  );
  expect(message({ kind: 'ball', centre: [0], radius: '1' })).toBe(
    'region.radius: expected a number, got "1".',
  );
  expect(message({ kind: 'ball', centre: [0, null], radius: 1 })).toBe(
    'region.centre[1]: expected a number, got null.',
  );
  expect(message({ kind: 'simplex', vertices: [[0], 1] })).toBe(
    'region.vertices[1]: expected an array of numbers, got 1.',
  );
  expect(message({ kind: 'ball', centre: [0], radius: 1, radii: [1] })).toBe(
    'region.radii: expected no field but kind, centre, radius, got [1].',
  );
  expect(message({ kind: 'scaled', factor: 1, region: { kind: 'image', region: { kind: 'ball' } } })).toMatch(
    /^region\.region\.region\.centre: expected an array of numbers, got nothing/,
  );
  expect(message({ kind: 'vPolytope', vertices: 'x'.repeat(200) })).toMatch(/got "x{79}…\.$/);
});

test('errors of a part say which part', () => {
  const error = errorOf(() =>
    regionFromJSON({ kind: 'scaled', factor: 0.5, region: { kind: 'box', lower: [1], upper: [0] } }),
  );
  expect(error.code).toBe('empty-region');
  expect(error.where).toBe('region.region: box coordinate 0');
});

describe('constructors', () => {
  const point = ball([0, 0], 1);
  test.each<[string, () => unknown]>([
    ['empty-region · zonotope: expected at least one coordinate, got none', () => zonotope([], [])],
    ['shape · zonotope row 1: expected a direction of size 2, got 1', () => zonotope([0, 0], [[1, 2], [1]])],
    [
      'not-finite · zonotope row 0: expected finite numbers, got Infinity at index 1',
      () => zonotope([0, 0], [[1, Infinity]]),
    ],
    [
      'not-finite · ellipsoid centre: expected finite numbers, got NaN at index 0',
      () => ellipsoid([NaN], [[1]]),
    ],
    ['shape · ellipsoid row 0: expected a direction of size 1, got 2', () => ellipsoid([0], [[1, 2]])],
    [
      'shape · ellipsoid shape: expected a matrix with as many rows as coordinates of size 2, got 1',
      () => ellipsoidOfShape([0, 0], [[1, 0]]),
    ],
    [
      'invalid-option · ellipsoid shape: expected a symmetric positive definite matrix, got 2 at [1][0] but 1 at [0][1]',
      () =>
        ellipsoidOfShape(
          [0, 0],
          [
            [5, 1],
            [2, 5],
          ],
        ),
    ],
    [
      'invalid-option · ellipsoid shape: expected a symmetric positive definite matrix, got a pivot of -3 in row 1',
      () =>
        ellipsoidOfShape(
          [0, 0],
          [
            [1, 2],
            [2, 1],
          ],
        ),
    ],
    [
      'invalid-option · ellipsoid shape: expected a symmetric positive definite matrix, got one so near a singular one that rounding decides',
      () =>
        ellipsoidOfShape(
          [0, 0],
          [
            [1, 1],
            [1, 1 + 2 ** -40],
          ],
        ),
    ],
    ['shape · image matrix: expected a diagonal of size 2, got 3', () => imageUnder(point, [1, 2, 3])],
    ['shape · image matrix row 0: expected a row of size 2, got 1', () => imageUnder(point, [[1]])],
    ['shape · image offset: expected a vector of size 1, got 2', () => imageUnder(point, [[1, 2]], [1, 2])],
    [
      'empty-region · image: expected at least one coordinate, got a map to none',
      () => imageUnder(point, []),
    ],
    [
      'not-finite · image frame: expected finite numbers, got Infinity at index 0',
      () => imageUnder(ball([1e200, 0], 1), [1e200, 1]),
    ],
    [
      'shape · inSubspace: expected a basis of size 2, got 1',
      () => inSubspace(point, [0, 0, 0], [[1, 0, 0]]),
    ],
    [
      'shape · inSubspace basis vector 1: expected a vector of size 3, got 2',
      () =>
        inSubspace(
          point,
          [0, 0, 0],
          [
            [1, 0, 0],
            [0, 1],
          ],
        ),
    ],
    [
      'not-finite · subspace offset: expected finite numbers, got NaN at index 0',
      () => inSubspace(ball([0], 1), [NaN], [[1]]),
    ],
    [
      'empty-region · convexHull: expected at least one vertex with at least one coordinate, got no vertices',
      () => convexHull([]),
    ],
    [
      'not-finite · convexHull vertex 0: expected finite numbers, got NaN at index 0',
      () => convexHull([[NaN]]),
    ],
    ['shape · vPolytope: expected slack of size 1, got 2', () => vPolytope([[1]], [1, 2])],
    ['invalid-option · vPolytope slack 0: expected a bound ≥ 0, got -1', () => vPolytope([[1]], [-1])],
    [
      'invalid-option · regularPolygon: expected a whole number of at least 3 corners, got 2',
      () => regularPolygon(2),
    ],
    ['shape · regularPolygon: expected a centre of size 2, got 3', () => regularPolygon(3, [0, 0, 0])],
    ['empty-region · regularPolygon: expected a finite radius ≥ 0, got -1', () => circle(9, [0, 0], -1)],
    [
      'invalid-option · regionSchedule from: expected a factor from 0 to 1, got 2',
      () => regionSchedule(point, 2, 10),
    ],
    [
      'invalid-option · regionSchedule steps: expected a whole number ≥ 0, got 1.5',
      () => regionSchedule(point, 0, 1.5),
    ],
    [
      'invalid-option · regionSchedule step: expected a number ≥ 0, got -1',
      () => regionSchedule(point, 0, 10)(-1),
    ],
    ['invalid-option · scaled factor: expected a number ≥ 0, got -1', () => scaled(point, -1)],
    ['not-finite · scaled factor: expected finite numbers, got NaN at index 0', () => scaled(point, NaN)],
    [
      'shape · hPolytope contains: expected a point of size 1, got 2',
      () => hPolytope([[1], [-1]], [1, 1]).contains([0, 0]),
    ],
  ])('%s', (expected, call) => {
    const { code, where, expected: wanted, actual } = errorOf(call);
    expect(`${code} · ${where}: expected ${wanted}, got ${actual}`).toBe(expected);
  });
});

test('the package publishes the schema', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(manifest.exports['./region.schema.json']).toBe('./schema/region.schema.json');
  expect(manifest.files).toContain('schema');
});
