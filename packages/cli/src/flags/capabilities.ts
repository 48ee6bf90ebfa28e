import { CAPABILITY_NAMES, capabilitiesCommand } from '../commands/capabilities.js';
import type { Declaring } from './declaring.js';

/** `police capabilities`. */
export function declareCapabilities(declaring: Declaring): void {
  const { program, terminal, finish } = declaring;
  const capabilities = program
    .command('capabilities')
    .copyInheritedSettings(program)
    .description('What queries and models can be decided, as the VNN-LIB standard asks solvers for it.')
    .alias('supports');
  for (const name of CAPABILITY_NAMES) capabilities.option(`--${name}`, 'print this alone');
  capabilities.action((options: Record<string, unknown>) => finish(capabilitiesCommand(options, terminal)));
}
