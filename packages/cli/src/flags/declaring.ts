import { type Command, InvalidArgumentError } from 'commander';
import type { Terminal } from '../terminal.js';

/** What a command is declared in. */
export interface Declaring {
  readonly program: Command;
  readonly terminal: Terminal;
  /** Takes the exit code. */
  readonly finish: (code: number) => void;
}

/** Of every `--memory`. */
export const MEMORY = 'what regions, frames, maps and reports may take (default: 2048)';

/** Of every `--threads`. */
export const THREADS = 'that multiply frames, with the same result however many (default: one per core)';

export const EXIT_CODES = `
Exit codes: 0 done · 1 not certified · 2 bad input · 3 unsupported`;

/** A command that reads an ONNX model, with the options that say how. */
export function modelCommand(
  { program }: Declaring,
  usage: string,
  description: string,
  examples: string,
): Command {
  return program
    .command(usage)
    .copyInheritedSettings(program)
    .description(description)
    .option(
      '--input-shape <sizes>',
      'sizes of the input, such as 1,3,32,32, where the model leaves them open',
    )
    .option(
      '--output-name <name>',
      'an output to read, of several; more than once for more (default: all)',
      listed,
    )
    .option(
      '--at <tensor>',
      'a tensor inside to read instead of the outputs; more than once for more',
      listed,
    )
    .option('--fix <name=value>', 'hold an input at a constant, name=value.npy or name=number', listed)
    .option(
      '--epsilon <error>',
      'read Sigmoid, Tanh, SiLU, GELU, Softplus, Mish: affine up to this error',
      errorOf,
    )
    .option('--json', 'print one JSON value instead of text')
    .option('-q, --quiet', 'print warnings and errors only')
    .addHelpText('after', `\nExamples:\n${examples}\n${EXIT_CODES}`);
}

function listed(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** A number from 0 up. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('Expected a number from 0 up.');
}

function errorOf(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number above 0, such as 1e-3.');
}
