// What the site's Markdown has beyond VitePress': links between files of the repository lead to their pages, and ```math is set.
import { readFileSync } from 'node:fs';
import { posix, relative } from 'node:path';
import temml from 'temml';
import { addressOf, root } from './pages.mjs';

const { homepage } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

export function extend(md) {
  md.core.ruler.push('repository_links', ({ tokens, env }) => {
    if (!env.path) return; // a title, of which VitePress reads the words alone
    const file = relative(root, env.realPath ?? env.path).replaceAll('\\', '/');
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type === 'link_open') token.attrSet('href', resolved(token.attrGet('href'), file));
    }
  });
  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (tokens, i, ...rest) =>
    tokens[i].info.trim() === 'math' ? equation(tokens[i].content) : fence(tokens, i, ...rest);
}

/** A link as its file has it, as the site needs it; throws where nothing is there. */
function resolved(href, file) {
  if (/^([a-z]+:|#|\/)/.test(href)) return href;
  const [path, hash] = href.split('#');
  const target = posix.join(posix.dirname(file), decodeURIComponent(path));
  const address = addressOf(target, homepage);
  if (!address) throw new Error(`${file} links to ${href}, which is not there`);
  return hash ? `${address}#${hash}` : address;
}

function equation(tex) {
  return `<div class="equation" v-pre>${temml.renderToString(tex, { displayMode: true, throwOnError: true })}</div>\n`;
}
