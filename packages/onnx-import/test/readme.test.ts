import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { buildModel, decode, encode } from './onnx.js';

const example = new URL('readme-example.generated.ts', import.meta.url);

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(example, { force: true });
});

test('the README’s example runs', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const model = decode(
    buildModel({
      input: ['N', 3],
      nodes: [
        ['Gemm', ['x', 'W', 'b'], ['h']],
        ['Relu', ['h'], ['y']],
      ],
      constants: { W: { dims: [3, 2], data: [1, 2, 3, 4, 5, 6] }, b: { dims: [2], data: [0.5, -0.5] } },
    }),
  );
  model.graph!.node[0].name = 'fc1';
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readme)!;
  const bytes = `const bytes = Uint8Array.from([${encode(model)}]);\n`;
  await writeFile(example, bytes + code);
  const print = vi.spyOn(console, 'log').mockReturnValue();
  await import(/* @vite-ignore */ fileURLToPath(example));
  const told = [...code.matchAll(/console\.log\(.*\/\/ (.*)/g)].map(([, comment]) => comment);
  expect(told).toEqual([`[ "bias 'fc1' (Gemm, node 0)" ]`, 'true']);
  expect(print.mock.calls).toEqual([[["bias 'fc1' (Gemm, node 0)"]], [true]]);
});
