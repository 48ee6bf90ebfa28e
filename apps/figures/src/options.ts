import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chosen, wholeNumber } from '@police/common/options';
import { figures as allFigures } from './figures/index.js';
import type { RunOptions } from './run.js';
import { type ScaleName, scales } from './settings.js';

const HELP = `npm run figures -- [options]

The paper's figures and some that it could not draw, from networks trained here (TensorFlow.js wasm): PNG, SVG, and a
line of JSON for each network.

  --figures A,B   of
${allFigures.map(({ name, summary }) => `                    ${name.padEnd(16)}${summary}`).join('\n')}
  --scale NAME    of ${Object.keys(scales).join(', ')}: see apps/figures/README.md for times  (default full)
  --quick         --scale quick
  --seed N        of weights, batches and noise  (default 1)
  --out DIR       where pictures go              (default ${join('out', 'figures')})
  --cache DIR     where finished trainings are kept and looked for  (default ${join('out', 'figures', 'cache')})
  --help

Ctrl-C loses the training that runs; the same command does the rest.
`;

/** What the command line asks for, or a text to print instead. Throws for what it cannot mean. */
export function readOptions(args: readonly string[]): RunOptions | { readonly help: string } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      figures: { type: 'string' },
      scale: { type: 'string' },
      quick: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: join('out', 'figures') },
      cache: { type: 'string', default: join('out', 'figures', 'cache') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { help: HELP };
  const { out, cache, quick } = values;
  if (quick && values.scale !== undefined)
    throw new Error('--quick is a scale of its own: leave out --scale.');
  const scale = values.scale ?? (quick ? 'quick' : 'full');
  const names = Object.keys(scales);
  if (!names.includes(scale))
    throw new Error(`--scale: expected one of ${names.join(', ')}, got '${scale}'.`);
  return {
    figures: chosen('--figures', values.figures, allFigures),
    scale: scales[scale as ScaleName],
    seed: wholeNumber('--seed', values.seed, 0),
    out,
    cache,
  };
}
