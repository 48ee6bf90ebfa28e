import { chain, dense, matrix, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { builtPage, hasChromium } from './built-page.js';
import { addressWith, open, ROUNDING, residuals, stepsOf, train, trainedTo } from './drive.js';

describe.runIf(hasChromium())('the page in Chromium', () => {
  const built = builtPage('page');
  let page: Page;
  let url: string;
  beforeAll(() => {
    ({ page, url } = built.get());
  });

  test('trains 200 steps, affine to rounding beside a network that is not', async () => {
    await open(page, url);
    await train(page, 200);
    const [police, free] = await residuals(page);
    expect(police).toBeLessThan(ROUNDING);
    expect(free).toBeGreaterThan(2 ** -6);
    expect(await page.locator('.chart path').count()).toBeGreaterThan(0);
  });

  test('Train goes on until Pause', async () => {
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await trainedTo(page, 230);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Train', exact: true }).waitFor();
    const paused = await stepsOf(page);
    await page.waitForTimeout(400);
    expect(await stepsOf(page)).toBeLessThanOrEqual(paused + 20); // the slice that was under way
  });

  test('a vertex moves by pointer and by key, and the network with it', async () => {
    const vertex = page.getByRole('button', { name: /^Region 1, vertex 3 / });
    const box = (await vertex.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y - 20, { steps: 4 });
    await page.mouse.up();
    const dragged = await addressWith(page, hash => hash.includes('regions='));
    await vertex.focus();
    await page.keyboard.press('ArrowDown');
    await addressWith(page, hash => hash.includes('regions=') && hash !== dragged);
    await page.getByRole('button', { name: '1 step', exact: true }).click();
    await page.waitForTimeout(500);
    const [police] = await residuals(page);
    expect(police).toBeLessThan(ROUNDING);
  });

  test('regions are added and removed, and without any both bend alike', async () => {
    await page.getByRole('button', { name: 'Add disc' }).click();
    await page.getByRole('button', { name: /^Region 2, radius/ }).waitFor();
    await page.getByRole('button', { name: 'Remove last' }).click();
    await page.getByRole('button', { name: 'Remove last' }).click();
    expect(await page.getByRole('button', { name: /^Region/ }).count()).toBe(0);
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.waitForFunction(() => document.querySelector('.steps b')?.textContent === '0');
    await train(page, 200);
    const [left, right] = await page.locator('.planes figcaption span').allTextContents();
    expect(left).toBe(right);
  });

  test.each(['mode=project', 'gradient=local'])('%s trains too, affine to rounding', async choice => {
    await open(page, `${url}#width=16&${choice}`);
    await train(page, 200);
    const [police, free] = await residuals(page);
    expect(police).toBeLessThan(ROUNDING);
    expect(free).toBeGreaterThan(2 ** -6);
  });

  test('mode and gradient are chosen on the page, and networks trained by them differ', async () => {
    const losses = new Set<string>();
    const choose = async (name: string, option: string) =>
      page.getByRole('combobox', { name }).selectOption(option);
    for (const [mode, gradient] of [
      ['shift', 'exact'],
      ['shift', 'local'],
      ['project', 'local'],
    ]) {
      await choose('Mode', 'shift'); // else there is no gradient to choose
      await choose('Gradient', gradient);
      await choose('Mode', mode);
      await page.waitForFunction(() => document.querySelector('.steps b')?.textContent === '0');
      await train(page, 200);
      losses.add((await page.locator('.planes figcaption span').first().textContent())!.split(',')[0]);
    }
    expect(losses.size).toBe(3);
    expect(await page.getByRole('combobox', { name: 'Gradient' }).isDisabled()).toBe(true);
  });

  test('freezes with a proof, and ONNX Runtime computes the same', async () => {
    await open(page, `${url}#width=16&seed=3`);
    await train(page, 200);
    await page.getByRole('button', { name: 'Freeze and prove' }).click();
    await page.getByText(/^Proven: on the region no unit changes sign/).waitFor();
    await page.getByText('The certificate').click();
    expect(JSON.parse((await page.locator('.proof pre').textContent())!)).toHaveProperty('regions');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download ONNX' }).click();
    expect((await download).suggestedFilename()).toBe('police.onnx');
    const runtime = () => built.get().requested.filter(each => /\/ort/.test(each));
    expect(runtime()).toEqual([]); // on demand only
    await page.getByRole('button', { name: 'Run in ONNX Runtime' }).click();
    const difference = page.locator('.onnx-difference');
    await difference.waitFor();
    expect(Number(await difference.getAttribute('data-difference'))).toBeLessThan(ROUNDING);
    expect(runtime().length).toBeGreaterThan(0);
  });

  test('shows a model before and after, and says what is wrong with a file', async () => {
    const choose = (buffer: Buffer) =>
      page.locator('input[type=file]').setInputFiles({ name: 'model.onnx', mimeType: '', buffer });
    const drop = async (bytes: Uint8Array) => {
      const dataTransfer = await page.evaluateHandle(data => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(data)], 'model.onnx'));
        return transfer;
      }, Array.from(bytes));
      await page.dispatchEvent('.drop', 'drop', { dataTransfer });
    };
    const model = chain(2, [
      dense(matrix(3, 2, Float64Array.of(1, 1, -1, 0.5, 0.25, -1)), [0, 0.125, 0.25]),
      relu(),
      dense(matrix(1, 3, Float64Array.of(1, 1, 1)), [0]),
    ]);
    await choose(Buffer.from(exportOnnx(model)));
    await page.getByText(/^\d of 3 units shifted/).waitFor();
    await page.getByRole('button', { name: 'Back to training' }).click();
    await drop(exportOnnx(model));
    await page.getByText(/^\d of 3 units shifted/).waitFor();
    await choose(Buffer.from('this is no model'));
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toMatch(/\w/);
    await page.getByRole('button', { name: 'Back to training' }).click();
    await page.getByRole('button', { name: '200 steps' }).waitFor();
  });

  test('says what is wrong where there is nothing to prove', async () => {
    await open(page, `${url}#regions=`);
    await page.getByRole('button', { name: 'Freeze and prove' }).click();
    await page.getByRole('alert').waitFor();
  });

  test('shows what no one caught', async () => {
    await page.evaluate(() => dispatchEvent(new ErrorEvent('error', { message: 'a probe' })));
    await page.getByText('a probe').waitFor();
  });

  built.testSilence();
});
