import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outerBox, parse, split } from '../dist/index.js';

/** A property of an image of 224 × 224 × 3: two assertions per input, about 17 MB, and a class to be kept. */
const INPUTS = 150_528;
const OUTPUTS = 10;

let state = 1;
function random() {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
}

function property() {
  const lines = ['; a generated robustness property'];
  for (let i = 0; i < INPUTS; i++) lines.push(`(declare-const X_${i} Real)`);
  for (let j = 0; j < OUTPUTS; j++) lines.push(`(declare-const Y_${j} Real)`);
  for (let i = 0; i < INPUTS; i++) {
    const x = random();
    lines.push(`(assert (<= X_${i} ${x + 0.0123456789}))`, `(assert (>= X_${i} ${x - 0.0123456789}))`);
  }
  const others = Array.from({ length: OUTPUTS - 1 }, (_, j) => `(and (>= Y_${j + 1} Y_0))`);
  return `${lines.join('\n')}\n(assert (or ${others.join(' ')}))\n`;
}

/** Reads the file in a process of its own, so that its memory is that of the work. */
function measure(file) {
  const text = readFileSync(file, 'utf8');
  const before = process.resourceUsage().maxRSS;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const query = parse(text, { file });
  const parsed = performance.now();
  const { disjuncts } = split(query);
  const sorted = performance.now();
  const { lower, upper } = outerBox(disjuncts[0].region);
  const end = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  if (disjuncts.length !== OUTPUTS - 1 || !lower.every((x, i) => x < upper[i]))
    throw new Error('wrong bounds');
  const times = [parsed - start, sorted - parsed, end - sorted, end - start, (user + system) / 1000];
  const [parsing, splitting, boxing, all, processor] = times.map(ms => (ms / 1000).toFixed(2));
  const grown = ((process.resourceUsage().maxRSS - before) / 1024).toFixed(0);
  console.log(
    `parse ${parsing} s, split ${splitting} s, box ${boxing} s; all ${all} s (processor ${processor} s), ${grown} MiB`,
  );
}

if (process.argv[2]) measure(process.argv[2]);
else {
  const folder = mkdtempSync(join(tmpdir(), 'vnnlib-'));
  const file = join(folder, 'large.vnnlib');
  const text = property();
  writeFileSync(file, text);
  console.log(`${(text.length / 1e6).toFixed(1)} MB, ${INPUTS} inputs; each run in a fresh process`);
  for (let run = 0; run < 3; run++) {
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), file], { stdio: 'inherit' });
  }
  rmSync(folder, { recursive: true });
}
