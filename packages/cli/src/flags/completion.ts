import { completionScript, shellOf } from '../completions.js';
import type { Declaring } from './declaring.js';

/** `police completion`. */
export function declareCompletion(declaring: Declaring): void {
  const { program, terminal } = declaring;
  program
    .command('completion <shell>')
    .description('Prints a script that completes commands and flags, for bash, zsh or fish.')
    .copyInheritedSettings(program)
    .addHelpText(
      'after',
      '\nExamples:\n  source <(police completion bash)\n  police completion fish | source',
    )
    .action((name: string) => {
      terminal.stdout.write(completionScript(program, shellOf(name)));
    });
}
