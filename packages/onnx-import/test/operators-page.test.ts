import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OPERATORS } from '@police/onnx-import';
import { expect, test } from 'vitest';
// @ts-expect-error A script without types.
import { operatorsPage } from '../table/operators.mjs';

const page = fileURLToPath(new URL('../../../docs/operators.md', import.meta.url));

test('docs/operators.md is what npm run docs:operators writes', () => {
  expect(readFileSync(page, 'utf8')).toBe(operatorsPage());
});

test('it has a row for every operator that is read, by name', () => {
  const rows = [...readFileSync(page, 'utf8').matchAll(/^\| (\w+) \| /gm)].map(([, name]) => name);
  expect(rows.slice(1)).toEqual(OPERATORS);
});

test('a few rows, by the standard', () => {
  const text: string = readFileSync(page, 'utf8');
  const rowOf = (name: string) => text.split('\n').find(line => line.startsWith(`| ${name} |`))!;
  for (const attribute of ['group', 'strides', 'pads', 'auto_pad', 'dilations', 'kernel_shape']) {
    expect(rowOf('Conv'), attribute).toContain(`\`${attribute}\``);
  }
  for (const attribute of ['alpha', 'beta', 'transA', 'transB'])
    expect(rowOf('Gemm')).toContain(`\`${attribute}\``);
  expect(rowOf('Relu')).not.toContain('`group`');
  expect(rowOf('Squeeze')).toContain('13');
});
