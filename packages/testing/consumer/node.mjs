import { project, run } from './pack.mjs';
import { asCommonJs, blocksOf, installedBy } from './readme.mjs';

/** Printed at the end of a README's example: that its map is made of numbers says that it ran as it should. */
const TELL = "console.log(maps[0].b.every(Number.isFinite) ? 'a map' : 'no map');\n";

/** Linear programs come from a file of the package's own. */
const PROGRAMS = `import { loadLinearPrograms } from '@police/core/highs';
import { matrixFromRows } from '@police/core';
const { maximise } = await loadLinearPrograms();
const [{ x }] = maximise(matrixFromRows([[1], [-1]]), Float64Array.of(3, 1), matrixFromRows([[1]]));
console.log(x[0] === 3 ? 'a map' : x);
`;

/** READMEs whose examples are JavaScript as they are, and end in the maps of regions. */
const EXAMPLES = ['core', 'tfjs'];

const programs = {
  programs: PROGRAMS,
  ...Object.fromEntries(EXAMPLES.map(name => [name, blocksOf(`packages/${name}`, 'ts')[0] + TELL])),
};

export const examples = () => Object.keys(programs);

/** What the examples need, as their READMEs say. */
export const frameworks = () =>
  Array.from(new Set(EXAMPLES.flatMap(name => installedBy(`packages/${name}`))));

/** The examples as files of one kind, `mjs` or `cjs`. */
export const exampleFiles = kind =>
  Object.fromEntries(
    Object.entries(programs).map(([name, code]) => [
      `${name}.${kind}`,
      kind === 'cjs' ? asCommonJs(code) : code,
    ]),
  );

/** Runs READMEs' examples in Node as modules and as CommonJS, from packages installed into an empty folder. */
export function checkNode(install) {
  const folder = project('node', {
    'package.json': { private: true },
    ...exampleFiles('mjs'),
    ...exampleFiles('cjs'),
  });
  install(folder, frameworks());
  for (const name of examples()) {
    for (const kind of ['mjs', 'cjs']) {
      const printed = run('node', [`${name}.${kind}`], { cwd: folder });
      if (!printed.endsWith('a map\n')) throw new Error(`${name}.${kind} printed ${printed}`);
      process.stdout.write(`${name}.${kind} runs\n`);
    }
  }
}
