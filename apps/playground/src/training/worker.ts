import { useBackend } from './backend.js';
import type { Reply, Request } from './messages.js';
import { Session } from './session.js';

/** Milliseconds of training between two pictures. */
const SLICE = 60;

let session: Session | undefined;
let running = false;
let withBends = false;
/** In the last slice. */
let stepsPerSecond = 0;
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
      withBends = request.settings.bends;
      stepsPerSecond = 0;
      if (request.settings.steps > 0) train(request.settings.steps);
      picture();
      break;
    case 'revise':
      try {
        session?.revise(request.settings);
        picture();
      } finally {
        reply({ kind: 'revised' });
      }
      break;
    case 'run':
      if (request.running) train(Number.POSITIVE_INFINITY);
      else {
        running = false;
        picture(); // else the last one, of a slice under way, would say that it runs
      }
      break;
    case 'steps':
      train(request.count);
      break;
    case 'bends':
      withBends = request.wanted;
      picture();
      break;
    case 'freeze':
      reply({ kind: 'frozen', frozen: started().freeze() });
      break;
    case 'read': {
      const { compareModel } = await import('./read-model.js');
      reply({ kind: 'model', ...compareModel(request.bytes, request.settings.regions) });
      break;
    }
  }
}

function started(): Session {
  if (!session) throw new Error('The networks did not start. Change a setting to start others.');
  return session;
}

function train(steps: number): void {
  started();
  running = true;
  left = steps;
  tick();
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
    stepsPerSecond = (session.steps - before) / seconds;
    picture();
    if (running) tick();
  };
  setTimeout(() => {
    queue = queue.then(slice).catch(error => {
      isTicking = false;
      fail(error);
    });
  });
}

function picture(): void {
  if (!session) return;
  const progress = session.progress(withBends);
  reply({ kind: 'picture', steps: session.steps, running, stepsPerSecond, ...progress });
}
