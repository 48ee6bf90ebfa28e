import { defineConfig } from 'vitepress';
import { extend } from '../markdown.mjs';
import { pageOf, root, sidebar } from '../pages.mjs';

/** A bend, and a straight line where it was. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 13 5 10 11 6 15 2" fill="none" stroke="#3451b2" stroke-width="2"/><circle cx="8" cy="8" r="4" fill="none" stroke="#d9730d"/></svg>';

export default defineConfig({
  title: 'POLICE for JavaScript',
  description: 'Neural networks that are exactly affine on the regions you name, with a proof.',
  lang: 'en',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
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
