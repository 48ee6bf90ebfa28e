import type { Trainer, TrainResult } from '../train.js';
import { openPage } from './open-page.js';

/** What the page is asked to train, by name. */
export interface BrowserTraining {
  readonly backend: 'webgl' | 'webgpu';
  readonly task: string;
  readonly rule: string;
  readonly seed: number;
  readonly steps: number;
}

/** Globals of the page. */
export interface QualityGlobals {
  /** The page’s script sets it. */
  train(training: BrowserTraining): Promise<TrainResult>;
  /** Calls this process. */
  stepped(): Promise<void>;
}

/** Trains in a headless Chromium, each model in a page of its own. */
export const browserTrainer =
  (backend: BrowserTraining['backend']): Trainer =>
  async (task, rule, seed, steps, onStep) => {
    const { page, close } = await openPage('quality-page', opened =>
      opened.exposeFunction('stepped', onStep),
    );
    try {
      return await page.evaluate(training => (globalThis as unknown as QualityGlobals).train(training), {
        backend,
        task: task.name,
        rule: rule.name,
        seed,
        steps,
      });
    } finally {
      await close();
    }
  };
