import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as core from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));
const read = (file: string) => readFileSync(file, 'utf8');
const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => join(src, name));

/** The names that a door lists, with the files they come from. */
function exportsOf(file: string): { name: string; file: string }[] {
  const lists = read(file).matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)';/gm);
  return [...lists].flatMap(([, names, from]) => {
    const target = join(dirname(file), from.replace(/\.js$/, '.ts'));
    const bare = names.split(',').map(name => name.trim().replace(/^type /, ''));
    const inner = target.endsWith('index.ts') ? exportsOf(target) : [];
    return bare.filter(Boolean).map(name => inner.find(each => each.name === name) ?? { name, file: target });
  });
}

test('every public name has a docstring', () => {
  const bare = exportsOf(join(src, 'index.ts')).filter(({ name, file }) => {
    const declared = new RegExp(
      `\\*/\\nexport (?:async )?(?:const|function\\*?|interface|type|class) ${name}\\b`,
    );
    return !declared.test(read(file));
  });
  expect(bare.map(({ name }) => name)).toEqual([]);
});

const examples = sources.flatMap(file =>
  [...read(file).matchAll(/^ \* @example\n((?: \* .*\n)+)/gm)].map(([, lines], i) => ({
    title: `${file.slice(src.length + 1)} ${i + 1}`,
    code: lines.replace(/^ \* /gm, ''),
  })),
);

/** What examples speak of without making it. */
function context(): Record<string, unknown> {
  const { box, chain, dense, matrixFromRows, relu } = core;
  const net = chain(2, [
    dense(
      [
        [1, -1],
        [0.5, 2],
      ],
      [0.1, 0],
    ),
    relu(),
    dense([[1, -2]]),
  ]);
  return {
    ...core,
    ...core.operators,
    loadLinearPrograms,
    net,
    regions: [box([-1, -1], [1, 1])],
    x: matrixFromRows([
      [2, 0.5],
      [-3, 4],
    ]),
    dOutput: matrixFromRows([[1], [1]]),
    modelBytes: Uint8Array.of(1, 2, 3),
    A: [
      [1, 1],
      [-1, 0],
      [0, -1],
    ],
    b: [1, 0, 0],
    manyRows: [
      [1, 1],
      [-1, 0],
      [0, -1],
    ],
    limits: [1, 0, 0],
    image: Float64Array.of(10, 20),
    std: 0.5,
    mean: 0.3,
    weight: new Float64Array(16 * 27),
    bias: new Float64Array(16),
  };
}

/** Examples of penalties speak of a matrix A, not of rows. */
const special: Record<string, Record<string, unknown>> = {
  'gradient/map-penalty.ts 1': { A: core.matrixFromRows([[1, 0]]) },
};

test('the main functions have examples', () => {
  expect(examples.length).toBeGreaterThan(20);
});

test.each(examples)('the example in $title runs', async ({ title, code }) => {
  const given: Record<string, unknown> = { ...context(), ...special[title] };
  // A name that the example makes for itself is not given.
  const own = new Set(
    [...code.matchAll(/const (?:\{([^}]*)\}|(\w+))/g)].flatMap(([, list, one]) =>
      one ? [one] : list.split(',').map(name => name.trim()),
    ),
  );
  const names = Object.keys(given).filter(name => !own.has(name));
  const run = new Function(...names, `return (async () => { ${code} })()`);
  await run(...names.map(name => given[name]));
});
