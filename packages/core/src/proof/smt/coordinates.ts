import { PoliceError } from '../../errors.js';
import {
  addFractions,
  type Fraction,
  fraction,
  fractionOf,
  negated,
  ONE,
  ZERO,
} from '../../numeric/fraction.js';
import type { RegionJSON } from '../../regions/json-type.js';
import { combine, constantForm, coordinateForm, type LinearForm } from './linear-form.js';
import { asserted, formText, fractionText, sumText } from './syntax.js';

/**
 * A region in exact arithmetic, as its definition has it and not as its frame was rounded: x is an affine function of coordinates,
 * which linear constraints bound.
 */
export interface Coordinates {
  /** The variables. */
  readonly names: readonly string[];
  readonly constraints: readonly string[];
  /** The inputs `[D]` as functions of the variables. */
  readonly x: readonly LinearForm[];
  /** The mean of the vertices, about which a region is scaled; absent where the definition does not list them. */
  readonly centre?: readonly LinearForm[];
}

type OfKind<K extends RegionJSON['kind']> = Extract<RegionJSON, { kind: K }>;
type Rules = { readonly [K in RegionJSON['kind']]: (region: OfKind<K>, prefix: string) => Coordinates };

/**
 * Coordinates of which there are no more than inputs, since functions of them are written for every unit: a hull of many vertices, and
 * a zonotope of many generators, is one of x with constraints that its own coordinates are in. Throws `invalid-option` for a region that
 * no linear constraints describe.
 */
export function coordinatesOf(region: RegionJSON): Coordinates {
  const found = coordinatesBy(region, 'x');
  const { names, constraints, x } = found;
  if (names.length <= x.length) return found;
  const inputs = x.map((_, i) => `x${i}`);
  const equations = x.map((form, i) => asserted(`(= x${i} ${formText(form, names)})`));
  return {
    names: [...inputs, ...names],
    constraints: [...constraints, ...equations],
    x: x.map((_, i) => coordinateForm(i)),
  };
}

/** Coordinates that are inputs themselves are named `prefix` and a number. */
function coordinatesBy(region: RegionJSON, prefix: string): Coordinates {
  const rule = RULES[region.kind] as (region: RegionJSON, prefix: string) => Coordinates;
  return rule(region, prefix);
}

/** Of regions in others, which are no inputs of the network. */
const INNER = 'z';

const curved = ({ kind }: { readonly kind: string }): never => {
  throw new PoliceError({
    code: 'invalid-option',
    where: kind,
    expected: 'a region that linear constraints describe, for a proof in linear arithmetic',
    actual: 'a curved one',
    remedy: 'Enforce, and prove, on a box, a zonotope or a polytope that holds it.',
  });
};

const RULES: Rules = {
  ball: curved,
  ellipsoid: curved,
  box: (region, prefix) =>
    'lower' in region
      ? between(prefix, region.lower.map(fractionOf), region.upper.map(fractionOf))
      : between(
          prefix,
          region.centre.map((c, i) => addFractions(fractionOf(c), negated(fractionOf(region.radii[i])))),
          region.centre.map((c, i) => addFractions(fractionOf(c), fractionOf(region.radii[i]))),
        ),
  hPolytope: ({ A, b }, prefix) => {
    const names = A[0].map((_, i) => `${prefix}${i}`);
    const constraints = A.map((row, k) => asserted(`(<= ${rowText(row, names)} ${numberText(b[k])})`));
    return { names, constraints, x: names.map((_, i) => coordinateForm(i)) };
  },
  simplex: ({ vertices }) => hull(vertices),
  vPolytope: ({ vertices, slack }) => hull(vertices, slack),
  zonotope: ({ centre, generators }) => {
    const names = generators.map((_, k) => `t${k}`);
    const constraints = names.flatMap(name => [asserted(`(<= (- 1) ${name})`), asserted(`(<= ${name} 1)`)]);
    return { names, constraints, ...around(centre, i => generators.map(row => fractionOf(row[i]))) };
  },
  // Σ|λ| ≤ 1 of λ = p − q, p and q not negative.
  crossPolytope: ({ centre, radius }) => {
    const names = centre.flatMap((_, i) => [`p${i}`, `q${i}`]);
    const constraints = [
      ...names.map(name => asserted(`(<= 0 ${name})`)),
      asserted(`(<= ${sumText(plainly(names), ZERO)} 1)`),
    ];
    const r = fractionOf(radius);
    const signed = (i: number) => names.map((_, k) => (k >> 1 === i ? (k % 2 === 0 ? r : negated(r)) : ZERO));
    return { names, constraints, ...around(centre, signed) };
  },
  image: ({ region, matrix, offset }) => {
    const rowAt = (i: number): readonly number[] => {
      const row = matrix[i];
      return typeof row === 'number' ? offset.map((_, k) => (k === i ? row : 0)) : row;
    };
    return mapped(
      coordinatesBy(region, INNER),
      offset.map((_, i) => rowAt(i)),
      offset,
    );
  },
  subspace: ({ region, origin, basis }) =>
    mapped(
      coordinatesBy(region, INNER),
      origin.map((_, i) => basis.map(row => row[i])),
      origin,
    ),
  scaled: ({ region, factor }) => {
    const { x, centre, ...rest } = coordinatesBy(region, INNER);
    if (!centre) throw withoutCentre(region.kind);
    const by = fractionOf(factor);
    const left = addFractions(ONE, negated(by));
    const about = (form: LinearForm, i: number) =>
      combine(
        [
          { weight: by, form },
          { weight: left, form: centre[i] },
        ],
        ZERO,
      );
    return { ...rest, x: x.map(about), centre };
  },
};

