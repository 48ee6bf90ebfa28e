import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { certify, chordProbe, type Region } from '@police/core';
import { type Params, type Policed, type State, type Trained, toNetwork } from '@police/jax';
import { roundingBoundOn, seededRng } from '@police/testing/helpers';
import { afterAll, expect, test } from 'vitest';
import { ROUNDOFF, runPlain, runPoliced } from './helpers.js';

interface Example {
  policed: Policed;
  params: Params;
  state: State;
  plain: Trained;
  regions: Region[];
}

const example = new URL('readme-example.generated.ts', import.meta.url);
afterAll(() => rm(example, { force: true }));

test('the README’s example runs and keeps what it says', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)![1];
  await writeFile(example, `${code}export { params, plain, policed, regions, state };\n`);
  const { policed, params, state, plain, regions }: Example = await import(
    /* @vite-ignore */ fileURLToPath(example)
  );
  const net = toNetwork(plain.model, plain.params);
  expect(certify(net, regions)).toMatchObject({ certified: true });
  const { points, residual } = chordProbe(regions[0], 20, seededRng(1));
  const rounding = (roundingBoundOn(net, regions[0]) * ROUNDOFF.float32) / ROUNDOFF.float64;
  expect(residual(runPoliced(policed, params, state, points))).toBeLessThan(rounding);
  expect(residual(runPlain(plain.model, plain.params, points))).toBeLessThan(rounding);
});
