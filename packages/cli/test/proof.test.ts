import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chain, dense, softplus } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { answersOf } from '@police/testing/smt/oracle';
import { installedSolvers, solverAnswers } from '@police/testing/smt/solvers';
import { beforeAll, describe, expect, test } from 'vitest';
import { police, smallFiles, temporaryFolder } from './helpers.js';

const folder = await temporaryFolder();
const inFolder = (name: string) => join(folder, name);
const model = inFolder('affine.onnx');
const textOf = (name: string) => readFile(inFolder(name), 'utf8');

/** Inputs in the square of the small network, and what must not happen. */
const property = (outputs: string) =>
  `(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)(declare-const Y_1 Real)
   (assert (and (>= X_0 -1) (<= X_0 1) (>= X_1 -1) (< X_1 1)))${outputs}`;

beforeAll(async () => {
  const { model: before, region } = await smallFiles(folder);
  await police(['enforce', before, '-r', region, '-o', model, '--no-run']);
});

test('a region: the size is said, and every question of the file is answered unsat', async () => {
  const found = await police(['verify', model, '-r', inFolder('square.json'), '--proof', inFolder('r.smt2')]);
  expect(found).toMatchObject({ code: 0, errors: expect.stringContaining('proof …') });
  const text = await textOf('r.smt2');
  const answers = answersOf(text);
  expect(new Set(answers)).toEqual(new Set(['unsat']));
  expect(found.text).toContain(
    `r.smt2: ${answers.length} questions in ${(text.length / 2 ** 20).toPrecision(2)} MiB`,
  );
  expect(text).toMatch(/^; Model .*affine\.onnx, SHA-256 [0-9a-f]{64}/);
});

test.each([
  ['an output below all it takes', '(assert (<= Y_1 -100))', ['unsat']],
  ['above all it takes, or below', '(assert (or (>= Y_1 100) (<= Y_1 -100)))', ['unsat', 'unsat']],
  ['what happens', '(assert (>= Y_1 -100))', ['sat']],
  ['a strict bound of an input', '(assert (>= X_1 1))', []],
  ['inputs and outputs together', '(assert (>= (+ Y_1 (* 100 X_0)) 500.5))', ['unsat']],
  ['an input outside the region of the proof', '(assert (>= X_0 0.5))(assert (<= Y_1 100))', ['sat']],
])('a property is asked last, in exact numbers: %s', async (name, outputs, last) => {
  const file = inFolder(`${name}.vnnlib`);
  await writeFile(file, property(outputs));
  const proof = inFolder(`${name}.smt2`);
  const args = [
    'verify',
    model,
    '-r',
    inFolder('square.json'),
    '--property',
    file,
    '--proof',
    proof,
    '--json',
  ];
  const { code, text } = await police(args);
  expect(code).toBe(0);
  const script = await readFile(proof, 'utf8');
  const answers = answersOf(script);
  expect(JSON.parse(text).proof).toEqual({ questions: answers.length, bytes: script.length });
  const claims = answers.length - last.length;
  expect(answers.slice(claims)).toEqual(last);
  expect(new Set(answers.slice(0, claims))).toEqual(new Set(['unsat']));
});

test("without regions, the property's own", async () => {
  await writeFile(inFolder('own.vnnlib'), property('(assert (<= Y_1 -100))'));
  const found = await police([...['verify', model, '--property', inFolder('own.vnnlib'), '--proof', '-']]);
  expect(found.code).toBe(0);
  expect(found.errors).toContain('Certified');
  expect(new Set(answersOf(found.text))).toEqual(new Set(['unsat']));
});

describe('refused, with nothing written', () => {
  const expectRefused = async (args: readonly string[], code: number, message: RegExp) => {
    const proof = inFolder('refused.smt2');
    const found = await police(['verify', ...args, '--proof', proof]);
    expect(found).toMatchObject({ code, errors: expect.stringMatching(message) });
    expect(existsSync(proof)).toBe(false);
  };

  test('a curved region', async () => {
    const ball = inFolder('ball.json');
    await writeFile(ball, '{ "kind": "ball", "centre": [0, 0], "radius": 0.5 }');
    await expectRefused([model, '-r', ball], 2, /ball: .*Enforce, and prove, on a box/s);
  });

  test('a smooth activation', async () => {
    const smooth = inFolder('smooth.onnx');
    await writeFile(smooth, exportOnnx(chain(2, [dense([[1, 1]], [100]), softplus(1e-6), dense([[1]])])));
    await expectRefused([smooth, '-r', inFolder('square.json')], 3, /[Ss]oftplus/);
  });

  test('a property of other sizes', async () => {
    const other = inFolder('other.vnnlib');
    await writeFile(other, '(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= X_0 1))');
    await expectRefused(
      [model, '-r', inFolder('square.json'), '--property', other],
      2,
      /2 inputs and 2 outputs/,
    );
  });

  test('a model that is not certified has no proof', async () => {
    await expectRefused([inFolder('model.onnx'), '-r', inFolder('square.json')], 1, /^verify …\n$/);
  });

  test('a file that is there, without --force', async () => {
    await writeFile(inFolder('there.smt2'), 'mine');
    const args = ['verify', model, '-r', inFolder('square.json'), '--proof', inFolder('there.smt2')];
    expect(await police(args)).toMatchObject({ code: 2, errors: expect.stringContaining('--force') });
    expect(await textOf('there.smt2')).toBe('mine');
    expect(await police([...args, '--force'])).toMatchObject({ code: 0 });
    expect(await textOf('there.smt2')).toContain('(set-logic QF_LRA)');
  });

  test('the proof and JSON on one stream', async () => {
    const args = ['verify', model, '-r', inFolder('square.json'), '--proof', '-', '--json'];
    const found = await police(args);
    expect(found.code).toBe(2);
    expect(found.text).not.toContain('(set-logic');
    expect(found.text + found.errors).toContain('the proof or --json');
  });
});

const shared = new URL('../../../../shared/models/', import.meta.url);
const hasShared = existsSync(shared);

/** A question is answered in hundredths of a second; there are some 550. */
const SOLVING = 120_000;

describe(hasShared ? 'ACAS Xu 1_1, property 3' : 'skipped, ../shared/models is missing: ACAS Xu', () => {
  test.skipIf(!hasShared)('solvers of other people prove it whole', { timeout: SOLVING }, async () => {
    // CI installs one; elsewhere the test says that nobody else was asked.
    if (process.env.CI) expect(installedSolvers).not.toEqual([]);
    const file = new URL('acasxu_prop_3.vnnlib', shared).pathname;
    const enforced = inFolder('acas.onnx');
    const proof = inFolder('acas.smt2');
    const before = new URL('acasxu_1_1.onnx', shared).pathname;
    await police(['enforce', before, '-r', file, '-o', enforced, '--no-run', '-q']);
    const found = await police(['verify', enforced, '--property', file, '--proof', proof, '--json']);
    expect(found.code).toBe(0);
    const { questions, bytes } = JSON.parse(found.text).proof;
    const script = await readFile(proof, 'utf8');
    expect(script.length).toBe(bytes);
    for (const solver of installedSolvers) {
      const start = performance.now();
      const answers = solverAnswers(solver, script);
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      console.info(`ACAS Xu 1_1, property 3: ${questions} questions, ${bytes} bytes, ${solver} ${seconds} s`);
      expect(answers).toEqual(Array.from({ length: questions }, () => 'unsat'));
    }
    if (installedSolvers.length === 0) console.warn('Neither z3 nor cvc5 is installed: nobody was asked.');
  });
});
