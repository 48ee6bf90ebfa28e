import { effect, signal } from '@preact/signals';
import type { Drawing } from '../drawing/drawing.js';
import { runOnnx } from '../onnx/run.js';
import { type Frozen, type Reply, type Request, SIDE } from '../training/messages.js';
import { gridOf } from '../training/targets.js';
import { keepAddress } from './address.js';
import { DEFAULTS, MOST_STEPS, type Settings, type Shape } from './settings.js';
import { decode, encode } from './url.js';

type Picture = Extract<Reply, { kind: 'picture' }>;
type Model = Extract<Reply, { kind: 'model' }>;

/** Losses at a number of steps. */
export interface LossPoint {
  readonly step: number;
  readonly police: number;
  readonly free: number;
}

/** A frozen model as ONNX Runtime runs it in this page. */
export interface OnnxRun {
  readonly values: Float32Array;
  /** Largest difference from the frozen model's own outputs. */
  readonly difference: number;
}

export const settings = signal<Settings>(DEFAULTS);
export const picture = signal<Picture | undefined>(undefined);
export const losses = signal<readonly LossPoint[]>([]);
export const running = signal(false);
export const message = signal<string | undefined>(undefined);
export const frozen = signal<Frozen | undefined>(undefined);
export const onnxRun = signal<OnnxRun | undefined>(undefined);
/** Someone's own model, shown instead of the networks in training. */
export const ownModel = signal<Model | undefined>(undefined);

let worker: Worker | undefined;
let ownBytes: Uint8Array | undefined;

/** Regions and drawings change faster than the worker can show: it gets the latest when it has shown the one before. */
let isAtRevision = false;
let isRevisionWaiting = false;

function revise(): void {
  isRevisionWaiting = true;
  if (!isAtRevision) sendRevision();
}

function sendRevision(): void {
  isAtRevision = true;
  isRevisionWaiting = false;
  worker?.postMessage({ kind: 'revise', settings: settings.value } satisfies Request);
}

function send(request: Request): void {
  if (isRevisionWaiting) sendRevision();
  worker?.postMessage(request);
}

/** What no one caught is shown too. */
function showErrors(): void {
  const show = (error: unknown) => {
    message.value = `Something went wrong: ${error instanceof Error ? error.message : error}`;
  };
  addEventListener('error', event => show(event.error ?? event.message));
  addEventListener('unhandledrejection', ({ reason }) => show(reason));
}

/** Reads the address, starts the worker, and keeps the address up to date. */
export function start(): void {
  showErrors();
  applyAddress();
  worker = new Worker(new URL('../training/worker.ts', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => receive(data));
  worker.addEventListener('error', () => {
    message.value = 'The training thread could not start. Reload the page, or use another browser.';
  });
  startNetworks();
  addEventListener('hashchange', () => {
    if (location.hash.slice(1) === encode(settings.value)) return;
    applyAddress();
    startNetworks();
  });
  effect(() => keepAddress(`#${encode(settings.value)}`));
}

function applyAddress(): void {
  const decoded = decode(location.hash);
  settings.value = decoded.settings;
  message.value = decoded.problems.length > 0 ? `From the link: ${decoded.problems.join('; ')}.` : undefined;
}

function receive(reply: Reply): void {
  switch (reply.kind) {
    case 'revised':
      isAtRevision = false;
      if (isRevisionWaiting) sendRevision();
      break;
    case 'picture':
      picture.value = reply;
      running.value = reply.running;
      if (!reply.running) look({ steps: Math.min(reply.steps, MOST_STEPS) });
      losses.value = extended(losses.value, {
        step: reply.steps,
        police: reply.police.loss!,
        free: reply.free.loss!,
      });
      break;
    case 'frozen':
      frozen.value = reply.frozen;
      break;
    case 'model':
      ownModel.value = reply;
      message.value = undefined;
      break;
    case 'error':
      message.value = reply.message;
      running.value = false;
  }
}

/** At most this many points in the chart: then every other one goes. */
const MOST_POINTS = 400;

const thinned = (points: readonly LossPoint[]): readonly LossPoint[] =>
  points.length <= MOST_POINTS ? points : points.filter((_, i) => i % 2 === 0 || i === points.length - 1);

function extended(points: readonly LossPoint[], next: LossPoint): readonly LossPoint[] {
  const last = points.at(-1)?.step ?? -1;
  if (next.step === last) return points;
  // Fewer steps: the last picture of networks that are no more came after the chart was emptied.
  return next.step < last ? [next] : thinned([...points, next]);
}

/** New networks, untrained. */
export function restart(): void {
  look({ steps: 0 });
  startNetworks();
}

function startNetworks(): void {
  losses.value = [];
  forgetFrozen();
  leaveOwnModel();
  send({ kind: 'start', settings: settings.value });
}

/** Changes what needs new networks. */
export function change(part: Partial<Settings>): void {
  message.value = undefined;
  settings.value = { ...settings.value, ...part };
  restart();
}

/** Changes what the networks need not know. */
export function look(part: Partial<Pick<Settings, 'steps' | 'lines' | 'bends'>>): void {
  settings.value = { ...settings.value, ...part };
}

/** Moves regions under the networks as they are. */
export function changeRegions(regions: readonly Shape[]): void {
  settings.value = { ...settings.value, regions };
  message.value = undefined;
  forgetFrozen();
  revise();
  if (ownBytes) readOwn(ownBytes);
}

/** Gives the networks as they are another drawing to learn. */
export function changeDrawing(drawing: Drawing): void {
  settings.value = { ...settings.value, drawing };
  message.value = undefined;
  forgetFrozen();
  revise();
}

export function setRunning(wanted: boolean): void {
  forgetFrozen();
  leaveOwnModel();
  running.value = wanted;
  send({ kind: 'run', running: wanted });
}

export function train(steps: number): void {
  forgetFrozen();
  send({ kind: 'steps', count: steps });
}

export function setBends(wanted: boolean): void {
  look({ bends: wanted });
  send({ kind: 'bends', wanted });
}

export function freeze(): void {
  running.value = false;
  send({ kind: 'run', running: false });
  send({ kind: 'freeze' });
}

function forgetFrozen(): void {
  frozen.value = undefined;
  onnxRun.value = undefined;
}

/** The frozen model in ONNX Runtime, on the points of the picture. */
export async function runFrozen(): Promise<void> {
  const model = frozen.value;
  if (!model) return;
  try {
    const values = await runOnnx(model.onnx, gridOf(SIDE));
    const difference = values.reduce(
      (largest, value, i) => Math.max(largest, Math.abs(value - model.values[i])),
      0,
    );
    onnxRun.value = { values, difference };
  } catch (error) {
    message.value = `ONNX Runtime: ${error instanceof Error ? error.message : error}`;
  }
}

/** Shows someone's ONNX model before and after the constraint. */
export function readOwn(bytes: Uint8Array): void {
  running.value = false;
  send({ kind: 'run', running: false });
  ownBytes = bytes;
  send({ kind: 'read', bytes, settings: settings.value });
}

export function leaveOwnModel(): void {
  ownBytes = undefined;
  ownModel.value = undefined;
}
