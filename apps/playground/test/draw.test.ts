import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { drawingFrom } from '../src/drawing/text.js';
import { EXTENT, type Point } from '../src/state/plane.js';
import { builtPage, hasChromium } from './built-page.js';
import { addressWith, canvasOf, open, ROUNDING, residuals, train } from './drive.js';

describe.runIf(hasChromium())('a drawing in Chromium', () => {
  const built = builtPage();
  let page: Page;
  let url: string;
  beforeAll(() => {
    ({ page, url } = built.get());
  });

  const board = () => page.getByRole('application', { name: 'Drawing board' });
  const hasDrawing = (hash: string) => hash.includes('drawing=');
  const drawingIn = (hash: string) => drawingFrom(new URLSearchParams(hash.slice(1)).get('drawing') ?? '')!;
  const painted = (hash: string, level: number) => drawingIn(hash).filter(each => each === level).length;
  const loss = async () =>
    Number(/loss ([\d.]+)/.exec((await page.locator('.planes figcaption span').first().textContent())!)![1]);

  async function drag(from: Point, to: Point): Promise<void> {
    await board().scrollIntoViewIfNeeded();
    const { x, y, width } = (await board().boundingBox())!;
    const pixel = ([px, py]: Point) =>
      [x + ((px + EXTENT) / 2 / EXTENT) * width, y + ((EXTENT - py) / 2 / EXTENT) * width] as const;
    await page.mouse.move(...pixel(from));
    await page.mouse.down();
    await page.mouse.move(...pixel(to), { steps: 5 });
    await page.mouse.up();
  }

  test('is painted by pointer, and both networks learn it', async () => {
    await open(page, `${url}#width=32`);
    await page.getByRole('combobox', { name: 'Target' }).selectOption('drawing');
    await page.getByRole('combobox', { name: 'Brush' }).selectOption('broad');
    await drag([-3, 2.5], [3, 2.5]);
    await page.getByRole('radiogroup', { name: 'Paint' }).getByText('−1').click();
    await drag([-3, -2.5], [3, -2.5]);
    const hash = await addressWith(page, found => hasDrawing(found) && painted(found, -1) > 0);
    // A bar 6 long and 1.6 broad with round ends, in cells of 0.2: 290.
    for (const level of [1, -1]) {
      expect(painted(hash, level)).toBeGreaterThan(270);
      expect(painted(hash, level)).toBeLessThan(310);
    }
    await train(page, 400);
    expect(await loss()).toBeLessThan(0.2); // of the drawing itself: 580 / 1600
    const [police, free] = await residuals(page);
    expect(police).toBeLessThan(ROUNDING);
    expect(free).toBeGreaterThan(2 ** -6);
  });

  test('is restored from its link, and so is the picture', async () => {
    const hash = await addressWith(page, found => found.includes('steps=400'));
    const [board, network] = [
      await canvasOf(page, 'The target'),
      await canvasOf(page, 'With POLICE: outputs'),
    ];
    await open(page, url);
    expect(await canvasOf(page, 'The target')).not.toBe(board);
    await open(page, url + hash);
    expect(await canvasOf(page, 'The target')).toBe(board);
    await addressWith(page, found => found === hash);
    await page.waitForFunction(() => document.querySelector('.steps b')?.textContent === '400');
    await page.waitForTimeout(100);
    expect(await canvasOf(page, 'With POLICE: outputs')).toBe(network);
  });

  test('takes other strokes while training goes on', async () => {
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await drag([-2, 0], [2, 0]);
    await page.getByRole('button', { name: 'Pause' }).click();
    await addressWith(page, found => painted(found, 1) > 310);
    await page.getByRole('button', { name: 'Train', exact: true }).waitFor();
    expect((await residuals(page))[0]).toBeLessThan(ROUNDING);
  });

  test('is painted, erased and undone by keys', async () => {
    await open(page, `${url}#target=drawing`);
    await board().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Space');
    const dab = await addressWith(page, hasDrawing);
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    const longer = await addressWith(page, found => painted(found, 1) > painted(dab, 1));
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    await addressWith(page, found => found === dab);
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowLeft'); // the radio button of ½
    await page.keyboard.press('ArrowLeft'); // and of 0
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Space');
    await addressWith(page, found => painted(found, 1) < painted(dab, 1));
    expect(painted(longer, 1)).toBeGreaterThan(painted(dab, 1));
  });

  test('is cleared, and that undone', async () => {
    await open(page, `${url}#target=drawing&drawing=400e`);
    await page.getByRole('button', { name: 'Clear' }).click();
    await addressWith(page, found => !hasDrawing(found));
    await page.getByRole('button', { name: 'Undo' }).click();
    await addressWith(page, found => found.includes('drawing=400e'));
  });

  test('that cannot be read is told, and blank', async () => {
    await open(page, `${url}#target=drawing&drawing=9999e`);
    expect(await page.getByRole('alert').textContent()).toContain('drawing');
    await page.getByText('Paint here').waitFor();
  });

  built.testSilence();
});
