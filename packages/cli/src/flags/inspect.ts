import { type InspectOptions, inspectCommand } from '../commands/inspect.js';
import { wholeNumber } from '../jobs/flags.js';
import { withRegionOptions } from '../regions/sources.js';
import { type Declaring, MEMORY, modelCommand } from './declaring.js';

/** `police inspect`. */
export function declareInspect(declaring: Declaring): void {
  const { terminal, finish } = declaring;
  withRegionOptions(
    modelCommand(
      declaring,
      'inspect <model>',
      'Shows what a model is made of, which tensor a guarantee would be stated for, and what regions are.',
      '  police inspect model.onnx\n  cat model.onnx | police inspect - --json\n  police inspect model.onnx --box -1..1',
    ),
    () => false,
  )
    .option('--memory <MiB>', MEMORY, wholeNumber)
    .action(async (path: string, options: InspectOptions) =>
      finish(await inspectCommand(path, options, terminal)),
    );
}
