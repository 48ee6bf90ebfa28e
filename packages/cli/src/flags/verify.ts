import type { Command } from 'commander';
import { isQuestion, type QueryOptions, queryCommand } from '../commands/query.js';
import { type SweepOptions, sweepCommand } from '../commands/sweep.js';
import { type VerifyOptions, verifyCommand } from '../commands/verify.js';
import { instanceOptions, isMany, wholeNumber } from '../jobs/flags.js';
import { REGION_WORDS, withRegionOptions } from '../regions/sources.js';
import { type Declaring, MEMORY, modelCommand, THREADS } from './declaring.js';

/** `police verify`. */
export function declareVerify(declaring: Declaring): void {
  const { terminal, finish } = declaring;
  const verifying = withRegionOptions(
    modelCommand(
      declaring,
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
    .option('--threads <n>', THREADS, wholeNumber)
    .action(
      async (paths: string[], options: VerifyOptions & QueryOptions & SweepOptions, described: Command) => {
        if (isMany(paths, options)) finish(await sweepCommand('verify', paths, options, described, terminal));
        else if (isQuestion(options)) finish(await queryCommand(paths[0], options, terminal));
        else finish(await verifyCommand(paths[0], options, terminal));
      },
    );
}
