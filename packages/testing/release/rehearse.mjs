// A release from end to end on loopback: `npm run rehearse:release`. A clone of what is committed is versioned, built and published to a
// registry of its own; then strangers install by name and do what the READMEs say.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { checkNode } from '../consumer/node.mjs';
import { emptyFolder, install, project, root, run } from '../consumer/pack.mjs';
import { checkTypes } from '../consumer/types.mjs';
import { checkVite } from '../consumer/vite.mjs';

/** The last that runs on Node 20. */
const VERDACCIO = 'verdaccio@6.1.6';

/** It asks for a tag of node-fetch, which not every registry tells. */
const MANIFEST = { private: true, overrides: { 'node-fetch': '2.7.0' } };

const CONFIG = `storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
packages:
  '**':
    access: $all
    publish: $authenticated
log: { type: stdout, level: warn }
`;

const say = text => process.stdout.write(`${text}\n`);

const registry = await startRegistry();
try {
  const version = publish(registry);
  say(`published ${version}`);
  const byName = (folder, names) => {
    // Ours come from there, all else from where it always does.
    writeFileSync(`${folder}/.npmrc`, `@police:registry=${registry.url}\n`);
    install(folder, names);
  };
  checkCommand(byName, version);
  checkNode(byName);
  checkTypes(byName);
  await checkVite(byName);
  say('rehearsed');
} finally {
  registry.stop();
}

/** Clones, versions, builds and publishes; returns the version. */
function publish({ url, token }) {
  const clone = emptyFolder('release');
  run('git', ['clone', '--quiet', root, clone], { cwd: root });
  const steps = [
    ['ci', '--no-audit', '--no-fund', '--prefer-offline'],
    ['run', 'version'],
    ['run', 'build'],
  ];
  for (const step of steps) run('npm', step, { cwd: clone });
  for (const args of [[], ['--check']])
    run('node', ['packages/testing/release/readmes.mjs', ...args], { cwd: clone });
  const address = url.replace(/^http:/, '');
  writeFileSync(`${clone}/.npmrc`, `registry=${url}\n${address}:_authToken=${token}\n`);
  run('npx', ['changeset', 'publish', '--no-git-tag'], { cwd: clone, env: { npm_config_registry: url } });
  return JSON.parse(readFileSync(`${clone}/packages/core/package.json`, 'utf8')).version;
}

/** `npx @police/cli`, and the command as a project's own. */
function checkCommand(install, version) {
  const folder = project('command', { 'package.json': { private: true } });
  install(folder, ['@police/cli']);
  for (const args of [
    ['police', '--version'],
    ['@police/cli', '--version'],
  ]) {
    const said = run('npx', args, { cwd: folder }).trim();
    if (said !== version) throw new Error(`npx ${args.join(' ')} says ${said}, not ${version}`);
  }
  say('npx police and npx @police/cli are the command');
}

/** An empty registry on loopback, with one user. */
async function startRegistry() {
  const folder = project('registry', { 'package.json': MANIFEST, 'config.yaml': CONFIG });
  install(folder, [VERDACCIO]);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const child = spawn(
    'node',
    ['node_modules/.bin/verdaccio', '-c', 'config.yaml', '-l', `127.0.0.1:${port}`],
    {
      cwd: folder,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const stop = () => child.kill();
  process.on('exit', stop);
  for (let left = 120; ; left--) {
    const answer = await fetch(`${url}-/ping`).catch(() => undefined);
    if (answer?.ok) break;
    if (left === 0 || child.exitCode !== null) throw new Error('the registry did not start');
    await new Promise(resolve => setTimeout(resolve, 500));
  }
  const user = { name: 'rehearsal', password: 'a-rehearsal-on-loopback' };
  const answer = await fetch(`${url}-/user/org.couchdb.user:${user.name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  });
  const { token } = await answer.json();
  return { url, token, stop };
}

/** One that nobody listens on. */
function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
