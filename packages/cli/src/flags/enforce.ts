import { type Command, Option } from 'commander';
import { enforceBy } from '../commands/enforce-by.js';
import { type SweepOptions, sweepCommand } from '../commands/sweep.js';
import type { EnforceOptions } from '../enforce-options.js';
import { instanceOptions, isMany, seconds, wholeNumber } from '../jobs/flags.js';
import { REGION_WORDS, withRegionOptions } from '../regions/sources.js';
import { type Declaring, MEMORY, modelCommand, number, THREADS } from './declaring.js';

/** `police enforce`. */
export function declareEnforce(declaring: Declaring): void {
  const { terminal, finish } = declaring;
  const enforcing = withRegionOptions(
    modelCommand(
      declaring,
      'enforce [models...]',
      'Makes the model exactly affine on every region, by shifting biases or by a patch, proves it and writes the model.',
      `  police enforce model.onnx --region box.json -o affine.onnx --certificate proof.json
  police enforce acas.onnx --region prop_3.vnnlib -o - > affine.onnx
  police enforce mnist.onnx --around digit.npy --radius 0.05 --clip 0..1 -o affine.onnx
  police enforce model.onnx --region a.json --region b.json --data samples.npy -o affine.onnx
  police enforce acas.onnx --region prop_1.vnnlib --refit --distil 30 --domain inputs.json -o affine.onnx

  police enforce acas.onnx --region a.json --region b.json --fade 0.1 -o faded.onnx
  police enforce transformer.onnx --region box.json --method patch --keep samples.npy -o affine.onnx

  police enforce models/*.onnx -r a.json -r b.json -o out/ --shard 3/8   # every model on every file, each apart
  police enforce --instances instances.csv -o out/ --jobs 4 --summary out.csv
${REGION_WORDS}`,
    ),
    options => !('instances' in options),
  );
  instanceOptions(enforcing)
    .requiredOption(
      '-o, --output <file>',
      'where to write the model; - is standard output; a folder, with / at its end, for several models',
    )
    .addOption(
      new Option(
        '--method <which>',
        'shift: biases, no operator more; patch: nodes after the output of any model, which stays as it is outside',
      )
        .choices(['shift', 'patch'])
        .default('shift'),
    )
    .option(
      '--fade <width>',
      'shift: let the shifts fade out around each region, within so many of its radii; the model is as it was beyond (a few operators more)',
      number,
    )
    .addOption(
      new Option('--policy <name>', 'minimal: the least shifts; majority: the side most of a region lies on')
        .choices(['minimal', 'majority'])
        .default('minimal'),
    )
    .addOption(
      new Option(
        '--sharing <kind>',
        'after convolutions: per-unit shifts least but adds an Add; per-channel folds away; auto: what costs less',
      )
        .choices(['auto', 'per-unit', 'per-channel'])
        .default('auto'),
    )
    .addOption(
      new Option(
        '--precision <format>',
        'the format the proof is about; by default the one the file stores',
      ).choices(['float16', 'float32', 'float64']),
    )
    .option(
      '--target <file>',
      'bounds C·f(x) ≤ d on the regions, {"C": [[…]], "d": […]}, met by the least bias change',
    )
    .option(
      '--demand <file>',
      'what the map on the regions must be like, as JSON (core: demand.schema.json), one or an array of one each: by shift the least change of the last layer that gives it, by patch the nearest map; proved, and in the certificate',
    )
    .option(
      '--data <file>',
      'samples (.npy or CSV): reports how far outputs drift and how many decisions stay',
    )
    .addOption(
      new Option('--decision <which>', 'with --data: which output is the decision')
        .choices(['largest', 'smallest'])
        .default('largest'),
    )
    .option(
      '--refit',
      'shift: change weights too, so that the model does outside the regions what it did, on --data or points of --domain; each step is kept only if it helps',
    )
    .option(
      '--distil <seconds>',
      'with --refit: then train so long against the original, under the constraint; Ctrl-C ends it early',
      seconds,
    )
    .option('--report <file>', 'write the report as JSON')
    .option('--certificate <file>', 'write the certificate, for police verify')
    .option('--inline', 'put data that the model keeps in other files into what is written')
    .option(
      '--map [which]',
      'patch: fit (default), minimax, shift or a file {"A": [[…]], "b": […]}; alone: write A and b into the certificate however large',
    )
    .option(
      '--steepness <K>',
      'patch: how much an output may differ from the map per radius of the region; by default the least that leaves samples outside the shell as they are',
      number,
    )
    .option('--keep <file>', 'patch: samples (.npy or CSV) that are to stay as they are')
    .option('--shell <d>', 'patch: the gap within which samples may change, in radii (default: 0.1)', number)
    .option(
      '--domain <region>',
      'a region (a file, or JSON) on whose points changes are counted and --refit fits, without --data (default: a box twice as large as the regions)',
    )
    .option(
      '--lookahead',
      'shift: leave units as they are whose bends provably cannot reach the output (slower; otherwise every unit is affine on the regions)',
    )
    .option('--memory <MiB>', MEMORY, wholeNumber)
    .option('--threads <n>', THREADS, wholeNumber)
    .option('--no-run', 'do not run what is written in ONNX Runtime, where that is installed')
    .option('--allow-violation', 'write even where a property holds before and not after')
    .option('-f, --force', 'replace files that are there')
    .action(async (paths: string[], options: EnforceOptions & SweepOptions, described: Command) =>
      finish(
        isMany(paths, options)
          ? await sweepCommand('enforce', paths, options, described, terminal)
          : await enforceBy(options.method)(paths[0], options, terminal),
      ),
    );
}
