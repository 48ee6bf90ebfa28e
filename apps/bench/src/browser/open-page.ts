import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { launch } from '@police/common/chromium';
import type { Page } from 'playwright-core';
import { bundlePage, type PageScript } from './bundle.js';

/** A page in a headless Chromium. */
export interface OpenPage {
  readonly page: Page;
  /** Its name and version. */
  readonly browser: string;
  close(): Promise<void>;
}

/** Opens a page with a script of this folder; `prepare` sees the page before the script runs. */
export async function openPage(
  script: PageScript,
  prepare: (page: Page) => Promise<unknown> = async () => {},
): Promise<OpenPage> {
  const server = createServer();
  const browser = await launch({ gpu: true });
  const close = async () => {
    await browser.close();
    server.close();
  };
  try {
    const page = await browser.newPage();
    await prepare(page);
    await page.goto(await served(server, await bundlePage(script)));
    return { page, browser: `Chromium ${browser.version()}`, close };
  } catch (error) {
    await close();
    throw error;
  }
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
