import { defineConfig } from 'vite';

export default defineConfig({
  // Any folder of any server, and no server but for files.
  base: './',
  // The packages' TypeScript sources, so nothing need be built first.
  resolve: { conditions: ['@police/source', 'module', 'browser', 'import', 'default'] },
  worker: { format: 'es' },
  server: { host: '127.0.0.1' },
  preview: { host: '127.0.0.1' },
  build: { target: 'es2022', assetsInlineLimit: 0 },
});
