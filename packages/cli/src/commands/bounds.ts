import { bounds, rowOf } from '@police/core';
import { EXIT } from '../exit-codes.js';
import { Memory } from '../memory.js';
import { type ModelOptions, readModelFile } from '../model.js';
import type { RegionOptions } from '../regions/sources.js';
import { readRegions } from '../regions.js';
import { shortNumber, table } from '../report.js';
import { readCombinations } from '../target.js';
import { type Terminal, talkOf } from '../terminal.js';

export interface BoundsOptions extends ModelOptions, RegionOptions {
  readonly combinations?: string;
  readonly points?: boolean;
  readonly memory?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** A map, what its ranges are made of, and two points, as numbers and as text. */
const BYTES_PER_ENTRY = 128;

/** `police bounds`: the exact minimum and maximum of every output over each region, of a model that is affine there. */
export async function boundsCommand(
  path: string,
  options: BoundsOptions,
  terminal: Terminal,
): Promise<number> {
  const talk = talkOf(terminal, { isQuiet: options.quiet === true, isJson: options.json === true });
  const { model } = await readModelFile(path, options, terminal);
  const memory = new Memory(options);
  const limits = { size: model.network.inputSize, memory };
  const regions = await readRegions(options.region, limits, terminal);
  const combinations = options.combinations
    ? await readCombinations(options.combinations, model.network.outputSize, terminal, memory)
    : undefined;
  const { inputSize, outputSize } = model.network;
  const entries = (outputSize + (combinations?.rows ?? 0)) * inputSize * regions.length;
  memory.assertFits(BYTES_PER_ENTRY * entries, path, 'maps and points, outputs × inputs × regions,');
  const found = regions.map(region => bounds(model.network, region, combinations, { memory: memory.left }));
  if (options.json) {
    const rows = found.map(({ lower, upper, error, lowerPoints, upperPoints }) => ({
      lower: Array.from(lower),
      upper: Array.from(upper),
      error: Array.from(error),
      lowerPoints: Array.from(lower, (_, j) => Array.from(rowOf(lowerPoints, j))),
      upperPoints: Array.from(lower, (_, j) => Array.from(rowOf(upperPoints, j))),
    }));
    terminal.stdout.write(`${JSON.stringify({ guaranteedTensor: model.guaranteedTensor, regions: rows })}\n`);
  }
  found.forEach(({ lower, upper, error, lowerPoints, upperPoints }, r) => {
    talk.say(`${r > 0 ? '\n' : ''}Region ${r}: '${model.guaranteedTensor}'`);
    const name = combinations ? 'combination' : 'output';
    const rows = Array.from(lower, (lo, j) => [j, lo, upper[j], error[j]]);
    for (const line of table([name, 'minimum', 'maximum', 'rounding'], rows)) talk.say(line);
    if (!options.points) return;
    const pointOf = (row: Float64Array) => `[${Array.from(row, shortNumber).join(', ')}]`;
    lower.forEach((_, j) => {
      talk.say(`  ${name} ${j} lowest at ${pointOf(rowOf(lowerPoints, j))}`);
      talk.say(`  ${name} ${j} highest at ${pointOf(rowOf(upperPoints, j))}`);
    });
  });
  return EXIT.done;
}
