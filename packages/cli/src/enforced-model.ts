import { type Demand, forward, type Matrix, type Network, type Region } from '@police/core';
import { multiplyAdds, outputDrift, rowRange } from '@police/core/adapter';
import type { ImportedModel } from '@police/onnx-import';
import { readDemands } from './demand-file.js';
import { domainPoints, type Samples } from './domain.js';
import type { EnforceOptions } from './enforce-options.js';
import { fadedModel } from './faded-model.js';
import { type Harm, harmOn, pointsWorth } from './harm.js';
import type { Memory } from './memory.js';
import { type ModelFile, readModelFile } from './model.js';
import { dataPathFor } from './outside-data.js';
import { propertiesIn } from './property/changes.js';
import { regionWords } from './regions/sources.js';
import { readRegions } from './regions.js';
import type { Report } from './report.js';
import { readSamples } from './samples.js';
import { type ShiftedModel, shiftedModel } from './shifted-model.js';
import { readTarget } from './target.js';
import type { Talk, Terminal } from './terminal.js';

/** A map while it is made, and its rows as arrays. */
const BYTES_PER_MAP_ENTRY = 40;

interface Means {
  readonly terminal: Terminal;
  readonly talk: Talk;
  readonly limit: Memory;
  /** Where the command writes. */
  readonly outputs: readonly string[];
}

/** A model that was made to keep the promise, not yet proved, and what it costs. */
export interface EnforcedModel {
  /** Of the model as it was read all but its weights, which are let go: of a large file they take twice its size. */
  readonly model: Pick<ImportedModel, 'guaranteedTensor' | 'tail' | 'arithmetic'> &
    Pick<Network, 'inputSize' | 'outputSize'> & { readonly read: ImportedModel['source']['options'] };
  /** Of the file that was read. */
  readonly bytes: number;
  readonly regions: readonly Region[];
  readonly demands: readonly (Demand | undefined)[];
  readonly written: Omit<ShiftedModel, 'network' | 'fitted'> & Pick<Report, 'refit'>;
  readonly harm: Harm;
  readonly drift?: Report['drift'];
  readonly asked: Awaited<ReturnType<typeof propertiesIn>>;
  /** The model as it was read, where properties of it are to be compared. */
  readonly compared?: ModelFile;
  readonly dataPath: string | undefined;
}

/** Reads a model and all that is asked of it, shifts and freezes it, and counts what that changed. */
export async function enforcedModel(
  path: string,
  options: EnforceOptions,
  { terminal, talk, limit, outputs }: Means,
): Promise<EnforcedModel> {
  const read = await readModelFile(path, options, terminal);
  const { model } = read;
  const { inputSize, outputSize } = model.network;
  const dataPath = await dataPathFor(model.source.isExternal, options, outputs);
  const within = { size: inputSize, memory: limit };
  const regions = await readRegions(options.region, within, terminal);
  const samples = options.data ? await readSamples(options.data, inputSize, terminal) : undefined;
  const asked = await propertiesIn(options.region, read, limit, terminal);
  const memory = { memory: limit.left };
  const domain = options.domain
    ? await readRegions([regionWords(options.domain)], within, terminal)
    : undefined;
  const target = options.target ? await readTarget(options.target, outputSize, terminal, limit) : undefined;
  const demands = await readDemands(options.demand, regions.length, terminal, limit);
  if (options.map === true) {
    const bytes = BYTES_PER_MAP_ENTRY * inputSize * outputSize * regions.length;
    limit.assertFits(bytes, '--map', 'maps, outputs × inputs × regions,');
  }
  const { network, fitted, ...written }: ShiftedModel =
    options.fade === undefined
      ? await shiftedModel(model, regions, options, { samples, domain, target, demands, talk, ...memory })
      : fadedModel(model, regions, options.fade, { progress: talk.stage('fade'), ...memory });
  // What was fitted on says little of what was not.
  const judged = fitted && samples ? fitted.fit.heldOut : samples;
  const costs = await costsOf(model.network, network, judged, options, work =>
    judged
      ? { points: judged, of: `${fitted ? 'held out samples' : 'samples'} of ${options.data}` }
      : domainPoints(regions, domain, count => pointsWorth(work, count)),
  );
  const { guaranteedTensor, tail, arithmetic, source } = model;
  return {
    model: { guaranteedTensor, tail, arithmetic, inputSize, outputSize, read: source.options },
    bytes: source.bytes.length,
    regions,
    demands,
    written: { ...written, ...(fitted ? { refit: fitted.report } : {}) },
    ...costs,
    asked,
    ...(asked.properties.length > 0 ? { compared: read } : {}),
    dataPath,
  };
}

async function costsOf(
  before: Network,
  after: Network,
  judged: Matrix | undefined,
  options: EnforceOptions,
  samplesFor: (work: number) => Samples,
): Promise<Pick<EnforcedModel, 'harm' | 'drift'>> {
  const work = multiplyAdds(before) + multiplyAdds(after);
  // Of samples both are asked: the networks run once, on all of them.
  const [old, now] = [before, after].map(net => judged && forward(net, judged));
  const outputsOf = (net: Network, known: Matrix | undefined) => (points: Matrix, from: number) =>
    known ? rowRange(known, from, from + points.rows) : forward(net, points);
  const harm = await harmOn(
    samplesFor(work),
    work,
    outputsOf(before, old),
    outputsOf(after, now),
    options.decision,
  );
  return { harm, ...(old && now ? { drift: { ...outputDrift(old, now, options), samples: old.rows } } : {}) };
}
