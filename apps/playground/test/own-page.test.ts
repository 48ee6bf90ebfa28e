import { readFile } from 'node:fs/promises';
import { certify, vPolytope } from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { readModel } from '@police/onnx-import';
import { decode, encode } from '@police/onnx-proto';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { builtPage, hasChromium } from './built-page.js';
import { open } from './drive.js';
import { randomChain } from './networks.js';

/** In the plane, from −1 to 1 in place of −4 to 4. */
const TRIANGLE = '#regions=-2,-2;2,-2;0,2';
const corners = [
  [-0.5, -0.5],
  [0.5, -0.5],
  [0, 0.5],
] as const;

describe.runIf(hasChromium())('someone’s own model in Chromium', () => {
  const built = builtPage();
  let page: Page;
  let url: string;
  beforeAll(() => {
    ({ page, url } = built.get());
  });

  const choose = (bytes: Uint8Array) =>
    page
      .locator('input[type=file]')
      .setInputFiles({ name: 'model.onnx', mimeType: '', buffer: Buffer.from(bytes) });
  const settled = () => page.locator('.own-stage[aria-busy=false] .own-figures').first().waitFor();

  const model = exportOnnx(randomChain(5, 'relu', { inputs: 4, outputs: 3 }));

  test('is shown before and after, in two of its four inputs, by shifts and by a patch', async () => {
    await open(page, url + TRIANGLE);
    await choose(model);
    await page.getByText('4 inputs, 3 outputs').waitFor();
    await settled();
    for (const title of [
      'Your model',
      'By shifts',
      'By shifts: the difference',
      'By a patch',
      'By a patch: the difference',
    ])
      await page.getByRole('img', { name: `${title}: outputs` }).waitFor();
    expect(await page.locator('.own-figures').allTextContents()).toEqual([
      expect.stringMatching(/^\d of 9 units shifted\. [\w.% ]+ of decisions kept, /),
      expect.stringMatching(/operators added, .* of decisions kept, /),
    ]);
  });

  test('with the others at a point, and its files to download, which are what was proved', async () => {
    await page.getByLabel('input across').fill('3');
    await page.getByLabel('input across').press('Enter');
    await page.getByLabel(/^others at/).fill('0.25 0.5 -0.5 0');
    await page.getByLabel(/^others at/).press('Enter');
    await page.waitForTimeout(100);
    await settled();
    // Input 1 is up, input 3 across, inputs 0 and 2 stay.
    const region = vPolytope(corners.map(([x, y]) => [0.25, y, -0.5, x]));
    for (const [column, name] of [
      [0, 'model-shifted'],
      [1, 'model-patched'],
    ] as const) {
      const buttons = page.locator('.kept').nth(column);
      const saved = async (button: string) => {
        const download = page.waitForEvent('download');
        await buttons.getByRole('button', { name: button }).click();
        return download;
      };
      const file = await saved('ONNX');
      expect(file.suggestedFilename()).toBe(`${name}.onnx`);
      const bytes = new Uint8Array(await readFile((await file.path())!));
      expect(certify(readModel(bytes).network, [region]).certified).toBe(true);
      const certificate = await saved('Certificate');
      expect(certificate.suggestedFilename()).toBe(`${name}.json`);
      expect(JSON.parse(await readFile((await certificate.path())!, 'utf8'))).toHaveProperty('regions');
    }
  });

  test('fits a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('that cannot be read is run by ONNX Runtime, and patched', async () => {
    const proto = decode('ModelProto', model);
    const node = proto.graph!.node.map(each => (each.opType === 'Relu' ? { ...each, opType: 'Sin' } : each));
    await page.getByRole('button', { name: 'Back to training' }).click();
    await choose(encode('ModelProto', { ...proto, graph: { ...proto.graph!, node } }));
    await page.getByText('run by ONNX Runtime').waitFor();
    await settled();
    await page.locator('.problem', { hasText: 'Sin' }).waitFor();
    await page.getByText(/operators added/).waitFor();
  });

  test('is dropped, and what is wrong with a file is told', async () => {
    await page.getByRole('button', { name: 'Back to training' }).click();
    const dataTransfer = await page.evaluateHandle(data => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(data)], 'dropped.onnx'));
      return transfer;
    }, Array.from(model));
    await page.dispatchEvent('.drop', 'drop', { dataTransfer });
    await page.getByRole('heading', { name: 'dropped.onnx' }).waitFor();
    await settled();
    await page.getByRole('button', { name: 'Back to training' }).click();
    await choose(new TextEncoder().encode('this is no model'));
    expect(await page.getByRole('alert').textContent()).toMatch(/\w/);
    await page.getByRole('button', { name: '200 steps' }).waitFor();
  });

  built.testSilence();
});
