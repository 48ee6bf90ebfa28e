import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const lists = (...args: string[]): string[] =>
  spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout.trim().split('\n');

test('what packages say alike, and constants that tell versions, are as `npm run manifests` writes them', () => {
  const { status, stderr } = spawnSync('node', ['packages/testing/release/manifests.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('links of READMEs lead somewhere, and are absolute on a page of a registry', async () => {
  const { withAbsoluteLinks } = await import('../release/readmes.mjs');
  const text = 'See [a](../core/README.md#patch), [b](#here), [c](https://a.example/) and ![d](LICENSE).';
  expect(withAbsoluteLinks(text, 'packages/tfjs', 'https://h')).toBe(
    'See [a](https://h/blob/main/packages/core/README.md#patch), [b](#here), [c](https://a.example/) and ![d](https://h/blob/main/packages/tfjs/LICENSE).',
  );
  for (const path of lists('ls-files', 'packages/*/README.md')) {
    if (path.includes('/src/')) continue;
    const absolute = withAbsoluteLinks(
      readFileSync(`${root}/${path}`, 'utf8'),
      path.replace('/README.md', ''),
      'https://h',
    );
    expect(absolute).not.toMatch(/\]\(\.\.?\//);
  }
  expect(() => withAbsoluteLinks('[x](nowhere.md)', 'packages/core', 'https://h')).toThrow('nowhere.md');
});

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly main?: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string | { readonly default: string }>>;
  readonly files: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

const manifests = lists('ls-files', 'packages/*/package.json')
  .map(path => ({ path, manifest: JSON.parse(readFileSync(`${root}/${path}`, 'utf8')) as Manifest }))
  .filter(({ manifest }) => !manifest.private);

describe.each(manifests)('$manifest.name', ({ path, manifest }) => {
  const folder = path.replace('/package.json', '');
  const tracked = new Set(lists('ls-files', folder));

  test('leaves build files at home', () => {
    expect(manifest.files).toContain('!dist/.tsbuildinfo');
  });

  test('links commands that npm finds before a build', () => {
    for (const target of Object.values(manifest.bin ?? {}))
      expect(tracked).toContain(`${folder}/${target.replace('./', '')}`);
  });

  test('has every entry where resolvers without `exports` look, too', () => {
    for (const [entry, target] of Object.entries(manifest.exports ?? {})) {
      if (typeof target === 'string') continue;
      if (entry === '.') expect(manifest.main).toBe(target.default);
      else
        expect(readFileSync(`${root}/${folder}/${entry.slice(2)}.js`, 'utf8')).toBe(
          `export * from '${target.default}';\n`,
        );
    }
  });

  test('depends on nothing that only tests need', () => {
    for (const name of ['ml-matrix', 'onnx-buf', '@bufbuild/protobuf', 'highs'])
      expect(Object.keys(manifest.dependencies ?? {})).not.toContain(name);
  });
});
