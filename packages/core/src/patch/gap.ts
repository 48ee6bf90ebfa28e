import { PoliceError } from '../errors.js';
import { relu } from '../network/activation.js';
import type { AffineOperator } from '../network/affine-operator.js';
import { type Network, network } from '../network/network.js';
import { type NetworkNode, withInputs } from '../network/nodes.js';
import { type Dense, dense } from '../network/operators/dense.js';
import { scale } from '../network/operators/scale.js';
import {
  largestEntry,
  type Matrix,
  matrix,
  multiply,
  multiplyTransposed,
  rowOf,
  transposed,
} from '../numeric/matrix.js';
import { float32 } from '../numeric/precision.js';
import { isZeroOn } from '../proof/clamps.js';
import { freeze } from '../proof/freeze.js';
import { assertCertified, certifyPlain } from '../proof/plain-proof.js';
import type { Region } from '../regions/region.js';
import { axesPerUnit, type Coordinates, coordinatesOf, isBoxLike, isFull, radiiOf } from './coordinates.js';
import { facetNormals } from './facets.js';

/**
 * A continuous piecewise affine function that is 0 on a region and grows outside a body around it: the sum, over the body's facets, of how
 * far a point is beyond each, in radii of the region across that facet.
 *
 * Law: 0 on the region, in exact arithmetic and in float32 in any order of summation; above 0 outside the body, the rounding aside.
 */
export interface Gap {
  /** `[n, D] → [n, 1]`: dense layers, or elementwise ones, and one ReLU. */
  readonly network: Network;
  readonly body: GapBody;
}

/** The format that a patch is stored in. */
export type PatchPrecision = 'float32' | 'float64';

/** Where a gap is 0. */
export interface GapBody {
  /** The region itself, or a body around it that has fewer facets: a ball's box with cut corners, a large hull's box. */
  readonly kind: 'region' | 'outer';
  readonly facets: number;
  /**
   * How far beyond the region, in its radii, a facet lies at most: 10⁻⁶, and what float32 may round on the region. Also how far from the
   * hull of a flat region its points may lie.
   */
  readonly tolerance: number;
}

/** Each facet is moved this share of the region's radius outwards, so that which side is in is plain; rounding is added. */
const FACET_MARGIN = 1e-6;

/** Facets along axes are one matrix up to so many weights, beyond it elementwise operators. */
const MOST_WEIGHTS = 2 ** 13;

/**
 * `more` `[F, D]` are normals of facets besides the region's own. Throws `not-finite` where a radius is too small or a coordinate too large
 * for the format.
 */
export function gapOf(region: Region, precision: PatchPrecision = 'float32', more?: Matrix): Gap {
  const {
    nodes: own,
    isRegion,
    margin: ownMargin,
  } = isBoxLike(region) ? boxHinges(region) : ownHinges(region, coordinatesOf(region));
  const besides = more && between(region, more);
  const nodes = besides ? [...own, ...hinge('between', INPUT, besides.layer)] : own;
  const margin = Math.max(ownMargin, besides?.margin ?? 0);
  const outward = freeze(network(summed(nodes)), [region], {
    precision,
    clearance: 'float32-always',
  });
  assertZero(outward.network, region);
  const moved = outward.layers.reduce((max, layer) => Math.max(max, layer.largestCorrection), 0);
  const facets = outward.layers.reduce((sum, { name }) => sum + outward.network.sizes.get(name)!, 0);
  return {
    network: outward.network,
    body: { kind: isRegion ? 'region' : 'outer', facets, tolerance: margin + moved },
  };
}

/** Throws `invalid-option` for what is no width of a shell. */
export function assertGap(width: number, where: string): void {
  if (width > 0 && Number.isFinite(width)) return;
  throw new PoliceError({
    code: 'invalid-option',
    where,
    expected: 'a gap above 0, in radii of the region',
    actual: `${width}`,
  });
}

/** The nodes of a gap but its input, under a prefix, as nodes of a network whose input has another name. */
export function graftedGap({ nodes }: Network, prefix: string, input: string): NetworkNode[] {
  const [own, ...rest] = nodes;
  const named = (name: string) => `${prefix}.${name}`;
  return rest.map(node => ({
    ...withInputs(node, name => (name === own.name ? input : named(name))),
    name: named(node.name),
  }));
}

/** The nodes of a gap before its facets are moved by rounding. */
interface Hinges {
  readonly nodes: readonly NetworkNode[];
  readonly isRegion: boolean;
  /** The largest {@link marginOf} a facet. */
  readonly margin: number;
}

