import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { builtPage, hasChromium } from './built-page.js';
import { open } from './drive.js';

const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe.runIf(hasChromium())('who uses the page in Chromium', () => {
  const built = builtPage();
  let page: Page;
  let url: string;
  beforeAll(() => {
    ({ page, url } = built.get());
  });

  /** What axe finds serious or critical, by rule and place. */
  async function seriousFaults(): Promise<string[]> {
    await page.evaluate(axe);
    return page.evaluate(async () => {
      const run = (window as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run;
      const { violations, passes } = await run({ rules: { 'target-size': { enabled: true } } });
      if (passes.length < 10) throw new Error('axe looked at next to nothing');
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`));
    });
  }

  test.each([
    ['light', DESKTOP, ''],
    ['dark', PHONE, '#target=drawing&drawing=40e&method=patch&width=8'],
  ] as const)('axe finds nothing serious: %s', async (colorScheme, size, hash) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    await open(page, url + hash);
    await page.getByRole('button', { name: 'Freeze and prove' }).click();
    await page.getByText(/^Proven/).waitFor();
    expect(await seriousFaults()).toEqual([]);
  });

  test('the tour leads through three steps, can be skipped, and stays away until it is wanted', async () => {
    const tour = page.getByRole('complementary', { name: 'Tour' });
    await open(page, url);
    await tour.getByText('1 of 3').waitFor();
    await tour.getByRole('button', { name: 'Next' }).click();
    await tour.getByText('2 of 3').waitFor();
    await tour.getByRole('button', { name: 'Skip' }).click();
    expect(await tour.count()).toBe(0);
    await open(page, url);
    expect(await tour.count()).toBe(0);
    await page.getByRole('button', { name: 'Tour' }).click();
    for (const next of ['Next', 'Next', 'Done']) await tour.getByRole('button', { name: next }).click();
    expect(await tour.count()).toBe(0);
  });

  test('on a phone both pictures, Train and Freeze are in view, and handles are 24 pixels', async () => {
    await page.setViewportSize(PHONE);
    await open(page, url);
    for (const wanted of [
      page.getByRole('img', { name: 'With POLICE: outputs' }),
      page.getByRole('img', { name: 'Without: outputs' }),
      page.getByRole('button', { name: 'Train', exact: true }),
      page.getByRole('button', { name: 'Freeze and prove' }),
      page.getByRole('radiogroup', { name: 'Method' }),
    ]) {
      const { x, y, width, height } = (await wanted.boundingBox())!;
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x + width).toBeLessThanOrEqual(PHONE.width);
      expect(y + height).toBeLessThanOrEqual(PHONE.height);
    }
    const handles = await page.locator('.handle .reach').all();
    expect(handles.length).toBeGreaterThan(0);
    for (const handle of handles) {
      const { width, height } = (await handle.boundingBox())!;
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(24);
    }
  });

  test('every example is a sentence, and its networks keep the promise', async () => {
    await page.setViewportSize(DESKTOP);
    await open(page, url);
    for (const name of ['Control law', 'Physics prior', 'Robust box', 'Image patch']) {
      await page.getByRole('button', { name }).click();
      await page.locator('.presets button[aria-pressed=true]', { hasText: name }).waitFor();
      expect(await page.locator('.presets p').textContent()).toMatch(/^[A-Z].*\.$/);
      await page.waitForFunction(() => Number(document.querySelector('.steps b')?.textContent) >= 3000);
    }
  });

  built.testSilence();
});
