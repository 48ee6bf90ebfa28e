import '@tensorflow/tfjs-backend-wasm';
import { register } from '@police/tfjs-wasm-training';
import * as tf from '@tensorflow/tfjs-core';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { gridOnDevice } from '../src/picture/grid.js';
import { paint } from '../src/picture/paint.js';
import { MOVING_SIDE, SIDE } from '../src/picture/snapshot.js';
import { DEFAULTS } from '../src/state/settings.js';
import { Session } from '../src/training/session.js';
import { builtPage, hasChromium } from './built-page.js';
import { open, stepsOf } from './drive.js';

// 3 × 64, the default. Nothing here is asserted of times: they are printed, to be read on a machine with nothing else to do.

/** Milliseconds that are looked at. */
const PERIOD = 1500;

/** Milliseconds of processor time of each of several runs. */
function processorTime(run: () => void, runs = 10): number {
  run();
  const before = process.cpuUsage();
  for (let i = 0; i < runs; i++) run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / runs;
}

test('what painting both networks takes of a thread', async () => {
  register();
  await tf.setBackend('wasm');
  const session = new Session(DEFAULTS);
  const progress = { steps: 0, running: false, stepsPerSecond: 0, cost: 0 };
  const { police, free } = session.snapshot(false, progress);
  const [moving, still] = [MOVING_SIDE, SIDE].map(side => {
    const grid = gridOnDevice(side);
    const [plain, lined] = [false, true].map(bends =>
      processorTime(() => {
        for (const { network } of [police, free])
          expect(paint(network, grid, bends).values.length).toBe(side * side);
      }),
    );
    return `${plain.toFixed(1)} ms, with lines ${lined.toFixed(1)} ms`;
  });
  const step = processorTime(() => session.step());
  const snapshot = processorTime(() => session.snapshot(true, progress));
  let sum = 0;
  const sums = processorTime(() => {
    for (let i = 0; i < 1e7; i++) sum = sum * 0.999 + i;
  });
  console.info(
    `processor time: a picture while it trains ${moving}, when still ${still} (another thread); ` +
      `a training step of both ${step.toFixed(1)} ms, a snapshot ${snapshot.toFixed(1)} ms; ` +
      `ten million multiply-adds, one after the other, ${sums.toFixed(0)} ms (27 on a free core of 3 GHz)`,
  );
});

describe.runIf(hasChromium())('training on wasm in Chromium', () => {
  const built = builtPage();
  let page: Page;
  let url: string;
  beforeAll(() => {
    ({ page, url } = built.get());
  });

  /** Pictures drawn, and steps trained, a second; milliseconds of processor time that the page's own thread takes for a picture. */
  async function speed(): Promise<{ pictures: number; steps: number; drawing: number }> {
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const taken = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value;
    };
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.waitForTimeout(500);
    const [before, busy] = [await stepsOf(page), await taken()];
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
    const [steps, drawing] = [(await stepsOf(page)) - before, ((await taken()) - busy) / pictures];
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Train', exact: true }).waitFor();
    return { pictures: (1000 * pictures) / PERIOD, steps: (1000 * steps) / PERIOD, drawing };
  }

  test.each(['shift', 'patch'])('by %s, with the lines where units change sign and without', async method => {
    const told: string[] = [];
    for (const bends of [false, true]) {
      await open(page, `${url}#method=${method}&bends=${bends}&steps=2`);
      const { pictures, steps, drawing } = await speed();
      told.push(
        `${bends ? 'with' : 'without'} lines ${pictures.toFixed(0)} pictures, ${steps.toFixed(0)} steps a second, ` +
          `${drawing.toFixed(1)} ms of the page's thread a picture`,
      );
      expect(steps).toBeGreaterThan(0);
    }
    console.info(`${method}: ${told.join('; ')}`);
  });

  built.testSilence();
});
