import { type AffineMap, mapsOn } from '../frames/affine-map.js';
import type { PolicedPass } from '../frames/policed-pass.js';
import { slopeAt } from '../network/activation.js';
import type { Network } from '../network/network.js';
import type { ActivationNode, MaxNode } from '../network/nodes.js';
import { ifKind } from '../network/walk.js';
import type { Matrix } from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { piecesOn } from '../rule/pieces.js';
import { sparedAt, UNREAD } from '../rule/spared.js';

/** What the constraint did to one nonlinearity. */
export interface LayerReport {
  readonly name: string;
  readonly units: number;
  /** Units with a shift other than 0. */
  readonly shifted: number;
  /** Σ|c|. */
  readonly totalShift: number;
  /** max|c|. */
  readonly largestShift: number;
  /** Units that are 0 on every region. */
  readonly dead: number;
  /** Units that are constant on every region, and not dead. */
  readonly saturated: number;
  /** Units of slope other than 0 on every region. */
  readonly linear: number;
}

/** What the constraint did to the whole network; sums and largest values over its layers. */
export interface EnforceReport {
  readonly layers: readonly LayerReport[];
  readonly units: number;
  readonly shifted: number;
  /** How many more would be shifted without lookahead; absent where none. */
  readonly freed?: number;
  readonly totalShift: number;
  readonly largestShift: number;
  readonly dead: number;
  readonly saturated: number;
  readonly linear: number;
  /** The affine map the network is on each region, in the order of the regions. */
  readonly maps: readonly AffineMap[];
  /** Whether every unit lies on the same piece on all regions, so that one affine map holds on all of them. */
  readonly mapsCoincide: boolean;
  /** The regions, by number, on which no output changes. */
  readonly constantOn: readonly number[];
  /**
   * Bound `[outSize]` per region on |f(x) − (A x + b)|, where smooth activations make the network affine only up to an
   * error. Absent where it is exactly affine.
   */
  readonly approximationErrors?: readonly Float64Array[];
}

/** What the pass found out. The maps are made when first asked for. */
export function reportOf(
  net: Network,
  regions: readonly Region[],
  pass: PolicedPass,
  freed = 0,
): EnforceReport {
  const layers = net.nodes.flatMap(
    node =>
      ifKind<LayerFindings>(
        {
          activation: each => activationReport(net, regions, pass, each),
          max: each => maxReport(net, pass, each),
        },
        node,
      ) ?? [],
  );
  const reports = layers.map(({ report }) => report);
  const output = net.nodes.at(-1)!.name;
  const outputs = pass.values.get(output)!;
  const maps = mapsOn(net, regions, pass, outputs);
  const isConstant = ({ data, cols }: Matrix) => data.subarray(cols).every(change => change === 0);
  return {
    ...totalsOf(reports),
    ...(freed > 0 ? { freed } : {}),
    get maps() {
      return maps();
    },
    constantOn: outputs.flatMap((values, r) => (isConstant(values) ? [r] : [])),
    mapsCoincide: layers.every(({ coincide }) => coincide),
    ...(pass.approximationErrors ? { approximationErrors: pass.approximationErrors(output) } : {}),
  };
}

/** What a report says of its layers, and of all of them together. */
export function totalsOf(
  layers: readonly LayerReport[],
): Pick<
  EnforceReport,
  'layers' | 'units' | 'shifted' | 'totalShift' | 'largestShift' | 'dead' | 'saturated' | 'linear'
> {
  const total = (key: 'units' | 'shifted' | 'totalShift' | 'dead' | 'saturated' | 'linear') =>
    layers.reduce((sum, layer) => sum + layer[key], 0);
  return {
    layers,
    units: total('units'),
    shifted: total('shifted'),
    totalShift: total('totalShift'),
    largestShift: layers.reduce((max, { largestShift }) => Math.max(max, largestShift), 0),
    dead: total('dead'),
    saturated: total('saturated'),
    linear: total('linear'),
  };
}

/** A layer's report, and whether it does the same on all regions. */
interface LayerFindings {
  readonly report: LayerReport;
  readonly coincide: boolean;
}

function activationReport(
  net: Network,
  regions: readonly Region[],
  pass: PolicedPass,
  node: ActivationNode,
): LayerFindings {
  const { shift, sides } = pass.layers.get(node.name)!.shifts;
  const units = net.sizes.get(node.name)!;
  const { pieces } = node.activation;
  const chosen = regions.map((_, r) => piecesOn(r, node.activation, sides, units));
  const spared = sparedAt(pass.spared, node.name);
  const mayBend = (j: number) => spared?.some(each => each?.[j] === UNREAD);
  const found = { dead: 0, saturated: 0, linear: 0 };
  for (let j = 0; j < units; j++) {
    if (regions.length === 0 || mayBend(j)) continue;
    let [flat, zero] = [0, 0];
    for (const index of chosen) {
      const piece = pieces[index[j]];
      const isFlat = slopeAt(piece, j) === 0;
      flat += Number(isFlat);
      zero += Number(isFlat && piece.offset === 0);
    }
    if (zero === chosen.length) found.dead++;
    else if (flat === chosen.length) found.saturated++;
    else if (flat === 0) found.linear++;
  }
  const perRegion = node.activation.kinks.length * units;
  return {
    report: { name: node.name, units, ...shiftSizes(shift), ...found },
    coincide: sides.every((side, i) => side === sides[i % perRegion]),
  };
}

function maxReport(net: Network, pass: PolicedPass, { name }: MaxNode): LayerFindings {
  const windows = net.sizes.get(name)!;
  const { winners } = pass.maxima.get(name)!;
  return {
    report: {
      name,
      units: windows,
      ...shiftSizes(addedLifts(net, pass, name)),
      dead: 0,
      saturated: 0,
      linear: windows,
    },
    coincide: winners.every((winner, i) => winner === winners[i % windows]),
  };
}

function shiftSizes(shift: Float64Array): Pick<LayerReport, 'shifted' | 'totalShift' | 'largestShift'> {
  let [shifted, totalShift, largestShift] = [0, 0, 0];
  for (const c of shift) {
    const size = Math.abs(c);
    shifted += Number(c !== 0);
    totalShift += size;
    largestShift = Math.max(largestShift, size);
  }
  return { shifted, totalShift, largestShift };
}

/** What a maximum's lifts grew by, `[windows]`. */
export function addedLifts(net: Network, { maxima }: PolicedPass, name: string): Float64Array {
  const node = net.nodes.find(other => other.name === name)!;
  const before = ifKind({ max: ({ lifts }) => lifts }, node);
  return maxima.get(name)!.lifts.lift.map((lift, w) => lift - (before ? before.lift[w] : 0));
}
