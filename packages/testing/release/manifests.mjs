// What every published package says alike, written into each from one place: `npm run manifests`. After a change of version it also
// renews the constants that tell it; `--check` writes nothing and fails where something differs.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const KEYWORDS = [
  'police',
  'neural-network',
  'affine',
  'constraint',
  'verification',
  'certificate',
  'robustness',
];

/** What else people look for a package by. */
const KEYWORDS_OF = {
  brainjs: ['brain.js'],
  cli: ['onnx', 'vnnlib', 'cli'],
  core: ['relu', 'polytope', 'physics-informed'],
  'onnx-export': ['onnx'],
  'onnx-import': ['onnx'],
  'onnx-proto': ['onnx', 'protobuf'],
  jax: ['jax', 'jax-js', 'webgpu'],
  synaptic: ['synaptic'],
  tfjs: ['tensorflow.js', 'tfjs'],
  'tfjs-wasm-training': ['tensorflow.js', 'tfjs', 'webassembly', 'training'],
  vnnlib: ['vnnlib', 'vnn-lib', 'parser', 'smt-lib'],
};

/** `{ folder, manifest }` of every package that is published. */
export function publishedPackages() {
  return readdirSync(`${root}/packages`).flatMap(folder => {
    const path = `${root}/packages/${folder}/package.json`;
    if (!existsSync(path)) return [];
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    return manifest.private ? [] : [{ folder, manifest }];
  });
}

/** Every file that is written, by path, with what it should hold. */
export function wantedFiles() {
  const { license, engines, repository, homepage, bugs } = JSON.parse(
    readFileSync(`${root}/package.json`, 'utf8'),
  );
  const files = new Map();
  for (const { folder, manifest } of publishedPackages()) {
    const directory = `packages/${folder}`;
    const { name, version, description, keywords, ...rest } = manifest;
    const own = {
      name,
      version,
      description,
      keywords: [...KEYWORDS, ...KEYWORDS_OF[folder]],
      ...rest,
      files: ['CHANGELOG.md', ...rest.files.filter(name => name !== 'CHANGELOG.md')],
      license,
      engines,
      homepage: `${homepage}/tree/main/${directory}#readme`,
      bugs,
      repository: { ...repository, directory },
      publishConfig: { access: 'public' },
    };
    files.set(`${directory}/package.json`, `${JSON.stringify(own, null, 2)}\n`);
    files.set(`${directory}/LICENSE`, readFileSync(`${root}/LICENSE`, 'utf8'));
    if (existsSync(`${root}/${directory}/src/version.ts`))
      files.set(`${directory}/src/version.ts`, versionModule(version));
  }
  return files;
}

/** A constant, since bundlers differ in how they read package.json. */
const versionModule = version =>
  `/** This package's version, written by \`npm run manifests\`. */\nexport const version: string = '${version}';\n`;

/** Paths of the files that hold something else. */
export function outdatedFiles() {
  return Array.from(wantedFiles()).flatMap(([path, text]) =>
    existsSync(`${root}/${path}`) && readFileSync(`${root}/${path}`, 'utf8') === text ? [] : [path],
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outdated = outdatedFiles();
  if (process.argv.includes('--check')) {
    for (const path of outdated) process.stderr.write(`${path} is not what npm run manifests writes\n`);
    process.exitCode = outdated.length > 0 ? 1 : 0;
  } else {
    const files = wantedFiles();
    for (const path of outdated) writeFileSync(`${root}/${path}`, files.get(path));
    process.stdout.write(`${outdated.length} files written\n`);
  }
}