/**
 * How far a facet is moved outwards, in radii: so far that weights and offsets rounded to float32, of terms of this size in all, leave the
 * region on its inner side. What a runtime rounds besides is for `freeze` to find.
 */
function marginOf(magnitude: number): number {
  return FACET_MARGIN + 4 * float32.roundoff * magnitude;
}

/** The bounding box: of a box, itself. */
function boxHinges(region: Region): Hinges {
  const { size, kind, body, diagonal, frame } = region;
  const { lo, hi } = region.range(frame);
  const radii = radiiOf(region);
  const reach = region.reach(frame);
  const margins = radii.map((r, k) => marginOf((2 * reach[k]) / r));
  const margin = largestEntry(margins);
  const up = hi.map((h, k) => -h / radii[k] - margins[k]);
  const down = lo.map((l, k) => l / radii[k] - margins[k]);
  const isRegion =
    kind === 'box' || frame.rows === 1 || (body.unitBall?.kind === 'cube' && diagonal !== undefined);
  if (2 * size * size > MOST_WEIGHTS) {
    const upper = hinge('upper', INPUT, scale({ factor: radii.map(r => 1 / r), offset: up }));
    const lower = hinge('lower', INPUT, scale({ factor: radii.map(r => -1 / r), offset: down }));
    return { nodes: [inputOf(size), ...upper, ...lower], isRegion, margin };
  }
  const weight = matrix(2 * size, size);
  radii.forEach((r, k) => {
    weight.data[k * size + k] = 1 / r;
    weight.data[(size + k) * size + k] = -1 / r;
  });
  const facets = hinge('facets', INPUT, dense(weight, Float64Array.of(...up, ...down)));
  return { nodes: [inputOf(size), ...facets], isRegion, margin };
}

/** Facets in the region's own coordinates; of a flat region also how far a point is from its hull. */
function ownHinges(region: Region, coordinates: Coordinates): Hinges {
  const { frame, size } = region;
  const { centre, scale: radii, axes } = coordinates;
  const { normals, isRegion } = facetNormals(region, coordinates);
  const perRadius = axesPerUnit(coordinates);
  if (isFull(coordinates)) {
    const weight = multiply(normals, perRadius);
    const { layer, margin } = touching(
      region,
      weight,
      multiplyTransposed(frame, weight),
      region.reach(frame),
    );
    return { nodes: [inputOf(size), ...hinge('facets', INPUT, layer)], isRegion, margin };
  }
  const fromCentre = matrix(frame.rows, size, frame.data.slice());
  for (let k = 0; k < size; k++) fromCentre.data[k] -= centre[k];
  const inMu = multiplyTransposed(fromCentre, perRadius);
  // What is rounded on the way: z = (x − centre) / radii, its coordinates, and their projection.
  const absolute = matrix(axes.rows, size, axes.data.map(Math.abs));
  const reach = region.reach(frame);
  const inZ = matrix(
    1,
    size,
    reach.map((x, k) => (x + Math.abs(centre[k])) / radii[k]),
  );
  const along = multiplyTransposed(inZ, absolute);
  const back = multiply(along, absolute).data.map((x, k) => x + inZ.data[k]);
  const { layer, margin } = touching(region, normals, multiplyTransposed(inMu, normals), along.data);
  const margins = back.map(marginOf);
  const offHull = (name: string, input: string) => [
    added(
      name,
      input,
      margins.map(m => -m),
    ),
    beyond(name),
  ];
  const nodes: NetworkNode[] = [
    inputOf(size),
    times(
      'scaled.times',
      INPUT,
      radii.map(r => 1 / r),
    ),
    added(
      'scaled',
      'scaled.times',
      centre.map((c, k) => -c / radii[k]),
    ),
    { kind: 'affine', name: 'coordinates', input: 'scaled', operator: dense(axes) },
    { kind: 'affine', name: 'projection', input: 'coordinates', operator: dense(transposed(axes)) },
    { kind: 'sum', name: 'offHull', inputs: ['scaled', 'projection'], coefficients: [1, -1] },
    ...hinge('facets', 'coordinates', layer),
    ...offHull('above', 'offHull'),
    times(
      'below.times',
      'offHull',
      radii.map(() => -1),
    ),
    ...offHull('below', 'below.times'),
  ];
  return { nodes, isRegion, margin: Math.max(margin, largestEntry(margins)) };
}

