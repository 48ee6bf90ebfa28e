import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { launch } from '@police/common/chromium';
import { type End, type Job, reasonOf } from '../attempt.js';
import { bundlePage } from './bundle.js';

/** Globals of the page. */
export interface PageGlobals {
  /** The page’s script sets it. */
  attempt(job: Job): Promise<End>;
  /** Calls this process. */
  at(contender: string): Promise<void>;
}

/** Measures in a headless Chromium. Never throws. Times are taken inside the page. */
export async function attemptInBrowser(job: Job, at: (contender: string) => void): Promise<End> {
  const server = createServer();
  let last: string | undefined;
  try {
    const browser = await launch({ gpu: true });
    try {
      const page = await browser.newPage();
      await page.exposeFunction('at', (contender: string) => {
        last = contender;
        at(contender);
      });
      await page.goto(await served(server, await bundlePage()));
      const end = await page.evaluate(job => (globalThis as unknown as PageGlobals).attempt(job), job);
      return withBrowser(end, `Chromium ${browser.version()}`);
    } finally {
      await browser.close();
    }
  } catch (error) {
    const reason = reasonOf(error);
    // A page that has gone took a contender's memory or device with it.
    return last === undefined
      ? { kind: 'failed', reason }
      : { kind: 'contender failed', contender: last, reason };
  } finally {
    server.close();
  }
}

function withBrowser(end: End, browser: string): End {
  if (end.kind !== 'done' || !end.result.device) return end;
  return { ...end, result: { ...end.result, device: { ...end.result.device, browser } } };
}

/** Serves a page with the script on a free port, and returns its address: WebGPU exists on http://127.0.0.1, not on about:blank. */
function served(server: Server, script: string): Promise<string> {
  server.on('request', ({ url }, response) => {
    const isScript = url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><meta charset="utf-8"><script src="/page.js"></script>');
  });
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    );
  });
}
