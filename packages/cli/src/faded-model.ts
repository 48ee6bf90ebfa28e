import {
  type EnforceReport,
  enforce,
  type Faded,
  type FadeOptions,
  faded,
  lookahead,
  type Matrix,
  type Region,
} from '@police/core';
import { totalsOf } from '@police/core/adapter';
import { appendFade, type ImportedModel } from '@police/onnx-import';
import { type ShiftedModel, shiftsIn } from './shifted-model.js';

/** `police enforce --fade`: the model with shifts that fade out around the regions. */
export function fadedModel(
  model: ImportedModel,
  regions: readonly Region[],
  width: number,
  options: Pick<FadeOptions, 'memory' | 'progress'>,
): ShiftedModel {
  const found = faded(model.network, regions, { width, ...options });
  const { bytes, nodes, entries } = appendFade(model, found);
  const { report } = enforce(found.network, regions, {
    lookahead,
    ...(options.memory === undefined ? {} : { memory: options.memory }),
  });
  return {
    assemble: () => bytes,
    network: found.network,
    edits: [],
    shifts: shiftsIn(withFadingShifts(report, found)),
    sharing: { chosen: 'per-unit' },
    fade: { width, added: { nodes: nodes.length, entries }, bodies: found.gaps.map(({ body }) => body) },
  };
}

/** The report on the faded network, of the units that were there, with the shifts of all regions. */
function withFadingShifts(report: EnforceReport, { base, shifts }: Faded): EnforceReport {
  const layers = report.layers
    .filter(({ name }) => base.sizes.has(name))
    .map(layer => ({ ...layer, ...sizesOf(shifts.get(layer.name)) }));
  return {
    ...totalsOf(layers),
    maps: [],
    mapsCoincide: report.mapsCoincide,
    constantOn: report.constantOn,
  };
}

/** Of shifts `[units, regions]`: a unit is shifted that some region shifts. */
function sizesOf(columns: Matrix | undefined): { shifted: number; totalShift: number; largestShift: number } {
  const sizes = { shifted: 0, totalShift: 0, largestShift: 0 };
  for (let j = 0; columns && j < columns.rows; j++) {
    const own = columns.data.subarray(j * columns.cols, (j + 1) * columns.cols).map(Math.abs);
    sizes.shifted += Number(own.some(c => c > 0));
    sizes.totalShift += own.reduce((sum, c) => sum + c, 0);
    sizes.largestShift = own.reduce((max, c) => Math.max(max, c), sizes.largestShift);
  }
  return sizes;
}