const INPUT = 'input';
const inputOf = (size: number): NetworkNode => ({ kind: 'input', name: INPUT, size });

/** relu(operator x), two nodes. */
const hinge = (name: string, input: string, operator: AffineOperator): NetworkNode[] => [
  { kind: 'affine', name, input, operator },
  beyond(name),
];

const beyond = (name: string): NetworkNode => ({
  kind: 'activation',
  name: `${name}.beyond`,
  input: name,
  activation: relu(),
});

/** Entry by entry, and {@link added}: two nodes, as a file has them, so that what is proved of one is proved of the other. */
const times = (name: string, input: string, factor: Float64Array): NetworkNode => ({
  kind: 'affine',
  name,
  input,
  operator: scale({ factor }),
});

const added = (name: string, input: string, offset: Float64Array): NetworkNode => ({
  kind: 'affine',
  name,
  input,
  operator: scale({ offset }),
});

/**
 * Rows `[F, k]` and offsets such that each is as far below 0 as its facet's margin where the region touches it, in units of the
 * region's radius along the row. `values` `[d + 1, F]` are the rows' frame values on the region, `reach` `[k]` the size of what they read.
 */
function touching(
  region: Region,
  rows: Matrix,
  values: Matrix,
  reach: Float64Array,
): { layer: Dense; margin: number } {
  const { lo, hi } = region.range(values);
  return inUnits(
    rows,
    hi,
    hi.map((h, f) => (h - lo[f]) / 2),
    reach,
  );
}

function inUnits(
  rows: Matrix,
  hi: Float64Array,
  radii: Float64Array,
  reach: Float64Array,
): { layer: Dense; margin: number } {
  const weight = matrix(
    rows.rows,
    rows.cols,
    rows.data.map((w, i) => w / radii[Math.floor(i / rows.cols)]),
  );
  const absolute = matrix(weight.rows, weight.cols, weight.data.map(Math.abs));
  const magnitudes = multiplyTransposed(matrix(1, reach.length, reach), absolute).data;
  const margins = magnitudes.map((m, f) => marginOf(m + Math.abs(hi[f]) / radii[f]));
  const layer = dense(
    weight,
    hi.map((h, f) => -h / radii[f] - margins[f]),
  );
  return { layer, margin: largestEntry(margins) };
}

/**
 * The same for rows `[F, D]` that may be orthogonal to a flat region, where it has no radius: they are in units of what a row makes of the
 * radii of all coordinates.
 */
function between(region: Region, rows: Matrix): { layer: Dense; margin: number } {
  const radii = radiiOf(region);
  const values = multiplyTransposed(region.frame, rows);
  const { lo, hi } = region.range(values);
  const units = hi.map((h, f) => {
    const size = Math.sqrt(rowOf(rows, f).reduce((sum, w, k) => sum + (w * radii[k]) ** 2, 0));
    return Math.max((h - lo[f]) / 2, LEAST_RADIUS * size);
  });
  return inUnits(rows, hi, units, region.reach(region.frame));
}

/** Of the size of a region, what it must have of a radius along a facet for that to be its unit. */
const LEAST_RADIUS = 2 ** -10;

/** The nodes and the sum of all hinges among them. */
function summed(nodes: readonly NetworkNode[]): NetworkNode[] {
  const hinges = nodes.filter(({ kind }) => kind === 'activation').map(({ name }) => name);
  const all: NetworkNode = { kind: 'concat', name: 'beyond', inputs: hinges };
  const { sizes } = network([...nodes, all]);
  const ones = matrix(1, sizes.get('beyond')!);
  ones.data.fill(1);
  const [only] = hinges;
  const gap = (input: string): NetworkNode => ({ kind: 'affine', name: 'gap', input, operator: dense(ones) });
  return hinges.length === 1 ? [...nodes, gap(only)] : [...nodes, all, gap('beyond')];
}

/** Throws `not-frozen` unless the gap is proved to be 0 on its region, in a float32 runtime too. */
function assertZero(net: Network, region: Region): void {
  const proof = certifyPlain(net, [region]);
  assertCertified(proof);
  const [found] = proof.regions;
  if (isZeroOn(found)) return;
  throw new PoliceError({
    code: 'not-frozen',
    where: 'gap',
    expected: 'a gap that is 0 on the region',
    actual: `up to ${found.inferenceError[0]} in float32`,
    remedy: 'Scale the inputs: the region is too small beside its distance from the origin.',
  });
}
