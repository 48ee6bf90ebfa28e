import { outerBox, parse, split } from '../dist/index.js';

/** A property of an image of 224 × 224 × 3: two assertions per input, about 17 MB, and a class to be kept. */
const inputs = 150_528;
const outputs = 10;

let state = 1;
function random() {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
}

function property() {
  const lines = ['; a generated robustness property'];
  for (let i = 0; i < inputs; i++) lines.push(`(declare-const X_${i} Real)`);
  for (let j = 0; j < outputs; j++) lines.push(`(declare-const Y_${j} Real)`);
  for (let i = 0; i < inputs; i++) {
    const x = random();
    lines.push(`(assert (<= X_${i} ${x + 0.0123456789}))`, `(assert (>= X_${i} ${x - 0.0123456789}))`);
  }
  const others = Array.from({ length: outputs - 1 }, (_, j) => `(and (>= Y_${j + 1} Y_0))`);
  return `${lines.join('\n')}\n(assert (or ${others.join(' ')}))\n`;
}

const text = property();
console.log(`${(text.length / 2 ** 20).toFixed(1)} MiB, ${inputs} inputs`);
const before = process.memoryUsage().rss;
for (let run = 0; run < 3; run++) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const query = parse(text, { file: 'large.vnnlib' });
  const parsed = performance.now();
  const { disjuncts } = split(query);
  const sorted = performance.now();
  const { lower, upper } = outerBox(disjuncts[0].region);
  const end = performance.now();
  if (disjuncts.length !== outputs - 1 || lower.some((x, i) => !(x < upper[i])))
    throw new Error('wrong bounds');
  const seconds = [parsed - start, sorted - parsed, end - sorted, end - start].map(ms =>
    (ms / 1000).toFixed(2),
  );
  const { user, system } = process.cpuUsage(cpu);
  const processor = ((user + system) / 1e6).toFixed(2);
  console.log(
    `parse ${seconds[0]} s, split ${seconds[1]} s, box ${seconds[2]} s, all ${seconds[3]} s (processor ${processor} s)`,
  );
  if (run === 0) {
    const grown = (process.resourceUsage().maxRSS / 1024 - before / 2 ** 20).toFixed(0);
    console.log(`largest memory beyond the text's: ${grown} MiB`);
  }
}
