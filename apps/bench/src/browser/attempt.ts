import { type End, type Job, reasonOf } from '../attempt.js';
import { openPage } from './open-page.js';

/** Globals of the page. */
export interface PageGlobals {
  /** The page’s script sets it. */
  attempt(job: Job): Promise<End>;
  /** Calls this process. */
  at(contender: string): Promise<void>;
}

/** Measures in a headless Chromium. Never throws. Times are taken inside the page. */
export async function attemptInBrowser(job: Job, at: (contender: string) => void): Promise<End> {
  let last: string | undefined;
  try {
    const { page, browser, close } = await openPage('page', opened =>
      opened.exposeFunction('at', (contender: string) => {
        last = contender;
        at(contender);
      }),
    );
    try {
      const end = await page.evaluate(job => (globalThis as unknown as PageGlobals).attempt(job), job);
      return withBrowser(end, browser);
    } finally {
      await close();
    }
  } catch (error) {
    const reason = reasonOf(error);
    // A page that has gone took a contender's memory or device with it.
    return last === undefined
      ? { kind: 'failed', reason }
      : { kind: 'contender failed', contender: last, reason };
  }
}

function withBrowser(end: End, browser: string): End {
  if (end.kind !== 'done' || !end.result.device) return end;
  return { ...end, result: { ...end.result, device: { ...end.result.device, browser } } };
}
