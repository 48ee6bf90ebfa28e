// Makes the links of packages' READMEs absolute, for pages of a registry that do not know the repository: part of `npm run release`, in the
// clone that is published from. `--check` writes nothing and fails where a link is still relative.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publishedPackages } from './manifests.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A link or picture of Markdown that leads to a file, not to a place of the same page. */
const RELATIVE = /\]\((?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?\)/g;

/** Text of a README in `directory` with absolute links; throws where one leads to nothing. */
export function withAbsoluteLinks(text, directory, homepage) {
  return text.replace(RELATIVE, (_, path, hash = '') => {
    const target = posix.join(directory, path);
    if (!existsSync(`${root}/${target}`))
      throw new Error(`${directory}/README.md links to ${path}, which is not there`);
    return `](${homepage}/blob/main/${target}${hash})`;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { homepage } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  for (const { folder } of publishedPackages()) {
    const file = `${root}/packages/${folder}/README.md`;
    const text = readFileSync(file, 'utf8');
    const wanted = withAbsoluteLinks(text, `packages/${folder}`, homepage);
    if (process.argv.includes('--check')) {
      if (wanted !== text) throw new Error(`packages/${folder}/README.md has relative links`);
    } else writeFileSync(file, wanted);
  }
}
