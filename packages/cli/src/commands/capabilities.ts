import { OPERATORS, OPSETS } from '@police/onnx-import';
import { EXIT } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';

/** The solver's full name, for the standard's `--name`. */
export const SOLVER_NAME = 'POLICE';

/** What VNN-LIB's interface asks a solver for, and the lines of the answer. */
const CAPABILITIES: Readonly<Record<string, readonly string[]>> = {
  'onnx-opset-versions': OPSETS.map(String),
  'onnx-element-types': ['real', 'float32', 'float64'],
  'onnx-operators': OPERATORS,
  'vnnlib-versions': ['1.0', '2.0'],
  'hidden-node-theories': ['NH'],
  'multiple-input-output-theories': ['SIO'],
  'multiple-network-theories': ['SNET', 'MENET', 'MINET', 'MNET'],
  'multiple-node-comparison-theories': ['SNC', 'MNC'],
  'arithmetic-complexity-theories': ['BND', 'OUTC', 'LIN'],
  'optimised-disjunctive-reasoning': ['false'],
  'serialise-assignments': ['true'],
};

export const CAPABILITY_NAMES: readonly string[] = Object.keys(CAPABILITIES);

/** `police capabilities`: one of them as the standard's interface has it, or all, each under its name. */
export function capabilitiesCommand(
  options: Readonly<Record<string, unknown>>,
  { stdout }: Terminal,
): number {
  const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const asked = CAPABILITY_NAMES.filter(name => options[camel(name)] === true);
  const lines =
    asked.length === 1
      ? CAPABILITIES[asked[0]]
      : (asked.length > 0 ? asked : CAPABILITY_NAMES).flatMap(name => [
          `${name}:`,
          ...CAPABILITIES[name].map(line => `  ${line}`),
        ]);
  stdout.write(`${lines.join('\n')}\n`);
  return EXIT.done;
}
