import { defineConfig } from 'vitest/config';

const conditions = ['@police/source', 'module', 'node', 'import', 'default'];

export default defineConfig({
  // Tests import the packages' TypeScript sources, so nothing need be built first.
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts'],
    setupFiles: ['./vitest.setup.ts'],
    testTimeout: 60_000,
  },
});
