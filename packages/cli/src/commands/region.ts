import { PoliceError, type Region } from '@police/core';
import { EXIT } from '../exit-codes.js';
import { Memory } from '../memory.js';
import { type ModelOptions, readModelFile } from '../model.js';
import { assertWritable, writeOutputs } from '../outputs.js';
import { factLines, factsOf } from '../regions/explain.js';
import type { RegionOptions, RegionSource } from '../regions/sources.js';
import { readRegions } from '../regions.js';
import { readSamples } from '../samples.js';
import { type Terminal, talkOfWriting } from '../terminal.js';

export interface RegionCommandOptions extends ModelOptions, RegionOptions {
  readonly output?: string;
  readonly size?: number;
  readonly model?: string;
  readonly data?: string;
  readonly memory?: number;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `police region`: explains regions, of files or as said, and writes them as a file. */
export async function regionCommand(
  paths: readonly string[],
  options: RegionCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const talk = talkOfWriting(options, terminal);
  assertOneStream(options);
  if (options.output !== undefined) await assertWritable([options.output], options.force === true);
  const memory = new Memory(options);
  const size = await sizeOf(options, terminal);
  const files = paths.map((path): RegionSource => ({ kind: 'file', path }));
  const sources = [...files, ...options.region];
  if (sources.length === 0) throw nothingSaid();
  const regions = await readRegions(sources, { size, memory }, terminal);
  assertOneSize(regions);
  const samples =
    options.data === undefined ? undefined : await readSamples(options.data, regions[0].size, terminal);
  const facts = regions.map(region => factsOf(region, samples));
  if (options.output !== undefined) {
    const json = regions.map(region => region.toJSON());
    const content = `${JSON.stringify(json.length === 1 ? json[0] : { regions: json })}\n`;
    await writeOutputs([{ path: options.output, content }], terminal, options.force === true);
  }
  if (options.json) terminal.stdout.write(`${JSON.stringify({ regions: facts })}\n`);
  facts.forEach((each, r) => {
    if (facts.length > 1) talk.say(`${r > 0 ? '\n' : ''}Region ${r}`);
    for (const line of factLines(each, samples?.rows)) talk.say(line);
  });
  return EXIT.done;
}

async function sizeOf(options: RegionCommandOptions, terminal: Terminal): Promise<number | undefined> {
  if (options.model === undefined) return options.size;
  const { model } = await readModelFile(options.model, options, terminal);
  const { inputSize } = model.network;
  if (options.size === undefined || options.size === inputSize) return inputSize;
  throw new PoliceError({
    code: 'shape',
    where: '--size',
    expected: `the ${inputSize} inputs of ${options.model}`,
    actual: `${options.size}`,
  });
}

function assertOneSize(regions: readonly Region[]): void {
  const other = regions.find(({ size }) => size !== regions[0].size);
  if (!other) return;
  throw new PoliceError({
    code: 'shape',
    where: 'regions',
    expected: `${regions[0].size} coordinates in all`,
    actual: `${other.size} in one`,
  });
}

function assertOneStream({ output, json }: RegionCommandOptions): void {
  if (output !== '-' || !json) return;
  throw new PoliceError({
    code: 'invalid-option',
    where: 'standard output',
    expected: 'the region or --json',
    actual: 'both',
    remedy: 'Write the region to a file.',
  });
}

function nothingSaid(): PoliceError {
  return new PoliceError({
    code: 'invalid-option',
    where: 'region',
    expected: 'a region file, or words for a region',
    actual: 'none',
    remedy: 'Such as police region box.json, or police region --around x.npy --radius 0.05 -o box.json.',
  });
}
