// Every link of the built site: that its page is there, and the heading; of pictures, the file; of the repository on the web, the path.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './pages.mjs';

const site = fileURLToPath(new URL('dist', import.meta.url));
const base = process.env.DOCS_BASE ?? '/';
const { homepage } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const pages = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter(name => /\.html$/.test(name));
const texts = new Map(
  pages.map(name => [name.replaceAll('\\', '/'), readFileSync(`${site}/${name}`, 'utf8')]),
);
const anchors = new Map(Array.from(texts, ([name, html]) => [name, new Set(attributes(html, 'id'))]));

const broken = [];
let count = 0;
for (const [name, html] of texts) {
  if (name === '404.html') continue;
  for (const target of new Set([...attributes(html, 'href'), ...attributes(html, 'src')])) {
    count++;
    const flaw = flawOf(target, name);
    if (flaw) broken.push(`${name}: ${target}: ${flaw}`);
  }
}
process.stdout.write(`${count} links on ${texts.size} pages, ${broken.length} of them broken\n`);
if (broken.length > 0) throw new Error(broken.join('\n'));

function flawOf(target, from) {
  if (target.startsWith(`${homepage}/blob/main/`)) {
    const path = target.slice(`${homepage}/blob/main/`.length).split('#')[0];
    return existsSync(root + path) ? undefined : 'not in the repository';
  }
  if (/^(https?:|mailto:|data:)/.test(target)) return undefined;
  const [path, hash] = target.split('#');
  const file =
    path === ''
      ? from
      : decodeURIComponent(
          path.startsWith('/') ? path.slice(base.length) : posix.join(posix.dirname(from), path),
        );
  const page = file === '' || file.endsWith('/') ? `${file}index.html` : file;
  if (!existsSync(`${site}/${page}`)) return 'no such file';
  return hash && !anchors.get(page)?.has(decodeURIComponent(hash)) ? 'no such heading' : undefined;
}

/** Values of an attribute in HTML as VitePress writes it: in double quotes. */
function attributes(html, name) {
  const values = Array.from(html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'g')), match => match[1]);
  return values.map(value =>
    value.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'"),
  );
}
