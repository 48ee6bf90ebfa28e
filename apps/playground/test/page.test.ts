import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chain, dense, matrix, relu } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build, type PreviewServer, preview, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const root = fileURLToPath(new URL('..', import.meta.url));
const hasBrowser = existsSync(EXECUTABLE);
if (!hasBrowser && process.env.CI)
  throw new Error(`No Chromium at ${EXECUTABLE}: apt-get install chromium, or set CHROMIUM_PATH`);
if (!hasBrowser)
  console.warn(
    `Browser tests skipped: no Chromium at ${EXECUTABLE} (apt-get install chromium, or set CHROMIUM_PATH).`,
  );

/** Kilobytes, gzipped, of the page, the worker and all that they import at once. */
const LARGEST = 400;

describe.runIf(hasBrowser)('the page in Chromium', () => {
  let server: PreviewServer;
  let browser: Browser;
  let page: Page;
  let url: string;
  let built: Rolldown.RolldownOutput;
  const complaints: string[] = [];
  const strangers: string[] = [];

  beforeAll(async () => {
    const configFile = `${root}/vite.config.ts`;
    const outDir = `${root}/dist-test`;
    built = (await build({
      root,
      configFile,
      logLevel: 'silent',
      build: { outDir },
    })) as Rolldown.RolldownOutput;
    server = await preview({
      root,
      configFile,
      logLevel: 'silent',
      build: { outDir },
      preview: { port: 0, host: '127.0.0.1' },
    });
    url = server.resolvedUrls!.local[0];
    browser = await chromium.launch({
      executablePath: EXECUTABLE,
      args: [
        '--no-sandbox',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('console', message => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(error.message));
    page.on('request', request => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol.startsWith('http') && hostname !== '127.0.0.1') strangers.push(request.url());
    });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const steps = async () => Number(await page.textContent('.steps b'));
  const residuals = async () => {
    const element = page.locator('.residual');
    return [await element.getAttribute('data-residual'), await element.getAttribute('data-free')].map(Number);
  };
  const trainTo = (count: number) =>
    page.waitForFunction(n => Number(document.querySelector('.steps b')?.textContent) >= n, count);

  test('trains 200 steps, affine to rounding beside a network that is not', async () => {
    await page.goto(url);
    await page.waitForSelector('.residual[data-residual]');
    await page.getByRole('button', { name: '200 steps' }).click();
    await trainTo(200);
    const [police, free] = await residuals();
    expect(police).toBeLessThan(2 ** -16); // outputs of order 1 in float32, a few layers deep
    expect(free).toBeGreaterThan(2 ** -6);
    expect(await page.locator('.chart path').count()).toBeGreaterThan(0);
  });

  test('Train goes on until Pause', async () => {
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await trainTo(230);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Train', exact: true }).waitFor();
    const paused = await steps();
    await page.waitForTimeout(400);
    expect(await steps()).toBeLessThanOrEqual(paused + 20); // the slice that was under way
  });

  test('a vertex moves by pointer and by key, and the network with it', async () => {
    const before = await page.evaluate(() => location.hash);
    const vertex = page.getByRole('button', { name: /^Region 1, vertex 3 / });
    const box = (await vertex.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y - 20, { steps: 4 });
    await page.mouse.up();
    const dragged = await page.evaluate(() => location.hash);
    expect(dragged).not.toBe(before);
    await vertex.focus();
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate(() => location.hash)).not.toBe(dragged);
    await page.getByRole('button', { name: '1 step', exact: true }).click();
    await page.waitForTimeout(500);
    const [police] = await residuals();
    expect(police).toBeLessThan(2 ** -16);
  });

  test('regions are added and removed, and without any both bend alike', async () => {
    await page.getByRole('button', { name: 'Add disc' }).click();
    await page.getByRole('button', { name: /^Region 2, radius/ }).waitFor();
    await page.getByRole('button', { name: 'Remove last' }).click();
    await page.getByRole('button', { name: 'Remove last' }).click();
    expect(await page.getByRole('button', { name: /^Region/ }).count()).toBe(0);
    await page.reload();
    await page.waitForSelector('.residual[data-residual]');
    await page.getByRole('button', { name: '200 steps' }).click();
    await trainTo(200);
    const [left, right] = await page.locator('.planes figcaption span').allTextContents();
    expect(left).toBe(right);
  });

  test('freezes with a proof, and ONNX Runtime computes the same', async () => {
    await page.goto(`${url}#width=16&seed=3`);
    await page.reload();
    await page.waitForSelector('.residual[data-residual]');
    await page.getByRole('button', { name: '200 steps' }).click();
    await trainTo(200);
    await page.getByRole('button', { name: 'Freeze and prove' }).click();
    await page.getByText(/^Proven: on the region no unit changes sign/).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download ONNX' }).click();
    expect((await download).suggestedFilename()).toBe('police.onnx');
    await page.getByRole('button', { name: 'Run in ONNX Runtime' }).click();
    const difference = page.locator('.onnx-difference');
    await difference.waitFor();
    expect(Number(await difference.getAttribute('data-difference'))).toBeLessThan(2 ** -16);
  });

  test('shows a model before and after, and says what is wrong with a file', async () => {
    const choose = (buffer: Buffer) =>
      page.locator('input[type=file]').setInputFiles({ name: 'model.onnx', mimeType: '', buffer });
    const model = chain(2, [
      dense(matrix(3, 2, Float64Array.of(1, 1, -1, 0.5, 0.25, -1)), [0, 0.125, 0.25]),
      relu(),
      dense(matrix(1, 3, Float64Array.of(1, 1, 1)), [0]),
    ]);
    await choose(Buffer.from(exportOnnx(model)));
    await page.getByText(/^\d of 3 units shifted/).waitFor();
    await choose(Buffer.from('this is no model'));
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toMatch(/\w/);
    await page.getByRole('button', { name: 'Back to training' }).click();
    await page.getByRole('button', { name: '200 steps' }).waitFor();
  });

  test('an address restores the whole state, a broken one is told', async () => {
    const address = '#target=rings&regions=o%3B1%2C0.5%3B1.25&activation=relu&depth=2&seed=7';
    await page.goto('about:blank');
    await page.goto(url + address);
    await page.getByRole('button', { name: 'Region 1, radius 1.25: arrow keys change it' }).waitFor();
    expect(await page.getByLabel('Target').inputValue()).toBe('rings');
    expect(await page.getByLabel('Seed').inputValue()).toBe('7');
    expect(await page.evaluate(() => location.hash)).toBe(address);
    await page.goto('about:blank');
    await page.goto(`${url}#depth=99`);
    expect(await page.getByRole('alert').textContent()).toContain('depth');
  });

  test('fits a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(390);
  });

  test('nothing complained, and no request left this machine', () => {
    expect(complaints).toEqual([]);
    expect(strangers).toEqual([]);
  });

  test(`page and worker stay under ${LARGEST} kB gzipped`, () => {
    const files = built.output.map(
      file => [file.fileName, file.type === 'chunk' ? file.code : file.source] as const,
    );
    const sizeOf = (name: string) =>
      gzipSync(files.find(([file]) => file === name || file.endsWith(`/${name}`))![1]).length / 1000;
    const importsOf = (code: string) =>
      [...code.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)].map(([, name]) => name);
    const start = files.filter(([file]) => /\/(index|worker)-[^/]*\.js$/.test(file));
    expect(start).toHaveLength(2);
    const needed = new Set(
      start.flatMap(([file, code]) => [file.split('/').at(-1)!, ...importsOf(`${code}`)]),
    );
    const total = [...needed].reduce((sum, name) => sum + sizeOf(name), 0);
    expect(total).toBeGreaterThan(100);
    expect(total).toBeLessThan(LARGEST);
  });
});
