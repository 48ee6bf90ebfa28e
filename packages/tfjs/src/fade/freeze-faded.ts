import {
  certify,
  type EnforceReport,
  type FrozenModel,
  float32,
  float64,
  freeze as freezeNetwork,
  type Network,
  PoliceError,
  type Region,
} from '@police/core';
import { addedShifts } from '@police/core/adapter';
import type * as tfl from '@tensorflow/tfjs-layers';
import { blockOf } from '../frames/regions-pass.js';
import { coreSides, enforcedOn } from '../frozen/policed-view.js';
import { type CoreView, coreView } from '../graph/core-view.js';
import type { Graph } from '../graph/node.js';
import { readGraph } from '../graph/read.js';
import { inverseOrder, storedOrder } from '../graph/values.js';
import type { PolicedLayer } from '../layer/policed-layer.js';
import { type FadedShifts, fadedModel, type Unfaded } from './faded-model.js';

/** The first makes good what float32 rounds, and keeps units off their kinks by its error; the others what that rounds. */
const MOST_ROUNDS = 5;

/** See `freeze`: a functional model of stock layers beside the model's own, certified as read. */
export function freezeFaded(layer: PolicedLayer): FrozenModel<tfl.LayersModel> {
  const from = unfaded(layer);
  const { regions } = layer.settings;
  const enforced = shiftsOn(layer);
  const settled = enforced.map(({ faded }, r) => offKinks(from, faded, regions[r]));
  const model = fadedModel(from, settled);
  const { network } = coreView(readGraph(model, from.epsilon));
  const proof = certify(network, regions);
  if (!proof.certified) throw bent(proof.layer, proof.unit, proof.region, proof.margin);
  return {
    model,
    network,
    get maps() {
      return proof.regions.map(({ map }) => map);
    },
    report: reportOfAll(enforced.map(({ report }) => report)),
  };
}

/** The network of a constrained model whose shifts fade, for what its weights are now. */
export function fadedNetwork(layer: PolicedLayer): Network {
  const from = unfaded(layer);
  const model = fadedModel(
    from,
    shiftsOn(layer).map(({ faded }) => faded),
  );
  const { network } = coreView(readGraph(model, from.epsilon));
  model.dispose();
  return network;
}

const unfaded = (layer: PolicedLayer): Unfaded => ({
  model: layer.inner,
  graph: layer.graph,
  epsilon: layer.settings.epsilon,
  slope: layer.constraint.fader!.slope,
});

interface OnRegion {
  readonly faded: FadedShifts;
  readonly report: EnforceReport;
}

/** What each region takes by itself, with the sides that training has settled on. */
function shiftsOn(layer: PolicedLayer): OnRegion[] {
  const { graph, settings, constraint } = layer;
  const { regions } = settings;
  const view = coreView(graph);
  const all = Object.entries(coreSides(graph, view, layer.presentSides));
  return regions.map((region, r) => {
    const sides = Object.fromEntries(all.map(([name, each]) => [name, blockOf(each, r, regions.length)]));
    const { shifts, report } = enforcedOn([region], sides, layer, view);
    return {
      faded: {
        gap: constraint.fader!.gaps[r],
        shifts: laidOut(graph, view, new Map(Object.entries(shifts))),
      },
      report,
    };
  });
}

/** Shifts `[units]` by name of core's nodes, as TensorFlow.js lays the units out. */
function laidOut(
  { nodes }: Graph,
  { layouts }: CoreView,
  shifts: ReadonlyMap<string, Float64Array>,
): Map<string, Float64Array> {
  const found = new Map<string, Float64Array>();
  nodes.forEach(({ name, shape }, place) => {
    const shift = shifts.get(name);
    if (!shift) return;
    const places = inverseOrder(storedOrder(shape, layouts[place].input));
    found.set(
      name,
      Float64Array.from(places, at => shift[at]),
    );
  });
  return found;
}

/** The shifts, each pushed on until core proves that the model they make alone is affine on their region. */
function offKinks(from: Unfaded, { gap, shifts }: FadedShifts, region: Region): FadedShifts {
  let pushed: ReadonlyMap<string, Float64Array> = new Map(
    [...shifts].map(([name, shift]) => [name, shift.map(Math.fround)]),
  );
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const model = fadedModel(from, [{ gap, shifts: pushed }]);
    const graph = readGraph(model, from.epsilon);
    const view = coreView(graph);
    model.dispose();
    if (round > 0 && certify(view.network, [region]).certified) break;
    const more = laidOut(
      graph,
      view,
      addedShifts(view.network, freezeNetwork(view.network, [region]).network),
    );
    pushed = sumOf(pushed, more, from.graph);
  }
  return { gap, shifts: pushed };
}

function sumOf(
  shifts: ReadonlyMap<string, Float64Array>,
  more: ReadonlyMap<string, Float64Array>,
  { nodes }: Graph,
): Map<string, Float64Array> {
  const sum = new Map(shifts);
  for (const { name } of nodes) {
    const by = more.get(name);
    if (by)
      sum.set(
        name,
        by.map((d, j) => further(shifts.get(name)?.[j] ?? 0, d)),
      );
  }
  return sum;
}

/** `c + by` as a float32, and no less far than that: of so small a `by` the next one. */
function further(c: number, by: number): number {
  const least = 2 * float64.roundoff * Math.abs(c);
  if (by > 0) return float32.up(c + Math.max(by, least));
  return by < 0 ? float32.down(c + Math.min(by, -least)) : c;
}

/** One region's report, or those of all put together: every region has shifts of its own. */
function reportOfAll(reports: readonly EnforceReport[]): EnforceReport {
  if (reports.length === 1) return reports[0];
  const total = (key: 'units' | 'shifted' | 'totalShift' | 'dead' | 'saturated' | 'linear') =>
    reports.reduce((sum, report) => sum + report[key], 0);
  const errors = reports.flatMap(({ approximationErrors = [] }) => approximationErrors);
  return {
    layers: reports.flatMap(({ layers }) => layers),
    units: total('units'),
    shifted: total('shifted'),
    totalShift: total('totalShift'),
    largestShift: Math.max(...reports.map(({ largestShift }) => largestShift)),
    dead: total('dead'),
    saturated: total('saturated'),
    linear: total('linear'),
    maps: reports.flatMap(({ maps }) => maps),
    mapsCoincide: false,
    constantOn: reports.flatMap(({ constantOn }, r) => constantOn.map(() => r)),
    ...(errors.length > 0 ? { approximationErrors: errors } : {}),
  };
}

const bent = (where: string, unit: number, region: number, margin: number): PoliceError =>
  new PoliceError({
    code: 'unsupported-layer',
    where,
    expected: 'a frozen model that is affine on the regions, as read back',
    actual: `unit ${unit} ${-margin} over its kink on region ${region}`,
    remedy:
      'The weights have grown too large beside the regions for float32: lower the learning rate, or scale the inputs.',
  });
