// Other programs than Node that run modules: Bun, Deno, and Jest, which loads modules by a system of its own.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { exampleFiles, examples, frameworks } from './node.mjs';
import { project, run } from './pack.mjs';

/** Jest runs modules under this flag of Node's, as its manual says; what is not a module goes through Babel, which leaves dependencies alone. */
const JEST = { env: { NODE_OPTIONS: '--experimental-vm-modules --no-warnings' } };

/** Runs READMEs' examples in Bun, Deno and Jest. Those that are not to be had here are named, and left out. */
export function checkRuntimes(install) {
  const files = { 'package.json': { private: true }, ...exampleFiles('mjs') };
  for (const name of examples())
    files[`${name}.test.mjs`] =
      `test('${name}', async () => {\n  const said = [];\n  console.log = text => said.push(text);\n  await import('./${name}.mjs');\n  expect(said).toEqual(['a map']);\n});\n`;
  const folder = project('runtimes', files);
  install(folder, [...frameworks(), 'jest@30', 'bun@1', 'deno@2']);

  const runtimes = {
    bun: [binaryOf(folder, '@oven', join('bin', 'bun')), 'run'],
    deno: [binaryOf(folder, '@deno', 'deno'), 'run', '--allow-all', '--node-modules-dir=manual'],
  };
  for (const [name, [program, ...args]] of Object.entries(runtimes)) {
    if (!program) {
      process.stdout.write(`SKIPPED: ${name} has no program for this machine\n`);
      continue;
    }
    for (const example of examples()) {
      const printed = run(program, [...args, `${example}.mjs`], { cwd: folder, env: { NO_COLOR: '1' } });
      if (!printed.endsWith('a map\n')) throw new Error(`${name}: ${example}.mjs printed ${printed}`);
      process.stdout.write(`${name} runs ${example}.mjs\n`);
    }
  }
  run('npx', ['jest', '--ci', '--testMatch', '**/*.test.mjs'], { cwd: folder, ...JEST });
  process.stdout.write('Jest runs them, too\n');
}

/** The program inside the package that npm chose for this machine; install scripts, which would link it, do not run. */
function binaryOf(folder, scope, path) {
  const packages = join(folder, 'node_modules', scope);
  if (!existsSync(packages)) return undefined;
  return readdirSync(packages)
    .map(name => join(packages, name, path))
    .find(file => existsSync(file));
}
