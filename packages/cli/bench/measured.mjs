// One command line in a process of its own, so that its memory is its own too.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const self = fileURLToPath(import.meta.url);

/** What it wrote, its exit code, seconds on the clock and of processor, peak MiB. Ended after `most` seconds, and `seconds` is then undefined. */
export function measured(args, most = 3600) {
  const start = performance.now();
  const child = spawnSync(process.execPath, [self, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: 1000 * most,
    killSignal: 'SIGKILL',
  });
  const wall = (performance.now() - start) / 1000;
  if (child.signal) return { code: child.signal, text: '', errors: '', wall };
  const [usage, ...text] = child.stdout.split('\n').reverse();
  return { text: text.reverse().join('\n'), errors: child.stderr, wall, ...JSON.parse(usage) };
}

async function child(args) {
  const { run } = await import('../dist/run.js');
  const code = await run(args, process);
  const { user, system } = process.cpuUsage();
  const memory = peakKib() / 1024;
  process.stdout.write(`\n${JSON.stringify({ code, processor: (user + system) / 1e6, memory })}`);
}

/** Of this program alone, where Linux tells: `maxRSS` counts the process that started it too. */
function peakKib() {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}

if (process.argv[1] === self) await child(process.argv.slice(2));
