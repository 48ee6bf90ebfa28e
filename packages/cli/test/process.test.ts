import { EventEmitter } from 'node:events';
import { PoliceError } from '@police/core';
import { expect, test } from 'vitest';
import { writeOutputs } from '../src/outputs.js';
import { guard } from '../src/process-guard.js';
import { inTermsOfFlags } from '../src/remedies.js';

class FakeStream extends EventEmitter {
  text = '';
  destroyed = false;
  isFull = false;
  write(text: string): boolean {
    this.text += text;
    return !this.isFull;
  }
}

function guarded() {
  const codes: number[] = [];
  const fake = Object.assign(new EventEmitter(), {
    stdout: new FakeStream(),
    stderr: new FakeStream(),
    exit: (code: number) => codes.push(code),
  });
  guard(fake);
  return { fake, codes };
}

const failure = (code: string) => Object.assign(new Error(`write ${code}`), { code });

test('a closed pipe ends nothing, and says nothing', () => {
  const { fake, codes } = guarded();
  fake.stdout.emit('error', failure('EPIPE'));
  fake.stderr.emit('error', failure('EPIPE'));
  expect([codes, fake.stderr.text]).toEqual([[], '']);
});

test('a full disk and what nobody caught end with 2, one line and no stack', () => {
  for (const cause of ['full', 'uncaught']) {
    const { fake, codes } = guarded();
    if (cause === 'full') fake.stdout.emit('error', failure('ENOSPC'));
    else fake.emit('uncaughtException', new TypeError('x is undefined'));
    expect(codes).toEqual([2]);
    expect(fake.stderr.text).toMatch(/^police: .*(ENOSPC|TypeError: x is undefined).*\n$/);
  }
});

test('a file on standard output waits for room, and no longer than there is a reader', async () => {
  const stdout = new FakeStream();
  stdout.isFull = true;
  const terminal = { stdin: (async function* () {})(), stdout, stderr: new FakeStream() };
  const written = writeOutputs([{ path: '-', content: ['a', 'b', 'c'] }], terminal, false);
  await new Promise(resolve => setImmediate(resolve));
  expect(stdout.text).toBe('a');
  stdout.emit('drain');
  await new Promise(resolve => setImmediate(resolve));
  expect(stdout.text).toBe('ab');
  stdout.destroyed = true;
  stdout.emit('close');
  await written;
  expect(stdout.text).toBe('ab');
});

test.each([
  [
    'Allow more memory (option memory, in bytes), or use a box',
    [],
    'Allow more memory: --memory <MiB>, or use a box',
  ],
  ['Allow more memory (option memory, in bytes).', ['--memory', '5'], 'Raise --memory.'],
  ['Allow more memory (option memory, in bytes).', ['--memory=5'], 'Raise --memory.'],
  ["Choose others: readModel(bytes, { output: 'name' }).", [], 'Choose others: --output-name <name>.'],
  ["Stop before it: readModel(bytes, { at: 't:0' }).", [], "Stop before it: --at 't:0'."],
  ['Accept an error: readModel(bytes, { epsilon: 1e-3 }).', [], 'Accept an error: --epsilon 1e-3.'],
  [
    'Give them: readModel(bytes, { inputShape: [1, …] }).',
    [],
    'Give them: --input-shape, such as 1,3,32,32.',
  ],
  [
    'Give them: readModel(bytes, { inputShape: [1, …] }).',
    ['--input-shape', '1,2'],
    'Change --input-shape to sizes that agree.',
  ],
  [
    "Call freeze(network, regions, { precision: 'float16' }) first and write its network back.",
    [],
    'Pass --precision float16.',
  ],
])('%s becomes advice about flags that are not in force', (remedy, args, expected) => {
  const error = new PoliceError({ code: 'too-large', where: 'w', expected: 'e', actual: 'a', remedy });
  expect(inTermsOfFlags(error, args)).toBe(`w: expected e, got a. ${expected}`);
});
