import { useBackend } from '../training/backend.js';
import type { ToPage, ToPainter, ToTrainer, View } from '../training/messages.js';
import { type Grid, gridOnDevice } from './grid.js';
import { paint } from './paint.js';
import type { Sight, Snapshot } from './snapshot.js';

/**
 * The thread that paints, so that pictures take no time from training. It takes the latest snapshot when the page has taken the picture
 * before, and asks for the next one as it begins: whoever is slowest sets the pace, and nothing piles up.
 */
export function startPainting(): void {
  let trainer: MessagePort | undefined;
  /** By side, of the backend in use. */
  let grids: Map<number, Grid> | undefined;
  let waiting: Snapshot | undefined;
  let isPageBusy = false;

  const next = (): void => {
    if (!waiting || !grids || isPageBusy) return;
    const snapshot = waiting;
    waiting = undefined;
    trainer?.postMessage({ kind: 'ready' } satisfies ToTrainer);
    isPageBusy = true;
    const grid = grids.get(snapshot.side) ?? gridOnDevice(snapshot.side);
    grids.set(snapshot.side, grid);
    const picture = pictureOf(snapshot, grid);
    postMessage(picture satisfies ToPage, { transfer: buffersOf(picture) });
  };

  /** On another backend the points are there no more. */
  const useFor = async (backend: Parameters<typeof useBackend>[0]): Promise<void> => {
    await useBackend(backend);
    for (const { tensor } of grids?.values() ?? []) tensor.dispose();
    grids = new Map();
    next();
  };

  addEventListener('message', ({ data }: MessageEvent<ToPainter>) => {
    switch (data.kind) {
      case 'trainer':
        trainer = data.port;
        trainer.addEventListener('message', event => {
          waiting = event.data as Snapshot;
          guarded(next);
        });
        trainer.start();
        break;
      case 'backend':
        useFor(data.backend).catch(fail);
        break;
      case 'taken':
        isPageBusy = false;
        guarded(next);
    }
  });
}

function guarded(work: () => void): void {
  try {
    work();
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  postMessage({
    kind: 'error',
    message: error instanceof Error ? error.message : `${error}`,
  } satisfies ToPage);
}

function pictureOf({ police, free, target, bends, progress }: Snapshot, grid: Grid): ToPage {
  const view = ({ network, residual }: Sight): View => {
    const painted = paint(network, grid, bends);
    const loss = painted.values.reduce((sum, y, i) => sum + (y - target[i]) ** 2, 0) / painted.values.length;
    return { ...painted, residual, loss };
  };
  return { kind: 'picture', ...progress, police: view(police), free: view(free) };
}

function buffersOf(picture: ToPage): ArrayBuffer[] {
  if (picture.kind !== 'picture') return [];
  return [picture.police, picture.free].flatMap(({ values, bends }) => [
    values.buffer as ArrayBuffer,
    ...(bends ? [bends.buffer] : []),
  ]);
}
