import { Option } from 'commander';
import { type RegionsOptions, regionsCommand } from '../commands/regions.js';
import { wholeNumber } from '../jobs/flags.js';
import { type Declaring, MEMORY, modelCommand, THREADS } from './declaring.js';

/** `police regions`. */
export function declareRegions(declaring: Declaring): void {
  const { terminal, finish } = declaring;
  modelCommand(
    declaring,
    'regions <model>',
    'Advises how large regions may be: the largest around each sample that cost nothing, and what larger ones cost.',
    `  police regions model.onnx --data samples.npy --svg curve.svg
  police regions model.onnx --data samples.npy --norm 2 --radii 0.01,0.1,1`,
  )
    .requiredOption('--data <file>', 'samples (.npy or CSV) to put regions around, and to count decisions on')
    .addOption(
      new Option('--norm <p>', 'of the curve: inf boxes, 2 balls, 1 cross-polytopes')
        .choices(['inf', '2', '1'])
        .default('inf'),
    )
    .option('--radii <list>', 'radii of the curve, by commas (default: eight, up to half the data’s width)')
    .option('--samples <n>', 'put regions around the first n samples', wholeNumber, 5)
    .addOption(
      new Option('--decision <which>', 'which output is the decision')
        .choices(['largest', 'smallest'])
        .default('largest'),
    )
    .addOption(
      new Option('--policy <name>', 'as of enforce').choices(['minimal', 'majority']).default('minimal'),
    )
    .addOption(
      new Option('--sharing <kind>', 'as of enforce')
        .choices(['per-unit', 'per-channel'])
        .default('per-unit'),
    )
    .option('--svg <file>', 'draw the curve; - is standard output')
    .option('--memory <MiB>', MEMORY, wholeNumber)
    .option('--threads <n>', THREADS, wholeNumber)
    .option('-f, --force', 'replace a file that is there')
    .action(async (path: string, options: RegionsOptions) =>
      finish(await regionsCommand(path, options, terminal)),
    );
}
