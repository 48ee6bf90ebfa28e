import type { Page } from 'playwright-core';

/** Rounding of outputs of order 1 in float32, a few layers deep. */
export const ROUNDING = 2 ** -16;

/** Opens the page anew at a fragment, and waits for its first picture. */
export async function open(page: Page, address: string): Promise<void> {
  await page.goto('about:blank'); // else only the fragment would change
  await page.goto(address);
  await page.waitForSelector('.residual[data-residual]');
}

export const stepsOf = async (page: Page): Promise<number> => Number(await page.textContent('.steps b'));

export async function trainedTo(page: Page, count: number): Promise<void> {
  await page.waitForFunction(n => Number(document.querySelector('.steps b')?.textContent) >= n, count);
}

/** Trains so many steps more, 200 at a time. */
export async function train(page: Page, count: number): Promise<void> {
  const before = await stepsOf(page);
  for (let more = 200; more <= count; more += 200) {
    await page.getByRole('button', { name: '200 steps' }).click();
    await trainedTo(page, before + more);
    await page.getByRole('button', { name: '200 steps', disabled: false }).waitFor();
  }
}

/** Trains one step more. */
export async function trainOne(page: Page): Promise<void> {
  const before = await stepsOf(page);
  await page.getByRole('button', { name: '1 step', exact: true }).click();
  await trainedTo(page, before + 1);
  await page.getByRole('button', { name: '1 step', exact: true, disabled: false }).waitFor();
}

/** How far from affine: with POLICE, and without. */
export async function residuals(page: Page): Promise<number[]> {
  const element = page.locator('.residual');
  return [await element.getAttribute('data-residual'), await element.getAttribute('data-free')].map(Number);
}

/** The fragment, once it satisfies: it follows the settings with a short delay. */
export async function addressWith(page: Page, condition: (hash: string) => boolean): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    const hash = await page.evaluate(() => location.hash);
    if (condition(hash)) return hash;
    await page.waitForTimeout(50);
  }
  throw new Error(`The address stayed ${await page.evaluate(() => location.hash)}`);
}

/** What a canvas shows, as text, once it is drawn and what was about to be drawn is too. */
export async function canvasOf(page: Page, name: string): Promise<string> {
  const canvas = page.getByRole('img', { name });
  return canvas.evaluate(async element => {
    const shown = element as HTMLCanvasElement;
    const frame = () => new Promise(resolve => requestAnimationFrame(resolve));
    while (shown.width !== shown.height) await frame(); // as canvases are before
    for (let i = 0; i < 4; i++) await frame();
    return shown.toDataURL();
  });
}

/** The mean of a canvas's colours, 0 to 255. A browser may draw the same a little otherwise when it has been read. */
export async function brightnessOf(page: Page, name: string): Promise<number> {
  await canvasOf(page, name);
  return page.getByRole('img', { name }).evaluate(element => {
    const { width, height } = element as HTMLCanvasElement;
    const { data } = (element as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    return data.reduce((sum, channel, i) => sum + (i % 4 < 3 ? channel : 0), 0) / (3 * width * height);
  });
}
