import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

/** What results depend on beside the code. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  readonly packages: Readonly<Record<string, string>>;
}

const PACKAGES = [
  '@police/core',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-cpu',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-webgl',
  '@tensorflow/tfjs-backend-webgpu',
  '@jax-js/jax',
  'brain.js',
  'synaptic',
  'onnxruntime-web',
];

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    packages: Object.fromEntries(PACKAGES.map(name => [name, versionOf(name)])),
  };
}

/** Times can be compared between these; ratios always can. */
export const isSameMachine = (a: Machine, b: Machine): boolean =>
  a.cpu === b.cpu && a.cores === b.cores && a.node === b.node;

/** From the nearest package.json above the package's entry: many do not export theirs. */
function versionOf(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  while (dirname(folder) !== folder) {
    const found = manifestIn(folder);
    if (found?.name === name && found.version) return found.version;
    folder = dirname(folder);
  }
  return 'unknown';
}

function manifestIn(folder: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
