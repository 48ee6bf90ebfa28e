import type { Progress } from '../picture/snapshot.js';
import { PRESETS } from '../presets/presets.js';
import { storedWeights } from '../presets/stored.js';
import type { Settings } from '../state/settings.js';
import { useBackend } from './backend.js';
import type { ToPage, ToTrainer } from './messages.js';
import { Session } from './session.js';

/** Milliseconds of training between two looks at what else is to do. */
const SLICE = 12;
/** Milliseconds over which steps a second are counted. */
const PERIOD = 500;

/** The thread that trains. Requests are dealt with one after the other. */
export function startTraining(): void {
  const trainer = new Trainer();
  let queue: Promise<void> = Promise.resolve();
  const then = (work: () => void | Promise<void>) => {
    queue = queue.then(work).catch(error => trainer.fail(error));
  };
  trainer.onTick = () => then(() => trainer.slice());
  const take = ({ data }: MessageEvent<ToTrainer>) => then(() => trainer.handle(data, take));
  addEventListener('message', take);
}

class Trainer {
  onTick: () => void = () => {};
  private session: Session | undefined;
  private painter: MessagePort | undefined;
  private isPainterReady = true;
  private isPictureOld = false;
  private running = false;
  private withBends = false;
  /** Steps until the next pause. */
  private left = Number.POSITIVE_INFINITY;
  private isTicking = false;
  private counted = { steps: 0, since: 0, perSecond: 0 };
  /** Other than a timer, whose pauses grow to 4 ms, it lets messages in and nothing more. */
  private readonly tickChannel = new MessageChannel();

  constructor() {
    this.tickChannel.port1.onmessage = () => this.onTick();
  }

  async handle(request: ToTrainer, take: (event: MessageEvent<ToTrainer>) => void): Promise<void> {
    switch (request.kind) {
      case 'painter':
        this.painter = request.port;
        this.painter.onmessage = take;
        break;
      case 'ready':
        this.isPainterReady = true;
        this.show();
        break;
      case 'start':
        await this.start(request.settings);
        break;
      case 'revise':
        try {
          this.session?.revise(request.settings);
          this.showNow();
        } finally {
          reply({ kind: 'revised' });
        }
        break;
      case 'run':
        if (request.running) this.train(Number.POSITIVE_INFINITY);
        else {
          this.running = false;
          this.showNow(); // else the last one, of a slice under way, would say that it runs
        }
        break;
      case 'steps':
        this.train(request.count);
        break;
      case 'bends':
        this.withBends = request.wanted;
        this.showNow();
        break;
      case 'freeze':
        reply({ kind: 'frozen', frozen: this.started().freeze() });
    }
  }

  private async start(settings: Settings): Promise<void> {
    this.running = false;
    this.session?.dispose();
    this.session = undefined;
    await useBackend(settings.backend);
    if (settings.start === 'new') this.session = new Session(settings);
    else {
      this.session = new Session(PRESETS[settings.start].settings);
      this.session.load(await storedWeights(settings.start));
      this.session.revise(settings);
    }
    this.withBends = settings.bends;
    this.counted = { steps: 0, since: 0, perSecond: 0 };
    if (settings.steps > 0) this.train(settings.steps);
    this.showNow();
  }

  private started(): Session {
    if (!this.session) throw new Error('The networks did not start. Change a setting to start others.');
    return this.session;
  }

  private train(steps: number): void {
    this.counted = {
      steps: this.started().steps,
      since: performance.now(),
      perSecond: this.counted.perSecond,
    };
    this.running = true;
    this.left = steps;
    this.tick();
  }

  private tick(): void {
    if (this.isTicking) return;
    this.isTicking = true;
    this.tickChannel.port2.postMessage(undefined);
  }

  /** Trains for a moment, shows it if someone looks, and lets messages in before the next. */
  slice(): void {
    this.isTicking = false;
    const { session } = this;
    if (!this.running || !session) return;
    const started = performance.now();
    while (this.left > 0 && performance.now() - started < SLICE) {
      session.step();
      this.left--;
    }
    if (this.left <= 0) this.running = false;
    this.count(session.steps);
    this.showNow();
    if (this.running) this.tick();
  }

  private count(steps: number): void {
    const now = performance.now();
    const { steps: before, since } = this.counted;
    if (now - since < PERIOD && this.running) return;
    this.counted = { steps, since: now, perSecond: (1000 * (steps - before)) / (now - since) };
  }

  private showNow(): void {
    this.isPictureOld = true;
    this.show();
  }

  private show(): void {
    if (!this.isPictureOld || !this.isPainterReady || !this.painter || !this.session) return;
    this.isPictureOld = false;
    this.isPainterReady = false;
    const { steps, shifted, cost } = this.session;
    const progress: Progress = {
      steps,
      running: this.running,
      stepsPerSecond: this.counted.perSecond,
      cost,
      ...(shifted ? { shifted } : {}),
    };
    this.painter.postMessage(this.session.snapshot(this.withBends, progress));
  }

  fail(error: unknown): void {
    this.running = false;
    reply({ kind: 'error', message: error instanceof Error ? error.message : `${error}` });
  }
}

const reply = (message: ToPage) => postMessage(message);
