import { computed, effect, signal } from '@preact/signals';
import type { Comparison, FromOwn, Opened, ToOwn } from '../own/messages.js';
import type { Slice } from '../own/slice.js';
import { EXTENT } from './plane.js';
import { message, pause, settings } from './store.js';

/** Someone's own model, shown instead of the networks in training. */
export interface Own extends Opened {
  readonly name: string;
}

export const own = signal<Own | undefined>(undefined);
export const slice = signal<Slice>({ axes: [0, 1], from: -1, to: 1, at: [0, 0] });
/** Which output is in view. */
export const output = signal(0);
export const comparison = signal<Comparison | undefined>(undefined);
/** Whether the pictures are of something else than what is asked for. */
export const isComparing = signal(false);
export const isOwnOpen = computed(() => own.value !== undefined);

let worker: Worker | undefined;
let isWaiting = false;
let name = '';

const send = (request: ToOwn): void => {
  worker ??= startWorker();
  worker.postMessage(request);
};

function startWorker(): Worker {
  const started = new Worker(new URL('../own/own-worker.ts', import.meta.url), { type: 'module' });
  started.addEventListener('message', ({ data }: MessageEvent<FromOwn>) => receive(data));
  started.addEventListener('error', () => {
    message.value = 'What reads models could not start. Reload the page, or use another browser.';
  });
  return started;
}

function receive(reply: FromOwn): void {
  switch (reply.kind) {
    case 'opened': {
      const { inputs } = reply.model;
      // Two inputs are the plane itself; images and features are scaled to about 1.
      const end = inputs === 2 ? EXTENT : 1;
      slice.value = { axes: [0, 1], from: -end, to: end, at: Array<number>(inputs).fill(0) };
      output.value = 0;
      comparison.value = undefined;
      own.value = { ...reply.model, name };
      break;
    }
    case 'compared':
      comparison.value = reply;
      settle();
      break;
    case 'error':
      message.value = reply.message;
      settle();
  }
}

/** What is asked for changes faster than it can be had: the latest is asked for when the one before is there. */
function ask(): void {
  if (isComparing.value) {
    isWaiting = true;
    return;
  }
  isComparing.value = true;
  send({ kind: 'compare', slice: slice.value, shapes: settings.value.regions, output: output.value });
}

function settle(): void {
  isComparing.value = false;
  if (!isWaiting) return;
  isWaiting = false;
  ask();
}

/** Shows someone's ONNX model before and after. */
export async function openOwn(file: File): Promise<void> {
  pause();
  message.value = undefined;
  name = file.name;
  send({ kind: 'open', bytes: new Uint8Array(await file.arrayBuffer()) });
}

export function leaveOwn(): void {
  own.value = undefined;
  comparison.value = undefined;
  message.value = undefined;
}

const regions = computed(() => settings.value.regions);

effect(() => {
  // What is read here is what a comparison is of.
  if (own.value && regions.value && slice.value && output.value >= 0) queueMicrotask(ask);
});
