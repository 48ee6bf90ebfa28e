import { copyFileSync, readFileSync } from 'node:fs';
import { checkPage, closeBrowser } from './browser.mjs';
import { project, run } from './pack.mjs';

const HTML = '<!doctype html><title>page</title><script type="module" src="./page.js"></script>';

const ENTRIES = [
  'brainjs',
  'core',
  'jax',
  'onnx-export',
  'onnx-import',
  'synaptic',
  'tfjs',
  'tfjs-wasm-training',
  'vnnlib',
];
const FRAMEWORKS = [
  '@jax-js/jax@0.1.25',
  'brain.js@2.0.0-beta.24',
  'synaptic@1.1.4',
  ...['core', 'layers', 'backend-cpu', 'backend-wasm'].map(name => `@tensorflow/tfjs-${name}@4.22.0`),
];

/** Each is called as its own manual says for a page, and nothing is set for our sake. */
const BUNDLERS = {
  esbuild: {
    packages: ['esbuild@0.28.2'],
    build: ['esbuild', 'page.js', '--bundle', '--format=esm', '--minify', '--outfile=esbuild/page.js'],
  },
  webpack: {
    packages: ['webpack@5', 'webpack-cli'],
    build: [
      'webpack',
      '--mode',
      'production',
      '--entry',
      './page.js',
      '-o',
      'webpack',
      '--output-filename',
      'page.js',
    ],
  },
  rollup: {
    packages: ['rollup@4', '@rollup/plugin-node-resolve', '@rollup/plugin-commonjs'],
    build: [
      'rollup',
      'page.js',
      '-p',
      'node-resolve={browser:true}',
      '-p',
      'commonjs',
      '-f',
      'es',
      '-o',
      'rollup/page.js',
      '--inlineDynamicImports',
    ],
  },
  parcel: {
    // TensorFlow.js speaks of `process`, for which Parcel asks for this package.
    packages: ['parcel@2.16.4', 'process@0.11.10'],
    build: ['parcel', 'build', 'index.html', '--dist-dir', 'parcel', '--no-cache', '--no-source-maps'],
  },
  next: {
    // The page is the same, imported where a page that is drawn on the server first may: in an effect.
    packages: ['next@16', 'react@19', 'react-dom@19'],
    build: ['next', 'build'],
    files: {
      'next.config.mjs': "export default { output: 'export', distDir: 'next' };\n",
      'app/layout.js':
        'export default function Layout({ children }) {\n  return <html lang="en"><body>{children}</body></html>;\n}\n',
      'app/page.js':
        "'use client';\nimport { useEffect } from 'react';\nexport default function Page() {\n  useEffect(() => void import('../page.js'), []);\n  return <p>page</p>;\n}\n",
    },
  },
  vite: {
    packages: ['vite@8.3.8'],
    build: ['vite', 'build', '--outDir', 'vite', '--logLevel', 'warn'],
  },
};

/** Which put a file that `new URL(…, import.meta.url)` names beside what they write. */
const CARRY_FILES = new Set(['webpack', 'parcel', 'next', 'vite']);

/** Which write a page of their own. */
const WRITE_HTML = new Set(['parcel', 'next', 'vite']);

/** Builds the page of page.js with each bundler, or those of ONLY=a,b, and runs it in Chromium. */
export async function checkBundlers(install) {
  const names = process.env.ONLY?.split(',') ?? Object.keys(BUNDLERS);
  const folder = project('bundlers', {
    'package.json': { private: true, browserslist: 'last 2 chrome versions' },
    'page.js': readFileSync(new URL('page.js', import.meta.url), 'utf8'),
    'worker.js': readFileSync(new URL('worker.js', import.meta.url), 'utf8'),
    'index.html': HTML,
    ...Object.assign({}, ...names.map(name => BUNDLERS[name].files)),
  });
  install(folder, [
    ...ENTRIES.map(name => `@police/${name}`),
    ...FRAMEWORKS,
    ...names.flatMap(name => BUNDLERS[name].packages),
  ]);
  const failed = [];
  for (const name of names) {
    try {
      run('npx', BUNDLERS[name].build, {
        cwd: folder,
        env: { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
      });
      const out = `${folder}/${name}`;
      if (!WRITE_HTML.has(name)) copyFileSync(`${folder}/index.html`, `${out}/index.html`);
      await checkPage(out, name, {
        doors: 'ok',
        roundTrip: 'ok',
        training: 'ok',
        jax: 'ok',
        programs: CARRY_FILES.has(name) ? 'ok' : 'not-loaded',
        ...(CARRY_FILES.has(name) ? { worker: 'ok' } : {}),
        wasm: 'not-loaded', // its paths are not set: tfjs' README says how
      });
      process.stdout.write(`${name} builds every entry, and the page runs in Chromium\n`);
    } catch (error) {
      failed.push(`${name}: ${error.message}`);
    }
  }
  await closeBrowser();
  if (failed.length > 0) throw new Error(failed.join('\n\n'));
}
