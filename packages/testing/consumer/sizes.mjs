// What one function of each package weighs in a page, and what it may: `npm run sizes`. Frameworks, which are peers, are not counted.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { root } from './pack.mjs';

/** kB (1000 bytes) after gzip. */
const BUDGETS = [
  { name: 'box', from: 'core', most: 8 },
  { name: 'enforce', from: 'core', most: 15 },
  { name: 'readModel', from: 'onnx-import/lean', most: 41 },
  { name: 'readModel', from: 'onnx-import', most: 48 },
  { name: 'exportOnnx', from: 'onnx-export', most: 35 },
  { name: 'constrain', from: 'tfjs', most: 53 },
  { name: 'police', from: 'jax', most: 71 },
  { name: 'parse', from: 'vnnlib', most: 10 },
  { name: 'decode', from: 'onnx-proto', most: 4 },
];

const FRAMEWORKS = ['@jax-js/*', '@tensorflow/*', 'brain.js', 'synaptic'];

async function kilobytesOf({ name, from }) {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${name} } from '@police/${from}';`, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    external: FRAMEWORKS,
    logLevel: 'error',
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length / 1000;
}

for (const budget of BUDGETS) {
  const size = await kilobytesOf(budget);
  const isOver = size > budget.most;
  process.stdout.write(
    `${budget.name.padEnd(11)} @police/${budget.from.padEnd(16)} ${size.toFixed(1).padStart(6)} of ${budget.most} kB${isOver ? '  over' : ''}\n`,
  );
  if (isOver) process.exitCode = 1;
}
