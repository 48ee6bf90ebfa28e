import type { ToPage, ToPainter, ToTrainer } from '../training/messages.js';
import type { Settings } from './settings.js';

let trainer: Worker | undefined;
let painter: Worker | undefined;

/** Starts the thread that trains and the one that paints, which talk to each other directly. */
export function startThreads(receive: (message: ToPage) => void, onFailure: () => void): void {
  trainer = new Worker(new URL('../training/worker.ts', import.meta.url), {
    type: 'module',
    name: 'trainer',
  });
  painter = new Worker(new URL('../training/worker.ts', import.meta.url), {
    type: 'module',
    name: 'painter',
  });
  for (const worker of [trainer, painter]) {
    worker.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
      if (data.kind === 'picture') painter!.postMessage({ kind: 'taken' } satisfies ToPainter);
      receive(data);
    });
    worker.addEventListener('error', onFailure);
  }
  const { port1, port2 } = new MessageChannel();
  trainer.postMessage({ kind: 'painter', port: port1 } satisfies ToTrainer, [port1]);
  painter.postMessage({ kind: 'trainer', port: port2 } satisfies ToPainter, [port2]);
}

/** Regions and drawings change faster than the trainer can follow: it gets the latest when it has dealt with the one before. */
let isAtRevision = false;
let waiting: Settings | undefined;

export function revise(settings: Settings): void {
  waiting = settings;
  if (!isAtRevision) sendRevision();
}

export function revised(): void {
  isAtRevision = false;
  sendRevision();
}

function sendRevision(): void {
  if (!waiting) return;
  isAtRevision = true;
  trainer?.postMessage({ kind: 'revise', settings: waiting } satisfies ToTrainer);
  waiting = undefined;
}

export function send(request: ToTrainer): void {
  sendRevision();
  if (request.kind === 'start')
    painter?.postMessage({ kind: 'backend', backend: request.settings.backend } satisfies ToPainter);
  trainer?.postMessage(request);
}
