import { type BoundsOptions, boundsCommand } from '../commands/bounds.js';
import { wholeNumber } from '../jobs/flags.js';
import { REGION_WORDS, withRegionOptions } from '../regions/sources.js';
import { type Declaring, MEMORY, modelCommand, THREADS } from './declaring.js';

/** `police bounds`. */
export function declareBounds(declaring: Declaring): void {
  const { terminal, finish } = declaring;
  withRegionOptions(
    modelCommand(
      declaring,
      'bounds <model>',
      'The exact minimum and maximum of every output over each region, of a model that is affine there.',
      '  police bounds affine.onnx --region box.json --points\n  police bounds affine.onnx --region box.json --combinations differences.json\n' +
        `  police bounds affine.onnx --box 0..1\n${REGION_WORDS}`,
    ),
  )
    .option(
      '--combinations <file>',
      'rows of weights of the outputs, as JSON, instead of the outputs themselves',
    )
    .option('--points', 'print where the extremes are attained')
    .option('--memory <MiB>', MEMORY, wholeNumber)
    .option('--threads <n>', THREADS, wholeNumber)
    .action(async (path: string, options: BoundsOptions) =>
      finish(await boundsCommand(path, options, terminal)),
    );
}
