import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { builtPage, hasChromium } from './built-page.js';
import {
  addressWith,
  canvasOf,
  open,
  ROUNDING,
  residuals,
  stepsOf,
  train,
  trainedTo,
  trainOne,
} from './drive.js';

describe.runIf(hasChromium())('the page in Chromium', () => {
  const built = builtPage();
  let page: Page;
  let url: string;
  beforeAll(() => {
    ({ page, url } = built.get());
  });

  test('trains 200 steps, affine to rounding beside a network that is not', async () => {
    await open(page, `${url}#start=new`);
    await train(page, 200);
    const [police, free] = await residuals(page);
    expect(police).toBeLessThan(ROUNDING);
    expect(free).toBeGreaterThan(2 ** -6);
    expect(await page.locator('.chart path').count()).toBeGreaterThan(0);
  });

  test('opens trained on a task that shows the promise, and trains on from there', async () => {
    await open(page, url);
    const steps = await stepsOf(page);
    expect(steps).toBeGreaterThan(1000);
    expect(await addressWith(page, hash => hash.includes('start='))).toContain('start=control');
    const [police, free] = await residuals(page);
    expect(police).toBeLessThan(ROUNDING);
    expect(free).toBeGreaterThan(0.5);
    await trainOne(page);
    expect((await residuals(page))[0]).toBeLessThan(ROUNDING);
    expect(await stepsOf(page)).toBe(steps + 1);
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.waitForFunction(() => document.querySelector('.steps b')?.textContent === '0');
    await addressWith(page, hash => !hash.includes('start='));
  });

  test('a link that was trained on from a preset shows the same again', async () => {
    await open(page, url);
    await page.getByRole('button', { name: 'Physics prior' }).click();
    await page.waitForFunction(() => document.querySelector('.steps b')?.textContent === '3000');
    await trainOne(page);
    const hash = await addressWith(page, found => found.includes('start=prior') && found.includes('steps=1'));
    const seen = await canvasOf(page, 'With POLICE: outputs');
    await open(page, url + hash);
    await page.waitForFunction(() => document.querySelector('.steps b')?.textContent === '3001');
    await page.waitForTimeout(100);
    expect(await canvasOf(page, 'With POLICE: outputs')).toBe(seen);
    await open(page, `${url}#start=prior&width=16`);
    expect(await page.getByRole('alert').textContent()).toContain('start');
  });

  test('shift and patch are exchanged under the networks, and the steepness of the patch', async () => {
    await open(page, `${url}#width=16&start=new`);
    await trainOne(page);
    const [, free] = await residuals(page);
    await page.getByRole('radiogroup', { name: 'Method' }).getByText('patch').click();
    await page.getByText('held by the patch').waitFor();
    await page.locator('.residual').waitFor();
    await trainOne(page);
    expect((await residuals(page))[0]).toBeLessThan(ROUNDING);
    const gentle = await canvasOf(page, 'With a patch: outputs');
    await page.getByLabel('steepness').fill('8');
    await addressWith(page, hash => hash.includes('method=patch') && hash.includes('steepness=50'));
    await page.waitForTimeout(300);
    expect(await canvasOf(page, 'With a patch: outputs')).not.toBe(gentle);
    expect((await residuals(page))[0]).toBeLessThan(ROUNDING);
    expect(free).toBeGreaterThan(2 ** -6);
    await page.getByRole('button', { name: 'Freeze and prove' }).click();
    await page.getByText(/^Proven: on the region the cones have no width/).waitFor();
    await page.getByRole('button', { name: 'Run in ONNX Runtime' }).click();
    const difference = page.locator('.onnx-difference');
    await difference.waitFor();
    expect(Number(await difference.getAttribute('data-difference'))).toBeLessThan(ROUNDING);
    await page.getByRole('radiogroup', { name: 'Method' }).getByText('shift').click();
    await page.getByText('units shifted').waitFor();
    await trainOne(page);
    expect((await residuals(page))[0]).toBeLessThan(ROUNDING);
  });

  test('Train goes on until Pause', async () => {
    await open(page, `${url}#width=32`);
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await trainedTo(page, 30);
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

  test('asks for ONNX Runtime and for what reads models only when they are needed', async () => {
    const wanted = built.get().requested.length;
    await open(page, url);
    expect(
      built
        .get()
        .requested.slice(wanted)
        .filter(each => /\/(ort|own-worker)/.test(each)),
    ).toEqual([]);
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
    await page.getByRole('button', { name: 'Run in ONNX Runtime' }).click();
    const difference = page.locator('.onnx-difference');
    await difference.waitFor();
    expect(Number(await difference.getAttribute('data-difference'))).toBeLessThan(ROUNDING);
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
