// Runs TensorFlow.js' own jasmine specs on one backend and writes what became of each. Bundled and started by run.ts:
//   node specs.mjs cpu|wasm|registered <folder of the .wasm files> <file for the outcomes>
import { writeFileSync } from 'node:fs';
import { register } from '@police/tfjs-wasm-training';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-core';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
// Without the rest of jasmine-core, which looks for its files.
import jasmineRequire from 'jasmine-core/lib/jasmine-core/jasmine.js';

const [, , contender, wasmFolder, outcomesFile] = process.argv;

// Some specs draw their inputs: the same ones for every contender and in every run (mulberry32).
let state = 1;
Math.random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
// Every suite starts a backend of its own, and each listens.
process.setMaxListeners(0);

setWasmPaths(wasmFolder);
if (contender === 'registered') register();
const backendName = contender === 'cpu' ? 'cpu' : 'wasm';
// One name for all, so that the specs' names are the same.
setTestEnvs([{ name: 'backend', backendName, isDataSync: true }]);

const jasmine = jasmineRequire.core(jasmineRequire);
const env = jasmine.getEnv({ suppressLoadErrors: true });
Object.assign(globalThis, jasmineRequire.interface(jasmine, env));
// Upstream has suites of the same name.
env.configure({ random: false, forbidDuplicateNames: false });
jasmine.DEFAULT_TIMEOUT_INTERVAL = 20_000;
await import('@tensorflow/tfjs-core/dist/tests.js');

const outcomes = [];
const seen = new Map();
const record = ({ fullName, status, failedExpectations }) => {
  const count = (seen.get(fullName) ?? 0) + 1;
  seen.set(fullName, count);
  const name = count === 1 ? fullName : `${fullName} (${count})`;
  outcomes.push({ name, status, messages: failedExpectations.map(({ message }) => message) });
};
env.addReporter({
  specDone: record,
  // What fails between specs belongs to no spec.
  suiteDone: suite => suite.failedExpectations.length > 0 && record(suite),
  jasmineDone: ({ overallStatus, incompleteReason, failedExpectations }) =>
    overallStatus !== 'passed' &&
    failedExpectations.length > 0 &&
    record({ fullName: incompleteReason ?? 'outside of all suites', status: 'failed', failedExpectations }),
});
await env.execute();
writeFileSync(outcomesFile, JSON.stringify(outcomes));
// Upstream's workers and timers would keep the process.
process.exit(0);
