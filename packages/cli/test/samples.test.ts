import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSamples } from '../src/samples.js';
import { temporaryFolder } from './helpers.js';

const folder = await mkdtemp(join(await temporaryFolder(), 'd-'));
const terminal = {
  stdin: (async function* () {})(),
  stdout: { write: () => true },
  stderr: { write: () => true },
};

async function read(content: Uint8Array | string, size = 2) {
  const path = join(folder, 'samples');
  await writeFile(path, content);
  return readSamples(path, size, terminal);
}

function npy(shape: string, values: readonly number[]): Uint8Array {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117).concat('\n');
  const start = Buffer.concat([
    Buffer.from([0x93]),
    Buffer.from('NUMPY'),
    Buffer.from([1, 0, header.length, 0]),
  ]);
  return Buffer.concat([start, Buffer.from(header), Buffer.from(Float64Array.from(values).buffer)]);
}

test.each([
  ['6, 2', 2],
  ['6, 1, 2', 2],
  ['3, 2, 2', 4],
  ['12,', 1],
  ['12,', 12],
])('an array of shape (%s) is samples of %i', async (shape, size) => {
  const values = Array.from({ length: 12 }, (_, i) => i);
  const { rows, cols, data } = await read(npy(shape, values), size);
  expect([rows, cols]).toEqual([12 / size, size]);
  expect(Array.from(data)).toEqual(values);
});

test.each([
  '2, 6',
  '4, 3',
  '12,',
  '',
  '-1, -4',
  '-6, -2',
  '6, 2.0',
  '6, 2e0',
  '6,, 2',
  '0, 2',
  '6, 2, 0',
  '9007199254740993, 2',
  'None, 2',
])('an array of shape (%s) is refused', async shape => {
  const refused = read(
    npy(
      shape,
      Array.from({ length: shape === '0, 2' ? 0 : 12 }, (_, i) => i),
    ),
  );
  await expect(refused).rejects.toMatchObject({ name: 'PoliceError', code: 'invalid-option' });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d among the samples is named', async value => {
  await expect(read(npy('2, 2', [0, 1, 2, value]))).rejects.toThrow(
    'sample 1 entry 1: expected a finite number',
  );
});

test('CSV, quoted or not, with any separator, is read as written', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer()), { minLength: 1 }),
      fc.constantFrom(',', ';', '\t'),
      fc.boolean(),
      fc.constantFrom('', 'a,b', '"first; one","b ""x"""', 'x_1;x_2', '\uFEFFa,b'),
      fc.constantFrom('\n', '\r\n', '\r'),
      async (rows, separator, isQuoted, heading, end) => {
        const cell = (x: number) => (isQuoted ? `"${x}"` : `${x}`);
        const lines = rows.map(row => row.map(cell).join(separator));
        const { data } = await read([...(heading ? [heading] : []), ...lines, ''].join(end));
        expect(Array.from(data, x => x + 0)).toEqual(rows.flat().map(x => x + 0));
      },
    ),
    { numRuns: 200 },
  );
});

test.each([
  ['a,b\nc,d\n1,2', "line 2: expected numbers, got 'c'"],
  ['a,1\n1,2', "line 1: expected numbers, got 'a'"],
  ['nan,nan\n1,2', "line 1: expected numbers, got 'nan'"],
  ['1,2\nnan,1', "line 2: expected numbers, got 'nan'"],
  ['1,\n', "line 1: expected numbers, got ''"],
  ['"1,5";"2,5"\n', "line 1: expected numbers, got '1,5'"],
  ['"1,2\n', 'line 1: expected a closing quote'],
  ['a,b\n', 'expected at least one sample, got none'],
  [',a,b\n0,1,2', 'line 2: expected 2 numbers, got 3'],
])('%j is refused', async (text, message) => {
  await expect(read(text)).rejects.toMatchObject({ name: 'PoliceError' });
  await expect(read(text)).rejects.toThrow(message);
});
