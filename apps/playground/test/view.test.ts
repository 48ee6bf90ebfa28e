import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { builtPage, hasChromium } from './built-page.js';
import { addressWith, brightnessOf, canvasOf, open } from './drive.js';

describe.runIf(hasChromium())('what is seen in Chromium', () => {
  const built = builtPage();
  let page: Page;
  let url: string;
  beforeAll(() => {
    ({ page, url } = built.get());
  });

  test('an address restores the whole state, a broken one is told', async () => {
    const address =
      '#target=rings&regions=o%3B1%2C0.5%3B1.25&activation=relu&depth=2&mode=project&seed=7&steps=20&lines=boundary&bends=true';
    await open(page, url + address);
    await page.getByRole('button', { name: 'Region 1, radius 1.25: arrow keys change it' }).waitFor();
    expect(await page.getByRole('combobox', { name: 'Target' }).inputValue()).toBe('rings');
    expect(await page.getByRole('combobox', { name: 'Mode' }).inputValue()).toBe('project');
    expect(await page.getByRole('combobox', { name: 'lines' }).inputValue()).toBe('boundary');
    expect(await page.getByLabel('where units change sign').isChecked()).toBe(true);
    expect(await page.getByLabel('Seed').inputValue()).toBe('7');
    await page.waitForFunction(() => document.querySelector('.steps b')?.textContent === '20');
    await addressWith(page, hash => hash === address);
    await open(page, `${url}#depth=99`);
    expect(await page.getByRole('alert').textContent()).toContain('depth');
  });

  test('lines: the boundary, several contours or none', async () => {
    await open(page, `${url}#width=16&steps=60`);
    await page.waitForFunction(() => document.querySelector('.steps b')?.textContent === '60');
    const lines = page.getByRole('combobox', { name: 'lines' });
    const seen = new Set<string>();
    for (const option of ['contours', 'boundary', 'none']) {
      await lines.selectOption(option);
      await page.waitForTimeout(100);
      seen.add(await canvasOf(page, 'With POLICE: outputs'));
    }
    expect(seen.size).toBe(3);
    await addressWith(page, hash => hash.includes('lines=none'));
  });

  test('where units change sign is shown and hidden again', async () => {
    await open(page, `${url}#width=16&lines=none`);
    const plain = await brightnessOf(page, 'With POLICE: outputs');
    const tick = page.getByLabel('where units change sign');
    /** Tries for a while, as pictures come when they come. */
    const becomes = async (condition: (share: number) => boolean) => {
      for (let tries = 0; tries < 100; tries++) {
        if (condition((await brightnessOf(page, 'With POLICE: outputs')) / plain)) return true;
        await page.waitForTimeout(50);
      }
      return false;
    };
    await tick.check();
    expect(await becomes(share => share < 0.97)).toBe(true);
    await addressWith(page, hash => hash.includes('bends=true'));
    await tick.uncheck();
    expect(await becomes(share => Math.abs(share - 1) < 0.001)).toBe(true);
  });

  test('all controls are reached by Tab, and show it', async () => {
    await open(page, `${url}#target=drawing&drawing=40e`);
    const seen = new Set<string>();
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab');
      const found = await page.evaluate(() => {
        const element = document.activeElement;
        if (!element || element === document.body) return undefined;
        // A hidden input shows its focus on what stands for it, a handle on the ring around it.
        const shown = [element, element.parentElement!, ...element.children, element.nextElementSibling];
        const isMarked = shown.some(each => {
          if (!each) return false;
          const { outlineStyle, strokeDasharray } = getComputedStyle(each);
          return outlineStyle !== 'none' || strokeDasharray !== 'none';
        });
        const name =
          element.getAttribute('aria-label') ??
          (element.closest('label') ?? element).textContent?.trim().slice(0, 24) ??
          '';
        return { name, isMarked };
      });
      if (!found) break;
      expect(found.isMarked, found.name).toBe(true);
      seen.add(found.name);
    }
    const names = [...seen].join('\n');
    for (const wanted of [
      /^Region 1, vertex 1/m,
      /^Region 1: add a vertex/m,
      /^Train$/m,
      /^Reset$/m,
      /^where units change sign$/m,
      /^lines/m,
      /^Freeze and prove$/m,
      /^Your own .onnx/m,
      /^Target/m,
      /^Seed/m,
      /^Drawing board/m,
      /^Brush/m,
      /^Clear$/m,
      /^Add polygon$/m,
      /^Policy/m,
      /^Gradient/m,
      /^shift$/m,
      /^Tour$/m,
      /^Physics prior$/m,
    ])
      expect(names).toMatch(wanted);
  });

  test.each(['light', 'dark'] as const)('%s: text stands out from its ground by 4.5 to 1', async scheme => {
    await page.emulateMedia({ colorScheme: scheme });
    await open(page, `${url}#target=drawing&drawing=40e&width=100`); // with a message
    const poor = await page.evaluate(() => {
      const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
      const light = (colour: string) => {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(channel => {
          const share = channel / 255;
          return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const groundOf = (element: Element): string => {
        const { backgroundColor, backgroundImage } = getComputedStyle(element);
        if (backgroundImage !== 'none') return 'none';
        if (backgroundColor !== 'rgba(0, 0, 0, 0)') return backgroundColor;
        return element.parentElement ? groundOf(element.parentElement) : 'white';
      };
      const elements = document.querySelectorAll(
        'h1, p, span, strong, legend, dt, dd, button, label, select, output',
      );
      return [...elements].flatMap(element => {
        const ground = groundOf(element);
        if (!element.textContent?.trim() || ground === 'none' || element.matches(':disabled')) return [];
        const [a, b] = [light(getComputedStyle(element).color), light(ground)].sort((p, q) => q - p);
        const contrast = (a + 0.05) / (b + 0.05);
        return contrast < 4.5 ? [`${element.textContent.trim().slice(0, 30)}: ${contrast.toFixed(2)}`] : [];
      });
    });
    expect(poor).toEqual([]);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(ground).toBe(scheme === 'light' ? 'rgb(251, 250, 248)' : 'rgb(20, 23, 28)');
  });

  test('fits a phone, with a board to draw on and a frozen model', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open(page, `${url}#target=drawing&drawing=40e&width=8&depth=1`);
    await page.getByRole('button', { name: 'Freeze and prove' }).click();
    await page.getByRole('button', { name: 'Run in ONNX Runtime' }).waitFor();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
    const boxes = await page
      .locator('.board, .planes, .controls fieldset, .buttons button, .drive, .presets, .tour')
      .all();
    for (const each of boxes) {
      const box = (await each.boundingBox())!;
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(390);
    }
  });

  built.testSilence();
});
