// `npm run fuzz:onnx -- --cases N --seed S`: random models in our reader and in ONNX Runtime. Exit 1 on a difference.
import { randomCase, Tally } from './cases.js';
import { compare } from './compare.js';
import { describeModel, fuzzOptions, writeCase } from './options.js';
import { seedOf } from './random.js';
import { Report } from './report.js';
import { shrink } from './shrink.js';

const { cases, seed, from, out } = fuzzOptions({ cases: 500, out: 'out/fuzz-onnx' });
const tried = new Tally();
const report = new Report(cases);

for (let i = from; i < from + cases; i++) {
  const own = seedOf(seed, i);
  const found = randomCase(own, tried);
  const outcome = found && (await compare(found, own));
  report.count(outcome);
  if (!found || outcome?.kind !== 'different') continue;
  const small = await shrink(found, async one => (await compare(one, own)).kind === 'different');
  const told = await compare(small, own);
  console.log(`case ${i}: ${told.kind === 'different' ? told.how : outcome.how}`);
  console.log(`  ${writeCase(out, `seed${seed}-case${i}`, small.model)}\n${describeModel(small.model)}`);
}

console.log(`${cases} cases from ${from}, seed ${seed}: ${report}`);
console.log(`read/refused while made: ${tried}`);
report.printReasons();
if (report.different > 0) process.exitCode = 1;
