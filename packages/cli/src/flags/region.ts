import { type RegionCommandOptions, regionCommand } from '../commands/region.js';
import { wholeNumber } from '../jobs/flags.js';
import { REGION_WORDS, withRegionOptions } from '../regions/sources.js';
import { type Declaring, MEMORY, modelCommand } from './declaring.js';

/** `police region`. */
export function declareRegion(declaring: Declaring): void {
  const { terminal, finish } = declaring;
  withRegionOptions(
    modelCommand(
      declaring,
      'region [files...]',
      'Explains regions, of files or as said: dimension, volume, facets, samples inside. Writes them as a file.',
      `  police region box.json --data samples.npy
  police region --around digit.npy --radius 0.05 --clip 0..1 -o box.json
  police region --hull digits.npy -o hull.json
  police region --box -1..1 --size 784 -o box.json
${REGION_WORDS}`,
    ),
    () => false,
  )
    .option('-o, --output <file>', 'where to write the regions as JSON; - is standard output')
    .option('--size <n>', 'how many coordinates, where the words do not tell', wholeNumber)
    .option('--model <file>', 'the model that the regions are for, which tells how many coordinates')
    .option('--data <file>', 'samples (.npy or CSV): tells which of them lie in each region')
    .option('--memory <MiB>', MEMORY, wholeNumber)
    .option('-f, --force', 'replace a file that is there')
    .action(async (paths: string[], options: RegionCommandOptions) =>
      finish(await regionCommand(paths, options, terminal)),
    );
}
