import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { exportOnnx } from '@police/onnx-export';
import type { Page } from 'playwright-core';
import { beforeAll, describe, test } from 'vitest';
import { builtPage, hasChromium } from './built-page.js';
import { open } from './drive.js';
import { randomChain } from './networks.js';

const folder = fileURLToPath(new URL('../../../docs/playground/', import.meta.url));

/** Writes the pictures of docs/playground: `PLAYGROUND_SHOTS=1 npx vitest run --project node apps/playground/test/screenshots.test.ts`. */
describe.runIf(process.env.PLAYGROUND_SHOTS === '1' && hasChromium())('pictures of the page', () => {
  const built = builtPage();
  let page: Page;
  let url: string;
  beforeAll(async () => {
    ({ page, url } = built.get());
    await mkdir(folder, { recursive: true });
  });

  const shoot = async (name: string, whole = false) => {
    await page.waitForTimeout(700);
    await page.screenshot({ path: `${folder}${name}.png`, fullPage: whole });
  };

  test('opening, light', async () => {
    await page.emulateMedia({ colorScheme: 'light' });
    await open(page, url);
    await shoot('desktop');
  });

  test('opening, on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open(page, url);
    await shoot('phone-tour');
    await page.getByRole('button', { name: 'Skip' }).click();
    await shoot('phone');
    await shoot('phone-whole', true);
  });

  test('someone’s own model', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await open(page, `${url}#regions=-2.5,-1.5;1.5,-2;0.5,2`);
    const buffer = Buffer.from(exportOnnx(randomChain(8, 'relu', { inputs: 4, outputs: 3 })));
    await page.locator('input[type=file]').setInputFiles({ name: 'model.onnx', mimeType: '', buffer });
    await page.locator('.own-stage[aria-busy=false] .own-figures').first().waitFor();
    await shoot('own-model', true);
  });

  test('other presets, dark, frozen', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await open(page, url);
    for (const name of ['Robust box', 'Control law', 'Image patch']) {
      await page.getByRole('button', { name }).click();
      await shoot(name.toLowerCase().replace(' ', '-'));
    }
    await page.getByRole('button', { name: 'Control law' }).click();
    await page.getByLabel('where units change sign').check();
    await page.getByRole('button', { name: 'Freeze and prove' }).click();
    await page.getByText(/^Proven/).waitFor();
    await shoot('desktop-dark');
  });
});
