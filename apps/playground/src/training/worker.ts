import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from './backend.js';
import type { Reply, Request } from './messages.js';
import { compareModel } from './read-model.js';
import { Session } from './session.js';

/** Milliseconds of training between two pictures. */
const SLICE = 60;

let session: Session | undefined;
let running = false;
let withBends = false;
/** Steps until the next pause. */
let left = Number.POSITIVE_INFINITY;
/** The requests are dealt with one after the other. */
let queue: Promise<void> = Promise.resolve();
let isTicking = false;

const reply = (message: Reply) => postMessage(message);

addEventListener('message', ({ data }: MessageEvent<Request>) => {
  queue = queue.then(() => handle(data)).catch(fail);
});

function fail(error: unknown): void {
  running = false;
  reply({ kind: 'error', message: error instanceof Error ? error.message : `${error}` });
}

async function handle(request: Request): Promise<void> {
  switch (request.kind) {
    case 'start':
      running = false;
      session?.dispose();
      session = undefined;
      await useBackend(request.settings.backend);
      session = new Session(request.settings);
      reply({ kind: 'ready', backend: tf.getBackend() });
      picture(0);
      break;
    case 'regions':
      session?.moveTo(request.settings);
      picture(0);
      break;
    case 'run':
      running = request.running;
      left = Number.POSITIVE_INFINITY;
      if (running) tick();
      else picture(0); // else the last one, of a slice under way, would say that it runs
      break;
    case 'steps':
      running = true;
      left = request.count;
      tick();
      break;
    case 'bends':
      withBends = request.wanted;
      picture(0);
      break;
    case 'freeze':
      if (session) reply({ kind: 'frozen', frozen: session.freeze() });
      break;
    case 'read':
      reply({ kind: 'model', ...compareModel(request.bytes, request.settings.regions) });
      break;
  }
}

/** Trains for a slice, shows it, and lets messages in before the next. */
function tick(): void {
  if (isTicking) return;
  isTicking = true;
  const slice = () => {
    isTicking = false;
    if (!running || !session) return;
    const [before, started] = [session.steps, performance.now()];
    while (left > 0 && performance.now() - started < SLICE) {
      session.step();
      left--;
    }
    const seconds = (performance.now() - started) / 1000;
    if (left <= 0) running = false;
    picture((session.steps - before) / seconds);
    if (running) tick();
  };
  setTimeout(() => {
    queue = queue.then(slice).catch(error => {
      isTicking = false;
      fail(error);
    });
  });
}

function picture(stepsPerSecond: number): void {
  if (!session) return;
  const progress = session.progress(withBends);
  reply({ kind: 'picture', steps: session.steps, running, stepsPerSecond, ...progress });
}
