import { assertFinite, assertSize, PoliceError } from '../errors.js';
import type { AffineMap } from '../frames/affine-map.js';
import { clampRows } from '../network/clamp.js';
import { forward } from '../network/forward.js';
import { type Network, network } from '../network/network.js';
import { type Dense, dense } from '../network/operators/dense.js';
import type { Decision } from '../numeric/changes.js';
import { type Matrix, matrix, rowOf } from '../numeric/matrix.js';
import type { Precision } from '../numeric/precision.js';
import { freeze } from '../proof/freeze.js';
import { precisionOf } from '../proof/rounding.js';
import type { Region } from '../regions/region.js';
import { chartOf } from './coordinates.js';
import { type CentreLayers, fitted, fittedMinimax, mapOf, valuesOf } from './fit.js';
import type { GapBody } from './gap.js';
import { type PatchProbes, type ProbeOptions, patchProbes, type RegionProbes, rowsOf } from './probes.js';
import { type Changes, changesOf, type ShellReport, shellReport } from './shell-report.js';
import { leastSteepness, separatingSteepness } from './steepness.js';
import { type PatchParts, withPatches } from './with-patches.js';

/**
 * The map wanted on a region: `fit`, the least-squares fit of the function over points of the region; `minimax`, the one of least largest
 * distance over them, nearly; `shift`, the map that shifting biases gives, of a network; or a map that is given.
 */
export type PatchMap = 'fit' | 'minimax' | 'shift' | AffineMap;

/** What is wanted on the regions, how steeply the function returns to itself around them, and on which samples it must have. */
export interface PatchOptions extends ProbeOptions {
  /**
   * One for all regions, or one each.
   * @defaultValue 'fit'
   */
  readonly map?: PatchMap | readonly PatchMap[];
  /**
   * K, by how much an output may differ from the map per radius of gap: one number, or one per output.
   * @defaultValue the least that leaves everything outside the shells as it is that was looked at: `data`, and points on rays around
   * each region, times 1.2
   */
  readonly steepness?: number | ArrayLike<number>;
  /**
   * Which output the report takes for the decision.
   * @defaultValue 'largest'
   */
  readonly decision?: Decision;
}

/** What was made of one region. */
export interface PatchedRegion {
  /** A and b as they are stored; multiplied out when asked for. */
  readonly map: AffineMap;
  /** K `[out]`. */
  readonly steepness: Float64Array;
  /** Where the function is the map: the region, or a body around it. */
  readonly body: GapBody;
  /** How far the map is from the function before, on points of the region. */
  readonly inside: Changes;
  readonly shell: ShellReport;
}

/** A patched function. */
export interface Patched {
  /** `certify` proves it affine on the regions. */
  readonly network: Network;
  readonly regions: readonly PatchedRegion[];
  /** How the function changed on the user's samples. */
  readonly data: Changes;
}

/**
 * Holds a network between two cones around an affine map a on each region: y = max(min(f, a + K d), a − K d), d the region's {@link gapOf gap}.
 * So y is a on the region whatever f is there, f wherever |f − a| ≤ K d, and between both elsewhere. What is added is a few dense layers
 * and ReLUs; f stays as it is. Where regions lie apart, patches follow one another, each steep enough to leave the regions before it alone.
 *
 * Throws `shape`, `not-finite`, `invalid-option` (regions that meet, with different maps), `too-large` or what {@link gapOf} throws.
 *
 * @example
 * const { network, regions } = patch(net, [box([-1, -1], [1, 1])]);
 * certify(network, [box([-1, -1], [1, 1])]).certified; // true
 * regions[0].map; // { A, b }
 */
export function patch(net: Network, regions: readonly Region[], options: PatchOptions = {}): Patched {
  const probes = patchProbes(regions, options);
  return patchFunction(net, probes, forward(net, probes.points), options);
}

/**
 * {@link patch} of any function whose values `[n, out]` at the probes' points are given: `base` is a network of it, or an
 * {@link opaqueNetwork}.
 */