function between(prefix: string, lower: readonly Fraction[], upper: readonly Fraction[]): Coordinates {
  const isFree = lower.map((lo, i) => fractionText(lo) !== fractionText(upper[i]));
  const free = isFree.flatMap((is, i) => (is ? [i] : []));
  const constraints = free.flatMap(i => [
    asserted(`(<= ${fractionText(lower[i])} ${prefix}${i})`),
    asserted(`(<= ${prefix}${i} ${fractionText(upper[i])})`),
  ]);
  const half = fraction(1n, 2n);
  const middle = (i: number) =>
    combine(
      [
        { weight: half, form: constantForm(lower[i]) },
        { weight: half, form: constantForm(upper[i]) },
      ],
      ZERO,
    );
  return {
    names: free.map(i => `${prefix}${i}`),
    constraints,
    x: lower.map((lo, i) => (isFree[i] ? coordinateForm(free.indexOf(i)) : constantForm(lo))),
    centre: lower.map((_, i) => middle(i)),
  };
}

/** Σ uₚ vertexₚ, u not negative and of sum 1: u₀ is what the others leave. A slack is a box around each point. */
function hull(vertices: readonly (readonly number[])[], slack?: readonly number[]): Coordinates {
  const [first, ...others] = vertices;
  const weights = others.map((_, k) => `u${k + 1}`);
  const loose = slack ? slack.flatMap((s, i) => (s > 0 ? [i] : [])) : [];
  const constraints = [
    ...weights.map(name => asserted(`(<= 0 ${name})`)),
    ...(weights.length > 0 ? [asserted(`(<= ${sumText(plainly(weights), ZERO)} 1)`)] : []),
    ...loose.flatMap(i => [
      asserted(`(<= ${fractionText(negated(fractionOf(slack![i])))} s${i})`),
      asserted(`(<= s${i} ${numberText(slack![i])})`),
    ]),
  ];
  const x = first.map((start, i) =>
    combine(
      [
        ...others.map((vertex, k) => ({
          weight: addFractions(fractionOf(vertex[i]), negated(fractionOf(start))),
          form: coordinateForm(k),
        })),
        ...(loose.includes(i)
          ? [{ weight: ONE, form: coordinateForm(weights.length + loose.indexOf(i)) }]
          : []),
      ],
      fractionOf(start),
    ),
  );
  const share = fraction(1n, BigInt(vertices.length));
  const centre = first.map((_, i) =>
    combine(
      vertices.map(vertex => ({ weight: share, form: constantForm(fractionOf(vertex[i])) })),
      ZERO,
    ),
  );
  return { names: [...weights, ...loose.map(i => `s${i}`)], constraints, x, centre };
}

/** centre + Σ factorₖ · coordinateₖ, the factors of input i by `factorsOf`. */
function around(
  centre: readonly number[],
  factorsOf: (i: number) => readonly Fraction[],
): Required<Pick<Coordinates, 'x' | 'centre'>> {
  const x = centre.map((c, i) =>
    combine(
      factorsOf(i).map((weight, k) => ({ weight, form: coordinateForm(k) })),
      fractionOf(c),
    ),
  );
  return { x, centre: centre.map(c => constantForm(fractionOf(c))) };
}

function mapped(
  { x, centre, ...rest }: Coordinates,
  rows: readonly (readonly number[])[],
  offset: readonly number[],
): Coordinates {
  const through = (forms: readonly LinearForm[]) =>
    rows.map((row, i) =>
      combine(
        row.map((a, k) => ({ weight: fractionOf(a), form: forms[k] })),
        fractionOf(offset[i]),
      ),
    );
  return { ...rest, x: through(x), ...(centre ? { centre: through(centre) } : {}) };
}

const plainly = (names: readonly string[]) => names.map(text => ({ weight: ONE, text }));

const numberText = (x: number) => fractionText(fractionOf(x));

function rowText(row: readonly number[], names: readonly string[]): string {
  const terms = row.flatMap((a, k) => (a === 0 ? [] : [{ weight: fractionOf(a), text: names[k] }]));
  return sumText(terms, ZERO);
}

function withoutCentre(kind: string): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where: `scaled ${kind}`,
    expected: 'a region whose centre its definition tells',
    actual: 'one of inequalities, whose centre is the mean of vertices that are not listed',
    remedy: 'Scale its inequalities instead, or take the hull of its vertices.',
  });
}
