import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { builtPage, hasChromium } from './built-page.js';
import { open, stepsOf } from './drive.js';

/** Milliseconds that are looked at. */
const PERIOD = 1500;

describe.runIf(hasChromium())('training 3 × 64 on wasm in Chromium', () => {
  const built = builtPage();
  let page: Page;
  let url: string;
  beforeAll(() => {
    ({ page, url } = built.get());
  });

  /** Pictures drawn and steps trained, a second. */
  async function speed(): Promise<{ pictures: number; steps: number }> {
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.waitForTimeout(500);
    const before = await stepsOf(page);
    const pictures = await page.evaluate(
      period =>
        new Promise<number>(resolve => {
          let changes = 0;
          const observer = new MutationObserver(() => changes++);
          observer.observe(document.querySelector('.steps b')!, {
            characterData: true,
            subtree: true,
            childList: true,
          });
          setTimeout(() => {
            observer.disconnect();
            resolve(changes);
          }, period);
        }),
      PERIOD,
    );
    const steps = (await stepsOf(page)) - before;
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Train', exact: true }).waitFor();
    return { pictures: (1000 * pictures) / PERIOD, steps: (1000 * steps) / PERIOD };
  }

  test.each(['shift', 'patch'])('by %s, with the lines where units change sign and without', async method => {
    const told: string[] = [];
    for (const bends of [false, true]) {
      await open(page, `${url}#method=${method}&bends=${bends}&steps=2`);
      const { pictures, steps } = await speed();
      told.push(
        `${bends ? 'with' : 'without'} lines ${pictures.toFixed(0)} pictures, ${steps.toFixed(0)} steps a second`,
      );
      expect(pictures).toBeGreaterThan(0);
      expect(steps).toBeGreaterThan(0);
    }
    console.info(`${method}: ${told.join('; ')}`);
  });

  built.testSilence();
});
