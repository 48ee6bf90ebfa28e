import { browserRefusal, launch } from '@police/common/chromium';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtFolder } from './built-folder.js';
import { type StaticServer, serve } from './static-server.js';

/** Whether there is a Chromium; tells where there is none, and throws in CI. */
export function hasChromium(): boolean {
  const message = browserRefusal();
  if (message === undefined) return true;
  if (process.env.CI) throw new Error(message);
  console.warn(`Browser tests skipped: ${message}.`);
  return false;
}

export interface BuiltPage {
  readonly page: Page;
  readonly url: string;
  /** What has been asked for so far. */
  readonly requested: readonly string[];
}

/** Serves the built page as plain files below a path and opens it, for all tests of a suite; `testSilence` goes last. */
export function builtPage(): { get: () => BuiltPage; testSilence: () => void } {
  let server: StaticServer;
  let browser: Browser;
  let opened: BuiltPage;
  const complaints: string[] = [];
  const requested: string[] = [];

  beforeAll(async () => {
    server = await serve(await builtFolder(), '/some/folder/');
    browser = await launch();
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('console', message => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(error.message));
    page.on('request', request => {
      requested.push(request.url());
    });
    opened = { page, url: server.url, requested };
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  return {
    get: () => opened,
    testSilence: () =>
      test('nothing complained, and no request left this machine', () => {
        expect(complaints).toEqual([]);
        expect(requested.filter(isStrange)).toEqual([]);
      }),
  };
}

function isStrange(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol.startsWith('http') && hostname !== '127.0.0.1';
}
