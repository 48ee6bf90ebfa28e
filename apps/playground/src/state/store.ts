import { effect, signal } from '@preact/signals';
import type { Drawing } from '../drawing/drawing.js';
import { runOnnx } from '../onnx/run.js';
import { SIDE } from '../picture/snapshot.js';
import { PRESET_NAMES, PRESETS, type PresetName } from '../presets/presets.js';
import type { Frozen, Picture, ToPage } from '../training/messages.js';
import { gridOf } from '../training/targets.js';
import { keepAddress } from './address.js';
import { extended, type LossPoint } from './losses.js';
import { DEFAULTS, type Method, MOST_STEPS, type Settings, type Shape } from './settings.js';
import { revise, revised, send, startThreads } from './threads.js';
import { decode, encode } from './url.js';

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

/** Steps that the networks have been trained for, those stored among them. */
export const stepsOf = ({ steps }: Picture, { start }: Settings): number =>
  steps + (start === 'new' ? 0 : PRESETS[start].trained);

/** What no one caught is shown too. */
function showErrors(): void {
  const show = (error: unknown) => {
    message.value = `Something went wrong: ${error instanceof Error ? error.message : error}`;
  };
  addEventListener('error', event => show(event.error ?? event.message));
  addEventListener('unhandledrejection', ({ reason }) => show(reason));
}

/** Reads the address, starts the threads, and keeps the address up to date. */
export function start(): void {
  showErrors();
  applyAddress();
  startThreads(receive, () => {
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
  settings.value = location.hash.length > 1 ? decoded.settings : PRESETS[PRESET_NAMES[0]].settings;
  message.value = decoded.problems.length > 0 ? `From the link: ${decoded.problems.join('; ')}.` : undefined;
}

function receive(reply: ToPage): void {
  switch (reply.kind) {
    case 'revised':
      revised();
      break;
    case 'picture':
      picture.value = reply;
      running.value = reply.running;
      if (!reply.running) look({ steps: Math.min(reply.steps, MOST_STEPS) });
      losses.value = extended(losses.value, {
        step: stepsOf(reply, settings.value),
        police: reply.police.loss,
        free: reply.free.loss,
      });
      break;
    case 'frozen':
      frozen.value = reply.frozen;
      break;
    case 'error':
      message.value = reply.message;
      running.value = false;
  }
}

/** New networks, untrained. */
export function restart(): void {
  settings.value = { ...settings.value, start: 'new', steps: 0 };
  startNetworks();
}

function startNetworks(): void {
  losses.value = [];
  forgetFrozen();
  send({ kind: 'start', settings: settings.value });
}

export function choosePreset(name: PresetName): void {
  message.value = undefined;
  settings.value = { ...PRESETS[name].settings, drawing: settings.value.drawing };
  startNetworks();
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

/** Changes what the networks as they are can follow. */
function amend(part: Partial<Settings>): void {
  settings.value = { ...settings.value, ...part };
  message.value = undefined;
  forgetFrozen();
  revise(settings.value);
}

/** Moves regions under the networks as they are. */
export const changeRegions = (regions: readonly Shape[]): void => amend({ regions });

/** Keeps the promise in another way, by the networks as they are. */
export const changeMethod = (part: { method?: Method; steepness?: number }): void => amend(part);

/** Gives the networks as they are another drawing to learn. */
export const changeDrawing = (drawing: Drawing): void => amend({ drawing });

export function setRunning(wanted: boolean): void {
  forgetFrozen();
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
  pause();
  send({ kind: 'freeze' });
}

export function pause(): void {
  running.value = false;
  send({ kind: 'run', running: false });
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
