// Puts HiGHS beside the loader that was compiled, as every bundler can build it for browsers: upstream's module imports `node:module`,
// which webpack and esbuild refuse there, and finds its WebAssembly by an address that only holds in its own folder.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const UPSTREAM_REQUIRE =
  'const{createRequire}=await import("node:module");var require=createRequire(import.meta.url)';
const EXPORT = 'export default Module;';

const wasm = createRequire(import.meta.url).resolve('highs/runtime');
const build = dirname(wasm);
const target = fileURLToPath(new URL('dist/regions/programs/', import.meta.url));
const license = readFileSync(`${build}/../LICENSE`, 'utf8').trim();

const loader = [
  [UPSTREAM_REQUIRE, 'var require=globalThis.process.getBuiltinModule'],
  [EXPORT, 'export { Module as loadHighs };'],
]
  .reduce(replaceOnce, readFileSync(`${build}/highs.mjs`, 'utf8'))
  // A bare one makes Parcel look for a polyfill.
  .replaceAll(/(?<![.\w$])process\./g, 'globalThis.process.');

writeFileSync(`${target}highs-loader.js`, `/*! HiGHS for JavaScript.\n${license}\n*/\n${loader}`);
copyFileSync(wasm, `${target}highs.wasm`);

function replaceOnce(text, [from, to]) {
  if (text.split(from).length === 2) return text.replace(from, () => to);
  throw new Error(`highs.mjs has not exactly one '${from}': look what its new version does instead`);
}
