// Type-checks ./index.ts as a stranger's strict project would, declarations of dependencies included. brain.js' own declarations do not
// pass (its GPU network narrows what its base class declares), whoever imports them: their errors are not ours to mend.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const FOREIGN = /^node_modules\/(brain\.js|gpu\.js|gpu-mock\.js)\//;
const root = fileURLToPath(new URL('../../..', import.meta.url));
const { stdout, stderr } = spawnSync('npx', ['tsc', '-p', 'packages/testing/consumer', '--pretty', 'false'], {
  cwd: root,
  encoding: 'utf8',
});
const errors = stdout.split('\n').filter(line => /: error TS\d+|^error TS/.test(line));
const ours = errors.filter(line => !FOREIGN.test(line));
process.stdout.write(
  `${errors.length - ours.length} errors in brain.js’ own declarations, ${ours.length} in ours\n`,
);
process.stdout.write(ours.map(line => `${line}\n`).join(''));
process.stderr.write(stderr);
process.exitCode = ours.length > 0 || stderr ? 1 : 0;
