import { readFile } from 'node:fs/promises';
import * as core from '@police/core';
import { expect, test } from 'vitest';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const snippets = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);

/** The value of an expression at a snippet's end. */
function run(snippet: string, expression: string): unknown {
  const imported = /import \{([^}]*)\} from '@police\/core';/.exec(snippet)![1];
  const body = snippet.replace(/import [^;]*;/, '');
  const names = imported.split(',').map(name => name.trim());
  const exported: Record<string, unknown> = { ...core };
  const values = names.map(name => exported[name]);
  return new Function(...names, `${body}; return ${expression};`)(...values);
}

test('the README’s snippets run, and their networks are certified', () => {
  expect(snippets).toHaveLength(4);
  expect(run(snippets[0], 'proof.certified')).toBe(true);
  expect(run(snippets[1], 'certify(network, [region]).certified')).toBe(true);
  expect(run(snippets[3], 'provenDemand(network, region, demand).holds')).toBe(true);
  const asked = (net: string) =>
    run(snippets[2], `decide(${net}, [{ region, conjuncts: [[above]] }]).answer`);
  expect(asked('net')).toBe('sat');
  expect(asked('police(net, [region]).network')).not.toBe('unknown');
  expect(asked('repair(net, [{ region, conjuncts: [[above]] }]).network')).toBe('unsat');
});
