import { PoliceError } from '@police/core';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type BoundsOptions, boundsCommand } from './commands/bounds.js';
import { CAPABILITY_NAMES, capabilitiesCommand, SOLVER_NAME } from './commands/capabilities.js';
import type { EnforceOptions } from './commands/enforce.js';
import { enforceBy } from './commands/enforce-by.js';
import { type ExportOptions, exportCommand } from './commands/export.js';
import { type InspectOptions, inspectCommand } from './commands/inspect.js';
import { isQuestion, type QueryOptions, queryCommand } from './commands/query.js';
import { type RegionCommandOptions, regionCommand } from './commands/region.js';
import { type RegionsOptions, regionsCommand } from './commands/regions.js';
import { type RepairCommandOptions, repairCommand } from './commands/repair.js';
import { type SweepOptions, sweepCommand } from './commands/sweep.js';
import { type VerifyOptions, verifyCommand } from './commands/verify.js';
import { completionScript, shellOf } from './completions.js';
import { sayDefect } from './defect.js';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { REGIONS_HELP } from './help-regions.js';
import { instanceOptions, isMany, wholeNumber } from './jobs/flags.js';
import { errorAsJson } from './json-errors.js';
import { REGION_WORDS, withBoxPairs, withRegionOptions } from './regions/sources.js';
import { inTermsOfFlags } from './remedies.js';
import type { Terminal } from './terminal.js';
import { suggestion, unknownFlag } from './unknown-flags.js';
import { version } from './version.js';

const MEMORY = 'what regions, frames, maps and reports may take (default: 2048)';

const EXIT_CODES = `
Exit codes: 0 done · 1 not certified · 2 bad input · 3 unsupported`;

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
    .exitOverride()
    .showHelpAfterError('(police --help, or police <command> --help)')
    .addHelpText('after', `${MORE_HELP}\n${EXIT_CODES}`);

  const command = (usage: string, description: string, examples: string): Command =>
    program
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

  withRegionOptions(
    command(
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

  withRegionOptions(
    command(
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

  command(
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
    .option('-f, --force', 'replace a file that is there')
    .action(async (path: string, options: RegionsOptions) =>
      finish(await regionsCommand(path, options, terminal)),
    );

  const enforcing = withRegionOptions(
    command(
      'enforce [models...]',
      'Makes the model exactly affine on every region, by shifting biases or by a patch, proves it and writes the model.',
      `  police enforce model.onnx --region box.json -o affine.onnx --certificate proof.json
  police enforce acas.onnx --region prop_3.vnnlib -o - > affine.onnx
  police enforce mnist.onnx --around digit.npy --radius 0.05 --clip 0..1 -o affine.onnx
  police enforce model.onnx --region a.json --region b.json --data samples.npy -o affine.onnx

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
      '--data <file>',
      'samples (.npy or CSV): reports how far outputs drift and how many decisions stay',
    )
    .addOption(
      new Option('--decision <which>', 'with --data: which output is the decision')
        .choices(['largest', 'smallest'])
        .default('largest'),
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
      'a region (a file, or JSON) on whose points changes are counted, without --data (default: a box twice as large as the regions)',
    )
    .option('--memory <MiB>', MEMORY, wholeNumber)
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

  const verifying = withRegionOptions(
    command(
      'verify [files...]',
      'Proves that a model is exactly affine on every region, or decides a property, all from the bytes of the files.',
      `  police verify affine.onnx --region box.json
  police verify affine.onnx --box -1..1
  police verify affine.onnx --region box.json --certificate proof.json
  police verify model.onnx --property prop.vnnlib
  police verify query.vnnlib --network f=model.onnx --timeout 60
  police verify affine.onnx --property prop.vnnlib --proof out.smt2   # then: z3 out.smt2, or cvc5 --incremental out.smt2
  police verify --instances instances.csv --jobs 4 --summary out.csv
${REGION_WORDS}`,
    ),
    options => !('instances' in options || 'property' in options || 'network' in options),
  );
  instanceOptions(verifying)
    .option('--property <file>', 'a VNN-LIB property: answers sat, unsat or unknown')
    .option(
      '--network <name=file>',
      'the model of a network that the query names, where the file is a VNN-LIB query',
      (pair: string, before: readonly string[] = []) => [...before, pair],
    )
    .option('--timeout <seconds>', 'of a query: answer timed-out after so long', wholeNumber)
    .option('--serialise-assignments <folder>', 'of a query: write the assignment there as ONNX tensors')
    .option(
      '--proof <file>',
      'of a model that is affine on the regions, or on those of the property: write the proof in SMT-LIB for solvers of other people, the property last',
    )
    .option('--proof-limit <MiB>', 'the longest proof to write (default: 256)', wholeNumber)
    .option('-f, --force', 'replace a file that is there')
    .option('--certificate <file>', 'also check that this certificate says what holds')
    .option('--run', 'also run the model in ONNX Runtime (onnxruntime-web) and compare')
    .option('--no-run', 'of a query: do not confirm points in ONNX Runtime')
    .option('--samples <n>', 'with --run: points of each region (default: 100)', wholeNumber)
    .option('--memory <MiB>', MEMORY, wholeNumber)
    .action(
      async (paths: string[], options: VerifyOptions & QueryOptions & SweepOptions, described: Command) => {
        if (isMany(paths, options)) finish(await sweepCommand('verify', paths, options, described, terminal));
        else if (isQuestion(options)) finish(await queryCommand(paths[0], options, terminal));
        else finish(await verifyCommand(paths[0], options, terminal));
      },
    );

  const repairing = command(
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
    .option('--no-run', 'do not run what is written in ONNX Runtime, where that is installed')
    .option('-f, --force', 'replace files that are there')
    .action(async (paths: string[], options: RepairCommandOptions & SweepOptions, described: Command) =>
      finish(
        isMany(paths, options)
          ? await sweepCommand('repair', paths, { ...options, region: [] }, described, terminal)
          : await repairCommand(paths[0], options, terminal),
      ),
    );

  withRegionOptions(
    command(
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
    .action(async (path: string, options: BoundsOptions) =>
      finish(await boundsCommand(path, options, terminal)),
    );

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

  const capabilities = program
    .command('capabilities')
    .copyInheritedSettings(program)
    .description('What queries and models can be decided, as the VNN-LIB standard asks solvers for it.')
    .alias('supports');
  for (const name of CAPABILITY_NAMES) capabilities.option(`--${name}`, 'print this alone');
  capabilities.action((options: Record<string, unknown>) => finish(capabilitiesCommand(options, terminal)));

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

  return program;
}

function listed(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('Expected a number from 0 up.');
}

function errorOf(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number above 0, such as 1e-3.');
}
