import { runProgram } from '@police/common/program';
import { progressBar } from '@police/common/progress';
import { useWasm } from '@police/common/wasm';
import { register } from '@police/tfjs-wasm-training';
import { readOptions } from './options.js';
import { type Progress, run } from './run.js';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if ('help' in options) {
    process.stdout.write(options.help);
    return;
  }
  register();
  await useWasm();
  const bar = progressBar('{bar} {percentage}% | {what} | {eta_formatted} left', { etaBuffer: 200 });
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

await runProgram(main);