export function patchFunction(
  base: Network,
  probes: PatchProbes,
  values: Matrix,
  options: PatchOptions = {},
): Patched {
  const { decision = 'largest' } = options;
  const precision = precisionOf(options.precision ?? 'float32');
  assertSize(values.rows, probes.points.rows, 'patch', 'values, one row for each probe,');
  assertSize(values.cols, base.outputSize, 'patch', 'values of each probe');
  assertFinite(values.data, 'patch', 'The function is not finite near the region: choose another.');
  const maps = mapsFor(options.map ?? 'fit', probes.regions.length);
  const patches: PatchParts[] = [];
  let current = values;
  probes.regions.forEach((probe, r) => {
    const same = maps.findIndex((map, s) => s < r && typeof map !== 'string' && map === maps[r]);
    const layers =
      patches[same]?.layers ??
      centreLayers(base, probe, probes.points, values, maps[r]).map(layer => roundedDense(layer, precision));
    const centre = valuesOf(layers, probes.points);
    const gaps = forward(probe.gap.network, probes.points).data;
    const steepness = steepnessOf(options.steepness, base.outputSize, () =>
      leastSteepness(current, centre, gaps, probes.shell),
    );
    raiseTo(
      steepness,
      patches.map(({ layers: before }, s) =>
        separatingSteepness(
          probe.gap.network,
          probes.regions[s].region,
          before,
          layers,
          `regions ${s} and ${r}`,
        ),
      ),
    );
    const rounded = steepness.map(precision.up);
    patches.push({ gap: probe.gap.network, layers, steepness: rounded });
    current = clampRows([current, centre, outerProduct(gaps, rounded)]);
  });
  return {
    network: withPatches(base, patches),
    regions: probes.regions.map((probe, r) => {
      const { layers, steepness } = patches[r];
      const at = (m: Matrix) => rowsOf(m, probe.rays);
      return {
        get map() {
          return mapOf(layers);
        },
        steepness,
        body: probe.gap.body,
        inside: changesOf(rowsOf(values, probe.inside), rowsOf(current, probe.inside), decision),
        shell: shellReport(at(probes.points), at(values), at(current), decision),
      };
    }),
    data: changesOf(rowsOf(values, probes.data), rowsOf(current, probes.data), decision),
  };
}

/** A network of which nothing is known but its sizes; {@link patch} holds it all the same, and `certify` proves it. */
export function opaqueNetwork(inputSize: number, outputSize: number): Network {
  return network([
    { kind: 'input', name: 'input', size: inputSize },
    { kind: 'opaque', name: 'function', inputs: ['input'], size: outputSize },
  ]);
}

function mapsFor(map: PatchMap | readonly PatchMap[], count: number): readonly PatchMap[] {
  if (typeof map === 'string' || 'A' in map) return Array.from({ length: count }, () => map);
  assertSize(map.length, count, 'patch map', 'maps, one per region,');
  return map;
}

function centreLayers(
  base: Network,
  { region, inside }: RegionProbes,
  points: Matrix,
  values: Matrix,
  map: PatchMap,
): CentreLayers {
  if (map === 'fit') return fitted(chartOf(region), rowsOf(points, inside), rowsOf(values, inside));
  if (map === 'minimax')
    return fittedMinimax(chartOf(region), rowsOf(points, inside), rowsOf(values, inside));
  const { A, b } = map === 'shift' ? freeze(base, [region]).maps[0] : map;
  assertSize(A.rows, base.outputSize, 'patch map', 'rows of A');
  assertSize(A.cols, base.inputSize, 'patch map', 'columns of A');
  return [dense(A, b)];
}

function roundedDense({ weight, bias }: Dense, { round }: Precision): Dense {
  return dense(matrix(weight.rows, weight.cols, weight.data.map(round)), bias.map(round));
}

function steepnessOf(
  given: PatchOptions['steepness'],
  outputs: number,
  found: () => Float64Array,
): Float64Array {
  if (given === undefined) return found();
  const each = typeof given === 'number' ? new Float64Array(outputs).fill(given) : Float64Array.from(given);
  assertSize(each.length, outputs, 'patch steepness', 'numbers, one per output,');
  assertFinite(each, 'patch steepness');
  const negative = each.findIndex(k => k < 0);
  if (negative < 0) return each;
  throw new PoliceError({
    code: 'invalid-option',
    where: `patch steepness ${negative}`,
    expected: 'a number ≥ 0',
    actual: `${each[negative]}`,
  });
}

function raiseTo(steepness: Float64Array, least: readonly Float64Array[]): void {
  for (const each of least)
    each.forEach((k, j) => {
      steepness[j] = Math.max(steepness[j], k);
    });
}

/** d Kᵀ `[n, out]`. */
function outerProduct(gaps: Float64Array, steepness: Float64Array): Matrix {
  const product = matrix(gaps.length, steepness.length);
  gaps.forEach((gap, i) => {
    rowOf(product, i).set(steepness.map(k => k * gap));
  });
  return product;
}
