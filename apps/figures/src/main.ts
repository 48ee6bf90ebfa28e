import '@tensorflow/tfjs-backend-wasm';
import { register } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import cliProgress from 'cli-progress';
import { readOptions } from './options.js';
import { type Progress, run } from './run.js';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if ('help' in options) {
    process.stdout.write(options.help);
    return;
  }
  register();
  if (!(await tf.setBackend('wasm'))) throw new Error('The wasm backend did not start.');
  const bar = new cliProgress.SingleBar(
    {
      format: '{bar} {percentage}% | {what} | {eta_formatted} left',
      noTTYOutput: true,
      notTTYSchedule: 15_000,
      etaBuffer: 200,
    },
    cliProgress.Presets.shades_classic,
  );
  const pictures: string[] = [];
  const progress: Progress = {
    start: work => bar.start(work, 0, { what: '' }),
    training: what => bar.update({ what }),
    work: done => bar.increment(done),
    picture: file => pictures.push(file),
  };
  try {
    await run(options, progress);
  } finally {
    bar.stop();
  }
  process.stdout.write(`${pictures.join('\n')}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
