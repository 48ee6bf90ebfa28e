import { defineConfig } from 'vitepress';
import { extend } from '../markdown.mjs';
import { pageOf, root, sidebar } from '../pages.mjs';

export default defineConfig({
  title: 'POLICE for JavaScript',
  description: 'Neural networks that are exactly affine on the regions you name, with a proof.',
  lang: 'en',
  base: process.env.DOCS_BASE ?? '/',
  srcDir: root,
  srcExclude: [
    '.changeset/**',
    '.github/**',
    'out/**',
    'packages/testing/**',
    'README.md',
    'CODE_OF_CONDUCT.md',
    'apps/docs/out/api/README.md',
  ],
  rewrites: file => pageOf(file) ?? file,
  outDir: './dist',
  cacheDir: './out/cache',
  markdown: { config: extend, attrs: { disable: true }, languageAlias: { lisp: 'scheme' } },
  vite: { publicDir: false },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start.md' },
      { text: 'Which way?', link: '/which-way.md' },
      { text: 'The paper', link: '/paper.md' },
      { text: 'API', link: '/api/core.md' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
  },
});
