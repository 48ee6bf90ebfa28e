import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { matrixFromRows } from '@police/core';
import { loadLinearPrograms } from '@police/core/highs';
import { describe, expect, test } from 'vitest';

describe('the WebAssembly of HiGHS', () => {
  test.each([
    ['missing', { locateFile: () => '/nowhere/highs.wasm' }],
    ['no WebAssembly', { wasmBinary: Uint8Array.of(1, 2, 3, 4) }],
  ])('%s is not-loaded, and the remedy says what to serve', async (_, source) => {
    await expect(loadLinearPrograms(source)).rejects.toMatchObject({
      name: 'PoliceError',
      code: 'not-loaded',
      remedy: expect.stringContaining('highs.wasm'),
    });
  });

  const bytes = readFileSync(createRequire(import.meta.url).resolve('highs/runtime'));
  test.each([
    ['found by itself', () => ({})],
    ['given as bytes', () => ({ wasmBinary: bytes })],
    ['given as a module', () => ({ wasmModule: moduleOf(bytes) })],
  ])('solves, %s', async (_, source) => {
    const { maximise } = await loadLinearPrograms(source());
    const [found] = maximise(matrixFromRows([[1], [-1]]), Float64Array.of(3, 1), matrixFromRows([[1]]));
    expect(found).toMatchObject({ status: 'optimal', x: Float64Array.of(3) });
  });
});

/** The types of Node's globals know WebAssembly as a namespace of types only. */
function moduleOf(bytes: Uint8Array): object {
  const { Module } = (globalThis as unknown as { WebAssembly: { Module: new (bytes: Uint8Array) => object } })
    .WebAssembly;
  return new Module(bytes);
}
