// Which Markdown files of the repository are pages of the site, and where. No text has a second copy: the site shows the files themselves.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Files of the repository, and the pages that they become. `$1` is what the parentheses hold. */
const RULES = [
  [/^apps\/docs\/pages\/(.+)\.md$/, '$1.md'],
  [/^docs\/(.+)\.md$/, '$1.md'],
  [/^packages\/([^/]+)\/README\.md$/, 'packages/$1.md'],
  [/^packages\/([^/]+)\/CHANGELOG\.md$/, 'changes/$1.md'],
  [/^apps\/bench\/README\.md$/, 'benchmarks/run.md'],
  [/^apps\/bench\/RESULTS\.md$/, 'benchmarks/cost.md'],
  [/^apps\/bench\/QUALITY\.md$/, 'benchmarks/quality.md'],
  [/^apps\/(docs|figures|playground|demo)\/README\.md$/, 'apps/$1.md'],
  [/^CONTRIBUTING\.md$/, 'contributing.md'],
  [/^apps\/docs\/out\/api\/@police\/([^/]+)(?:\/README)?\.md$/, 'api/$1.md'],
  [/^apps\/docs\/out\/api\/@police\/([^/]+)\/(?:namespaces\/)?([^/]+)\.md$/, 'api/$1-$2.md'],
];

/** The page that a file is, or undefined. */
export function pageOf(file) {
  const rule = RULES.find(([pattern]) => pattern.test(file));
  return rule && file.replace(rule[0], rule[1]);
}

/** Where a link to a file or folder of the repository leads, or undefined where there is none such. */
export function addressOf(target, homepage) {
  const path = target.replace(/\/$/, '');
  if (path === 'README.md' || path === '') return '/';
  if (!existsSync(root + path)) return undefined;
  const file = [path, `${path}/README.md`].find(each => pageOf(each) && existsSync(root + each));
  return file ? `/${pageOf(file)}` : `${homepage}/blob/main/${path}`;
}

/** The sidebar: what is not written yet is left out, and what stands in docs/ but not here comes at the end of the guides. */
const SECTIONS = [
  ['Start', ['start', 'start/tfjs', 'start/brainjs', 'start/synaptic', 'start/onnx', 'start/core'].map(docs)],
  [
    'Guides',
    [
      'which-way',
      'command',
      'guides/physics-prior',
      'guides/robust-classification',
      'demands',
      'guides/repair',
      'guides/implicit-shape',
      'least-harm',
      'scaling',
    ].map(docs),
  ],
  ['To understand', ['paper', 'regions', 'float32', 'operators', 'models', 'faq', 'glossary'].map(docs)],
  [
    'Measured',
    [
      docs('benchmarks'),
      'apps/bench/RESULTS.md',
      'apps/bench/QUALITY.md',
      'apps/bench/README.md',
      docs('first-minutes'),
    ],
  ],
  ['Packages', folders('packages').map(name => `packages/${name}/README.md`)],
  ['Changes', folders('packages').map(name => `packages/${name}/CHANGELOG.md`)],
  ['API', apiPages()],
  [
    'Besides',
    [
      'apps/playground/README.md',
      'apps/figures/README.md',
      'apps/demo/README.md',
      'apps/docs/README.md',
      'CONTRIBUTING.md',
    ],
  ],
];

function docs(name) {
  return `docs/${name}.md`;
}

function folders(within) {
  return readdirSync(root + within).filter(name => existsSync(`${root}${within}/${name}/README.md`));
}

function apiPages() {
  const out = 'apps/docs/out/api/@police';
  if (!existsSync(root + out)) return [];
  const files = readdirSync(root + out, { recursive: true, encoding: 'utf8' });
  return files.filter(name => name.endsWith('.md')).map(name => `${out}/${name}`);
}

export function sidebar() {
  const listed = new Set(SECTIONS.flatMap(([, files]) => files));
  const others = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .map(name => `docs/${name}`)
    .filter(name => name.endsWith('.md') && !listed.has(name));
  const sections = SECTIONS.map(([text, files]) => ({
    text,
    collapsed: ['Packages', 'Changes', 'API'].includes(text),
    items: [...files, ...(text === 'Guides' ? others : [])]
      .filter(file => existsSync(root + file))
      .map(file => ({ text: titleOf(file), link: `/${pageOf(file)}` }))
      .sort(text === 'API' ? (a, b) => a.text.localeCompare(b.text) : () => 0),
  }));
  return sections.filter(({ items }) => items.length > 0);
}

/** The first heading of a file. */
function titleOf(file) {
  return /^# (.+)$/m.exec(readFileSync(root + file, 'utf8'))[1].replace(/^@police\//, '');
}
