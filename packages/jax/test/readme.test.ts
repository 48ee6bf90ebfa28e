import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { numpy as np } from '@jax-js/jax';
import { certify, chordProbe, type Region } from '@police/core';
import {
  type FrozenPatch,
  type Params,
  type Policed,
  type State,
  type Trained,
  toNetwork,
} from '@police/jax';
import { roundingBoundOn, seededRng } from '@police/testing/helpers';
import { afterAll, expect, test } from 'vitest';
import { ROUNDOFF, runPlain, runPoliced } from './helpers.js';

interface Example {
  policed: Policed;
  params: Params;
  state: State;
  plain: Trained;
  regions: Region[];
  frozen: FrozenPatch;
  proved: FrozenPatch['demands'];
  /** Of the patched model and of the function by hand. */
  outputs: np.Array;
  z: np.Array;
}

const example = new URL('readme-example.generated.ts', import.meta.url);
afterAll(() => rm(example, { force: true }));

test('the README’s example runs and keeps what it says', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const code = Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), ([, block]) => block).join('');
  const names = 'frozen, outputs, params, plain, policed, proved, regions, state, z';
  await writeFile(example, `${code}export { ${names} };\n`);
  const { policed, params, state, plain, regions, frozen, outputs, proved, z }: Example = await import(
    /* @vite-ignore */ fileURLToPath(example)
  );
  const net = toNetwork(plain.model, plain.params);
  expect(certify(net, regions)).toMatchObject({ certified: true });
  const { points, residual } = chordProbe(regions[0], 20, seededRng(1));
  const rounding = (roundingBoundOn(net, regions[0]) * ROUNDOFF.float32) / ROUNDOFF.float64;
  expect(residual(runPoliced(policed, params, state, points))).toBeLessThan(rounding);
  expect(certify(frozen.network, regions)).toMatchObject({ certified: true });
  expect(proved).toMatchObject([{ demand: { kind: 'lipschitz' }, residual: 0 }]);
  expect([outputs.shape, z.shape]).toEqual([
    [256, 1],
    [256, 1],
  ]);
  expect(residual(runPlain(plain.model, plain.params, points))).toBeLessThan(rounding);
});
