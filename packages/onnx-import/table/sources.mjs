import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file's top-level functions by name, each with its text, and what the file imports: name → `{ file, name }`, `name` '*' for all. */
function readSource(file) {
  const text = readFileSync(file, 'utf8');
  const starts = [...text.matchAll(/^(?:export )?(?:function|const|class) (\w+)/gm)];
  const functions = new Map(
    starts.map((match, i) => [match[1], text.slice(match.index, starts[i + 1]?.index ?? text.length)]),
  );
  const imports = new Map();
  for (const [, all, names, from] of text.matchAll(
    /^import (?:\* as (\w+)|\{([^}]*)\}) from '(\.[^']+)';/gm,
  )) {
    const target = join(dirname(file), from.replace(/\.js$/, '.ts'));
    if (all) imports.set(all, { file: target, name: '*' });
    for (const each of names?.split(',') ?? []) {
      const [name, local = name] = each
        .trim()
        .replace(/^type /, '')
        .split(' as ');
      if (name) imports.set(local, { file: target, name });
    }
  }
  return { functions, imports };
}

/** A function or a module's function that is called. */
const CALL = /(?<![\w.])(\w+)(?:\.(\w+))?\(/g;

/** Without comments and strings, whose words name nothing. */
const withoutWords = text => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'/g, '');

/** Reads the sources of a folder as they are asked for. */
export class Sources {
  #files = new Map();

  #source(file) {
    if (!this.#files.has(file)) this.#files.set(file, readSource(file));
    return this.#files.get(file);
  }

  /** The text of a function and of all functions of `folder` that it names, itself first, each once. */
  reached(file, name, folder) {
    const texts = new Map();
    const follow = (where, called) => {
      const key = `${where}#${called}`;
      const { functions, imports } = this.#source(where);
      const text = functions.get(called);
      if (text === undefined || texts.has(key)) return;
      texts.set(key, text);
      for (const [, object, property] of withoutWords(text).matchAll(CALL)) {
        const imported = imports.get(object);
        if (imported?.name === '*' && property) follow(imported.file, property);
        else if (imported?.file.startsWith(folder)) follow(imported.file, imported.name);
        else if (object !== called) follow(where, object);
      }
    };
    follow(file, name);
    return [...texts.values()];
  }
}
