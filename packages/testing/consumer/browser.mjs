import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { serve } from './serve.mjs';

/** Nothing but the page's own files, and what it has inline by its hash (Parcel: a map of its files). */
function policyOf(folder, { wasm }) {
  const html = readFileSync(`${folder}/index.html`, 'utf8');
  const inline = Array.from(html.matchAll(/<script[^>]*>([^<]+)<\/script>/g), ([, text]) => {
    return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  });
  const scripts = ["'self'", ...(wasm ? ["'wasm-unsafe-eval'"] : []), ...inline];
  return `default-src 'self'; script-src ${scripts.join(' ')}; worker-src 'self'`;
}

let browser;

/** Opens a built folder, asks the page, and closes it. */
async function withPage(folder, options, ask) {
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) throw new Error(`needs Chromium: ${executablePath} does not exist`);
  browser ??= await chromium.launch({ executablePath, args: ['--no-sandbox', '--no-first-run'] });
  const server = await serve(folder, options);
  const page = await browser.newPage();
  const complaints = [];
  page.on('pageerror', error => complaints.push(`${error.stack ?? error}`));
  page.on('console', message => complaints.push(message.text()));
  try {
    await page.goto(server.url);
    return await ask(page);
  } catch (error) {
    throw new Error(`${folder} in Chromium: ${error.message}\n${complaints.join('\n')}`);
  } finally {
    await page.close();
    await server.close();
  }
}

const answersOf = names => async page => {
  await page.waitForFunction(() => globalThis.check, undefined, { timeout: 30_000 });
  const answers = {};
  for (const name of names) answers[name] = await page.evaluate(asked => globalThis.check(asked), name);
  return answers;
};

function expectAnswers(what, answers, wanted) {
  for (const [name, answer] of Object.entries(wanted))
    if (answers[name] !== answer) throw new Error(`${what}: ${name} is ${answers[name]}, not ${answer}`);
}

/** The page of page.js, built into a folder: all it does under a strict policy, and what it says where WebAssembly is missing or forbidden. */
export async function checkPage(folder, name, wanted) {
  const under = options => withPage(folder, options, answersOf(Object.keys(wanted)));
  expectAnswers(name, await under({ policy: policyOf(folder, { wasm: true }) }), wanted);
  const refused = { programs: 'not-loaded', wasm: 'not-loaded', roundTrip: 'ok' };
  const missing = await under({ isMissing: path => path.endsWith('.wasm') });
  expectAnswers(`${name} without its wasm files`, missing, refused);
  expectAnswers(
    `${name} where wasm is forbidden`,
    await under({ policy: policyOf(folder, { wasm: false }) }),
    refused,
  );
}

/** What a page writes into its title, when it has one other than that of its HTML. */
export const titleOf = folder =>
  withPage(folder, { policy: policyOf(folder, { wasm: true }) }, async page => {
    await page.waitForFunction(() => document.title !== 'waiting', undefined, { timeout: 60_000 });
    return page.title();
  });

export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}
