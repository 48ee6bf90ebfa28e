// docs/operators.md from the readers' sources: npm run docs:operators
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Sources } from './sources.mjs';

const folder = fileURLToPath(new URL('../src/operators/', import.meta.url));
const page = fileURLToPath(new URL('../../../docs/operators.md', import.meta.url));

/** Where readers are listed: those that are always there, then the families. */
const LISTS = ['table', 'smooth', 'resize', 'quantization'];

/** `[operator, the file that lists it, what it says its reader is]`, by name. */
function entries() {
  const found = LISTS.flatMap(list =>
    [...textOf(list).matchAll(/^ {2,4}\['(\w+)', (.+)\],$/gm)].map(([, name, reader]) => [
      name,
      list,
      reader,
    ]),
  );
  return found.sort(([a], [b]) => (a < b ? -1 : 1));
}

const textOf = name => readFileSync(`${folder}${name}.ts`, 'utf8');

/** The texts that an entry's reader consists of; one made by a call, `constants.foldedBy(Math.ceil)`, starts from what is called. */
function textsOf(sources, list, reader) {
  const [name] = reader.split('(');
  const [object, property] = name.split('.');
  const module = /^import \* as (\w+) from '\.\/([\w-]+)\.js';/gm;
  const modules = new Map([...textOf(list).matchAll(module)].map(([, as, file]) => [as, file]));
  if (property) return sources.reached(`${folder}${modules.get(object)}.ts`, property, folder);
  const named = new RegExp(`^import \\{[^}]*\\b${name}\\b[^}]*\\} from '\\./([\\w-]+)\\.js';`, 'm');
  const [, file = list] = named.exec(textOf(list)) ?? [];
  return sources.reached(`${folder}${file}.ts`, name, folder);
}

const unique = values => [...new Set(values)];
const code = text => `\`${text}\``;

function attributesOf(texts) {
  const read = texts.flatMap(text => [
    ...text.matchAll(
      /\battributes\s*\.(int|ints|float|floats|string|tensor)\(\s*'(\w+)'(?:,\s*([^()]*(?:\([^()]*\))?))?\)/g,
    ),
  ]);
  const withDefaults = read.map(([, type, name, fallback]) => {
    const standard = fallback?.trim().replace(/^f32\((.*)\)$/, '$1');
    return `${code(name)} (${type}${standard && /^['\d.-]/.test(standard) ? `, ${standard}` : ''})`;
  });
  const has = texts.flatMap(text =>
    [...text.matchAll(/\battributes\.has\(\s*'(\w+)'/g)].map(([, name]) => name),
  );
  // Lists that are read by a name passed on.
  const lists = texts.flatMap(text =>
    [...text.matchAll(/\b(?:listOf\(\s*ctx,|list\()\s*'(\w+)'/g)].map(([, name]) => name),
  );
  const known = new Set([...read.map(([, , name]) => name), ...lists]);
  return unique([
    ...withDefaults,
    ...lists.map(name => `${code(name)} (ints)`),
    ...has.filter(name => !known.has(name)).map(code),
  ]);
}

const ignoredBy = texts =>
  unique(
    texts.flatMap(text =>
      [...text.matchAll(/\battributes\.ignore\(([^)]*)\)/g)].flatMap(([, names]) =>
        [...names.matchAll(/'(\w+)'/g)].map(([, name]) => name),
      ),
    ),
  );

/** Operator sets in which the reader changes its ways: by comparisons in the code, and where it is told of one in the table. */
const changesOf = texts =>
  unique(
    texts.flatMap(text =>
      [...text.matchAll(/\bopset (?:<|>=) (\d+)|\b(?:reduction|linear)\(ctx, (?:\w+, )?(\d+)/g)].map(
        ([, n, m]) => Number(n ?? m),
      ),
    ),
  ).sort((a, b) => a - b);

/** What the reader asks for in so many words where it refuses, templates apart. */
const conditionsOf = texts =>
  unique(
    texts.flatMap(text =>
      [...text.matchAll(/\bunsupported\(\s*[\w.]+,\s*(['"])(.*?)\1,/g)].map(([, , expected]) => expected),
    ),
  );

/** The page as it should be. */
export function operatorsPage() {
  const sources = new Sources();
  const declared = readFileSync(`${folder}../declared.ts`, 'utf8');
  const [, oldest, newest] = /OPSETS: readonly \[[^\]]*\] = \[(\d+), (\d+)\]/.exec(declared);
  const [, oldestIr, newestIr] = /\[OLDEST_IR, NEWEST_IR\] = \[(\d+), (\d+)\]/.exec(declared);
  const rows = entries().map(([name, list, reader]) => {
    const texts = textsOf(sources, list, reader);
    const attributes = attributesOf(texts);
    const ignored = ignoredBy(texts)
      .map(code)
      .filter(each => !attributes.some(read => read.startsWith(each)));
    const cells = [attributes, ignored, changesOf(texts), conditionsOf(texts)];
    return `| ${[name, ...cells.map(cell => cell.join(', ').replaceAll('|', '\\|') || '–')].join(' | ')} |`;
  });
  return `# ONNX operators that are read

Written by \`npm run docs:operators\` from the sources of \`@police/onnx-import\`; a test compares. Operator sets ${oldest} to ${newest}, IR versions ${oldestIr} to ${newestIr},
of the domain \`ai.onnx\`. *Attributes*: with type and what holds where it is missing; any other attribute is refused by name, as is one in an operator set that
does not have it. *No matter*: accepted and without effect. *Changes at*: operator sets whose meaning is told apart. *Asks for*: what the reader says
where it refuses. Operators of constants alone are computed on reading, wherever they stand; SiLU, GELU in both forms, Mish, hard swish and hard
sigmoid are recognised from their subgraphs, whatever the order of the factors.

| operator | attributes | no matter | changes at | asks for |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, operatorsPage());
