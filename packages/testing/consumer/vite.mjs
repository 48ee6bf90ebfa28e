import { closeBrowser, titleOf } from './browser.mjs';
import { project, run } from './pack.mjs';
import { blocksOf, installedBy } from './readme.mjs';

/** As `npm create vite` writes it for TypeScript. */
const TSCONFIG = {
  compilerOptions: {
    target: 'ES2022',
    module: 'ESNext',
    lib: ['ES2022', 'DOM', 'DOM.Iterable'],
    types: ['vite/client'],
    skipLibCheck: true,
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    moduleDetection: 'force',
    noEmit: true,
    strict: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    erasableSyntaxOnly: true,
    noFallthroughCasesInSwitch: true,
    noUncheckedSideEffectImports: true,
  },
  include: ['src'],
};

const TELL = `
document.title = tf.getBackend() + (plain.layers.length === 3 && maps[0].b.every(Number.isFinite) ? ' a map' : ' no map');
`;

/** The README's example and its lines for Vite, in a strict app: type-checked, built, opened in Chromium under a strict policy. */
export async function checkVite(install) {
  const [example] = blocksOf('packages/tfjs', 'ts');
  const [paths] = blocksOf('packages/tfjs', 'js');
  const folder = project('vite', {
    'package.json': { private: true, type: 'module' },
    'index.html': '<!doctype html><title>waiting</title><script type="module" src="/src/main.ts"></script>',
    'src/paths.ts': paths,
    'src/main.ts': `import './paths';\n${example}${TELL}`,
    'tsconfig.json': TSCONFIG,
  });
  install(folder, [...installedBy('packages/tfjs'), 'vite@8.3.8', 'typescript@7']);
  run('npx', ['tsc'], { cwd: folder });
  run('npx', ['vite', 'build', '--logLevel', 'warn'], { cwd: folder });
  const title = await titleOf(`${folder}/dist`);
  await closeBrowser();
  if (title !== 'wasm a map') throw new Error(`the Vite app's title is '${title}'`);
  process.stdout.write('the Vite app of the README type-checks, builds and runs in Chromium\n');
}
