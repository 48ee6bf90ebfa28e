import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'rolldown';

export interface Outcome {
  /** Of the spec with its suites; the second of the same name ends in (2). */
  name: string;
  status: 'passed' | 'failed' | 'pending';
  messages: string[];
}

export type Contender = 'cpu' | 'wasm' | 'registered';

/** The outcomes of the specs that `@tensorflow/tfjs-core` ships, for each contender in a process of its own. */
export async function runSpecs(contenders: readonly Contender[]): Promise<Record<Contender, Outcome[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'tfjs-specs-'));
  try {
    const bundle = join(folder, 'specs.mjs');
    await bundleSpecs(bundle);
    const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
    const outcomes = await Promise.all(
      contenders.map(async contender => {
        const file = join(folder, `${contender}.json`);
        await promisify(execFile)(process.execPath, [bundle, contender, `${wasm}/`, file], {
          maxBuffer: 1 << 28,
        });
        return [contender, JSON.parse(await readFile(file, 'utf8'))];
      }),
    );
    return Object.fromEntries(outcomes);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The specs import each other as a bundler resolves them, and this package's source is TypeScript. */
const bundleSpecs = (file: string) =>
  build({
    input: fileURLToPath(new URL('specs.mjs', import.meta.url)),
    platform: 'node',
    treeshake: false, // specs, kernels and gradients are side effects
    resolve: {
      mainFields: ['module', 'main'],
      conditionNames: ['@police/source', 'import', 'node', 'default'],
    },
    logLevel: 'warn',
    output: {
      file,
      format: 'esm',
      codeSplitting: false,
      // Emscripten's loader asks where it lies.
      banner: 'const __filename = import.meta.filename, __dirname = import.meta.dirname;',
    },
  });
