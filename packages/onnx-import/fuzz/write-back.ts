// `npm run fuzz:write-back -- --cases N --seed S`: random models policed, written back and run. Exit 1 on a difference.
import { Tally } from './cases.js';
import { describeModel, fuzzOptions, writeCase } from './options.js';
import { comparePoliced } from './policed.js';
import { policedCase } from './policed-cases.js';
import { seedOf } from './random.js';
import { Report } from './report.js';
import { shrink } from './shrink.js';

const { cases, seed, from, out } = fuzzOptions({ cases: 50, out: 'out/fuzz-write-back' });
const tried = new Tally();
const report = new Report(cases);

for (let i = from; i < from + cases; i++) {
  const own = seedOf(seed, i);
  const model = policedCase(own, tried);
  const outcome = model && (await comparePoliced(model, own));
  report.count(outcome);
  if (!model || outcome?.kind !== 'different') continue;
  const found = { model, isConstant: false };
  const small = await shrink(found, async one => (await comparePoliced(one.model, own)).kind === 'different');
  const told = await comparePoliced(small.model, own);
  console.log(`case ${i}: ${told.kind === 'different' ? told.how : outcome.how}`);
  console.log(`  ${writeCase(out, `seed${seed}-case${i}`, small.model)}\n${describeModel(small.model)}`);
}

console.log(`${cases} cases from ${from}, seed ${seed}: ${report}`);
console.log(`read/refused while made: ${tried}`);
report.printReasons();
if (report.different > 0) process.exitCode = 1;
