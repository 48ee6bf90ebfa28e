import type { Constraint } from '../frames/constraint.js';
import { type MaxNode, sizeOf } from '../graph/node.js';
import { maximaOnDevice } from '../parts/maxima.js';

/**
 * Entries that a choice among several constraints may take on the device, where every end of an interval is tried against every interval: 64 MiB.
 */
const LARGEST_TRIAL = 2 ** 24;

const rowsOf = (regions: Constraint['settings']['regions']): number =>
  regions.reduce((most, { frame }) => Math.max(most, frame.rows), 0);

function ofMaximum({ layer, windows, lifts }: MaxNode, rows: number): string[] {
  if (!maximaOnDevice.isThere) return ['maxima, which useMaxima() brings to the device'];
  if (lifts) return [`maximum ${layer}, which has lifts already`];
  const { offsets } = windows;
  const places = offsets.slice(1).reduce((most, end, w) => Math.max(most, end - offsets[w]), 1);
  const pairs = places ** 2 * (offsets.length - 1);
  return pairs * rows > LARGEST_TRIAL
    ? [`maximum ${layer}, whose ${pairs} pairs on ${rows} rows are too many to try`]
    : [];
}

/** What of a constraint has no form on the device, in words: then core computes it all, from values read in each layer. */
export function withoutDeviceForm({ graph, settings, sites }: Constraint): string[] {
  const { regions, policy, epsilon, target } = settings;
  const reasons: string[] = [];
  const add = (isSo: boolean, what: string): void => {
    if (isSo) reasons.push(what);
  };
  add(typeof policy === 'function', 'a policy function');
  add(epsilon !== undefined, 'smooth activations, whose errors core bounds');
  add(
    regions.some(({ body }) => !body.unitBall && !body.points),
    'a polytope known through linear programs',
  );
  const demand = target?.[0];
  add(demand !== undefined && 'kind' in demand, 'a demand on the map');
  for (const node of graph.nodes) if (node.kind === 'max') reasons.push(...ofMaximum(node, rowsOf(regions)));
  for (const [place, { sharing, where, activation }] of sites) {
    const constraints = regions.length * activation().kinks.length;
    const groups = sharing ? sizeOf(sharing.shape) : sizeOf(graph.nodes[place].shape);
    const intervals = (constraints * sizeOf(graph.nodes[place].shape)) / groups;
    add(
      intervals > 1 && (2 * intervals + 1) * intervals * groups > LARGEST_TRIAL,
      `layer ${where}, whose ${intervals} intervals per shift are too many to try`,
    );
  }
  return reasons;
}
