import { readFileSync } from 'node:fs';
import { project, run } from './pack.mjs';

/** The lowest compiler that READMEs promise, the lowest for CommonJS (which may require modules from there on), today's. */
const COMPILERS = { lowest: '5.7', commonjs: '5.8', today: '7' };

const OPTIONS = {
  target: 'ES2022',
  lib: ['ES2022', 'DOM'],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
};
const node = { ...OPTIONS, module: 'NodeNext', moduleResolution: 'NodeNext' };

/** Type-checks a strict project, declarations of dependencies included, with each compiler and both kinds of module. */
export function checkTypes(install) {
  const source = readFileSync(new URL('stranger.mts', import.meta.url), 'utf8');
  const folder = project('types', {
    'package.json': { private: true },
    'module.mts': source,
    'commonjs.cts': source,
    'bundled.ts': source,
    'tsconfig.module.json': { compilerOptions: node, files: ['module.mts'] },
    'tsconfig.commonjs.json': { compilerOptions: node, files: ['commonjs.cts'] },
    'tsconfig.bundled.json': {
      compilerOptions: { ...OPTIONS, module: 'ESNext', moduleResolution: 'Bundler' },
      files: ['bundled.ts'],
    },
  });
  install(folder, [
    '@police/core',
    '@police/onnx-export',
    '@police/onnx-import',
    '@police/vnnlib',
    ...Object.entries(COMPILERS).map(([name, version]) => `typescript-${name}@npm:typescript@${version}`),
  ]);
  const projects = {
    lowest: ['module', 'bundled'],
    commonjs: ['commonjs'],
    today: ['module', 'commonjs', 'bundled'],
  };
  for (const [compiler, kinds] of Object.entries(projects)) {
    for (const kind of kinds) {
      run('node', [`node_modules/typescript-${compiler}/bin/tsc`, '-p', `tsconfig.${kind}.json`], {
        cwd: folder,
      });
      process.stdout.write(`TypeScript ${COMPILERS[compiler]} accepts ${kind}\n`);
    }
  }
}
