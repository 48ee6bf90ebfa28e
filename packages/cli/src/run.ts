import { availableParallelism } from 'node:os';
import { PoliceError } from '@police/core';
import { useFastProducts } from '@police/core/fast';
import { Command, CommanderError } from 'commander';
import { SOLVER_NAME } from './commands/capabilities.js';
import { sayDefect } from './defect.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { declareBounds } from './flags/bounds.js';
import { declareCapabilities } from './flags/capabilities.js';
import { declareCompletion } from './flags/completion.js';
import { EXIT_CODES } from './flags/declaring.js';
import { declareEnforce } from './flags/enforce.js';
import { declareExport } from './flags/export.js';
import { declareInspect } from './flags/inspect.js';
import { declareRegion } from './flags/region.js';
import { declareRegions } from './flags/regions.js';
import { declareRepair } from './flags/repair.js';
import { declareVerify } from './flags/verify.js';
import { REGIONS_HELP } from './help-regions.js';
import { errorAsJson } from './json-errors.js';
import { REGION_WORDS, withBoxPairs } from './regions/sources.js';
import { inTermsOfFlags } from './remedies.js';
import type { Terminal } from './terminal.js';
import { suggestion, unknownFlag } from './unknown-flags.js';
import { version } from './version.js';

const MORE_HELP = '\nRegion files, with examples: police help regions';

/** Runs one command line (without the program's name) and returns its exit code. Errors are printed, never thrown. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.done;
  const program = commandsOf(terminal, found => {
    code = found;
  });
  try {
    if (args[0] === 'help' && args[1] === 'regions') {
      terminal.stdout.write(`${REGIONS_HELP}${REGION_WORDS}`);
      return code;
    }
    assertKnownFlags(program, args);
    await program.parseAsync(withBoxPairs(args), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    const message = error instanceof PoliceError ? inTermsOfFlags(error, args) : messageOf(error);
    if (args.includes('--json')) resultOf(args, terminal).write(errorAsJson(error, message));
    if (error instanceof CommanderError) return EXIT.badInput;
    if (error instanceof PoliceError) terminal.stderr.write(`police: ${message}\n`);
    else sayDefect(error, terminal);
    return exitCodeOf(error);
  }
}

/** Ends as commander does for a flag that the command does not know, before anything that is missing is asked for. */
function assertKnownFlags(program: Command, [name, ...args]: readonly string[]): void {
  const command = program.commands.find(known => known.name() === name);
  const flag = command && unknownFlag(command, args);
  if (!command || flag === undefined) return;
  const meant = suggestion(command, flag);
  command.error(`error: unknown option '${flag}'${meant ? `\n(Did you mean ${meant}?)` : ''}`, {
    code: 'commander.unknownOption',
  });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Where the one JSON value goes: to standard output, unless that carries a file. */
function resultOf(args: readonly string[], { stdout, stderr }: Terminal): Terminal['stdout'] {
  return /(^| )(-o|--output)[ =]?-( |$)/.test(args.join(' ')) ? stderr : stdout;
}

/** In the order of the help. */
const COMMANDS = [
  declareInspect,
  declareRegion,
  declareRegions,
  declareEnforce,
  declareVerify,
  declareRepair,
  declareBounds,
  declareExport,
  declareCapabilities,
  declareCompletion,
];

function commandsOf(terminal: Terminal, finish: (code: number) => void): Command {
  const program = new Command('police')
    .description(
      'Makes trained networks exactly affine on the regions you name, with a proof. Reads and writes ONNX.',
    )
    .version(version)
    .option('--name', 'output the full name')
    .on('option:name', () => {
      terminal.stdout.write(`${SOLVER_NAME}\n`);
      throw new CommanderError(EXIT.done, 'police.name', SOLVER_NAME);
    })
    .configureOutput({
      writeOut: text => terminal.stdout.write(text),
      writeErr: text => terminal.stderr.write(text),
    })
    .hook('preAction', (_program, command) => {
      const { threads = availableParallelism() } = command.opts<{ threads?: number }>();
      useFastProducts({ threads });
    })
    .exitOverride()
    .showHelpAfterError('(police --help, or police <command> --help)')
    .addHelpText('after', `${MORE_HELP}\n${EXIT_CODES}`);
  for (const declare of COMMANDS) declare({ program, terminal, finish });
  return program;
}
