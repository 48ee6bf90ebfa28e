import type { EnforceOptions } from '../enforce-options.js';
import { enforceCommand } from './enforce.js';
import { patchCommand } from './patch.js';

/** The command of a method of keeping the promise. */
export function enforceBy(method: EnforceOptions['method']): typeof enforceCommand {
  return method === 'patch' ? patchCommand : enforceCommand;
}
