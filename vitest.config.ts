import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** Tests import the packages' TypeScript sources, so nothing need be built first. */
const conditions = ['@police/source', 'module', 'import', 'default'];

const BROWSER_ONLY = 'packages/*/test/**/*.browser.test.ts';

/** Too slow and too heavy for an emulated device to be part of every run, which has a few cases of each: `npm run test:webgpu`. */
const ON_REQUEST = 'packages/tfjs/test/webgpu/*.browser.test.ts';
const isRequested = process.env.WEBGPU_CONFORMANCE === '1';

// Generated cases are new in every run, except in CI, where a change is to be judged by itself: FC_SEED, or a fixed one.
const { FC_SEED = process.env.CI ? '1' : undefined } = process.env;
const seed = FC_SEED === undefined ? undefined : Number(FC_SEED);

const node: TestProjectInlineConfiguration = {
  resolve: { conditions: ['node', ...conditions] },
  ssr: { resolve: { conditions: ['node', ...conditions] } },
  test: {
    name: 'node',
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts'],
    exclude: [BROWSER_ONLY],
    setupFiles: ['./vitest.setup.ts'],
    provide: { seed },
    testTimeout: 60_000,
  },
};

const chromium = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** WebGL and WebGPU without a GPU: SwiftShader, which Chromium does not use unasked. */
const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--no-first-run',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
];

/** The adapter's laws on the GPU backends of TensorFlow.js. */
const browser: TestProjectInlineConfiguration = {
  resolve: { conditions: ['browser', ...conditions] },
  test: {
    name: 'browser',
    include: isRequested
      ? [ON_REQUEST]
      : ['packages/tfjs/test/{conformance,laws,graph,errors,patch,fade}.test.ts', BROWSER_ONLY],
    exclude: isRequested ? [] : [ON_REQUEST],
    setupFiles: ['./vitest.setup.ts'],
    provide: { seed },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath: chromium, args: CHROMIUM_ARGUMENTS } }),
      instances: [{ browser: 'chromium' }],
      api: { host: '127.0.0.1' },
    },
  },
};

export default defineConfig({
  test: {
    projects: [node, ...(hasChromium() ? [browser] : [])],
    // One for each core: by default one core is left idle, which on two is half of them.
    maxWorkers: availableParallelism(),
  },
});

function hasChromium(): boolean {
  if (existsSync(chromium)) return true;
  const message = `The tests in a browser need Chromium, and ${chromium} does not exist: install it, or name one in CHROMIUM_PATH.`;
  if (process.env.CI) throw new Error(message);
  console.warn(`${message} They are left out.`);
  return false;
}
