import { type Command, Option } from 'commander';
import { type RepairCommandOptions, repairCommand } from '../commands/repair.js';
import { type SweepOptions, sweepCommand } from '../commands/sweep.js';
import { instanceOptions, isMany, wholeNumber } from '../jobs/flags.js';
import { type Declaring, MEMORY, modelCommand, THREADS } from './declaring.js';

/** `police repair`. */
export function declareRepair(declaring: Declaring): void {
  const { terminal, finish } = declaring;
  const repairing = modelCommand(
    declaring,
    'repair [models...]',
    'Makes a VNN-LIB property true by the least change that is found, proves the file that comes of it, and writes it.',
    `  police repair model.onnx --property prop.vnnlib -o fixed.onnx
  police repair model.onnx --property prop.vnnlib --keep samples.npy -o fixed.onnx --certificate proof.json
  police repair --instances instances.csv --jobs 4 -o out/ --summary out.csv`,
  );
  instanceOptions(repairing)
    .option('--property <file>', 'what is not to be: inputs, and outputs there')
    .requiredOption('-o, --output <file>', 'where to write the model; - is standard output')
    .addOption(
      new Option(
        '--method <name>',
        'patch: the nearest affine map on each region, nothing elsewhere; shift: biases alone, same operators',
      )
        .choices(['patch', 'shift'])
        .default('patch'),
    )
    .option(
      '--keep <file>',
      'samples (.npy or CSV) whose outputs are to stay as they are, outside the regions',
    )
    .addOption(
      new Option('--decision <which>', 'which output is the decision, for the report')
        .choices(['largest', 'smallest'])
        .default('largest'),
    )
    .option('--report <file>', 'write the report as JSON')
    .option('--certificate <file>', 'write the certificate, for police verify')
    .option('--memory <MiB>', MEMORY, wholeNumber)
    .option('--threads <n>', THREADS, wholeNumber)
    .option('--no-run', 'do not run what is written in ONNX Runtime, where that is installed')
    .option('-f, --force', 'replace files that are there')
    .action(async (paths: string[], options: RepairCommandOptions & SweepOptions, described: Command) =>
      finish(
        isMany(paths, options)
          ? await sweepCommand('repair', paths, { ...options, region: [] }, described, terminal)
          : await repairCommand(paths[0], options, terminal),
      ),
    );
}
