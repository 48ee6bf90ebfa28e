import { readFileSync } from 'node:fs';
import { root } from './pack.mjs';

/** Blocks of a language in a package's README, in order. */
export function blocksOf(directory, language) {
  const text = readFileSync(`${root}/${directory}/README.md`, 'utf8');
  return Array.from(
    text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g')),
    match => match[1],
  );
}

/** The packages that a README says to install. */
export function installedBy(directory) {
  const line = blocksOf(directory, 'sh')
    .join('\n')
    .split('\n')
    .find(text => /^npm (i|install) /.test(text));
  return line.split(' ').slice(2);
}

/** The same statements for a CommonJS file: imports become requires, and what awaits is in a function. */
export function asCommonJs(code) {
  const lines = code.split('\n');
  const isImport = line => line.startsWith('import ');
  const requires = lines.filter(isImport).map(line =>
    line
      .replace(/^import ('[^']+');/, 'require($1);')
      .replace(/^import \* as (\w+) from ('[^']+');/, 'const $1 = require($2);')
      .replace(/^import (\{.*\}) from ('[^']+');/, 'const $1 = require($2);'),
  );
  const rest = lines.filter(line => !isImport(line));
  return `${requires.join('\n')}\n(async () => {\n${rest.join('\n')}\n})();\n`;
}
