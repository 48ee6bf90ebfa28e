import { type ExportOptions, exportCommand } from '../commands/export.js';
import { type Declaring, EXIT_CODES } from './declaring.js';

/** `police export`. */
export function declareExport(declaring: Declaring): void {
  const { program, terminal, finish } = declaring;
  program
    .command('export <model>')
    .copyInheritedSettings(program)
    .description('Writes a TensorFlow.js, brain.js or synaptic model as ONNX.')
    .requiredOption('-o, --output <file>', 'where to write the model; - is standard output')
    .option('-f, --force', 'replace a file that is there')
    .option('--json', 'print one JSON value instead of text')
    .option('-q, --quiet', 'print warnings and errors only')
    .addHelpText(
      'after',
      `\nExamples:\n  police export saved/model.json -o model.onnx\n  police export brain.json -o model.onnx\n${EXIT_CODES}`,
    )
    .action(async (path: string, options: ExportOptions) =>
      finish(await exportCommand(path, options, terminal)),
    );
}
