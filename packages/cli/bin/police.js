#!/usr/bin/env node
// npm links a workspace's command only if its file is there when it installs, which dist/ in a fresh clone is not. Without the
// link, `npx police` would offer a stranger's package.
import { existsSync } from 'node:fs';

const program = new URL('../dist/bin.js', import.meta.url);
if (existsSync(program)) await import(program.href);
else {
  process.stderr.write('police: not built yet. In the clone: npm ci && npm run build\n');
  process.exitCode = 2;
}
