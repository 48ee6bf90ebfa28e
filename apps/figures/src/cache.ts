import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readIfThere, writeAtomically } from '@police/common/files';
import type { DenseLayer, PlainNetwork } from './plain-network.js';
import type { Trained, Training } from './training.js';

/** Changes when trainings of the same description turn out otherwise, so that old ones are not taken for new. */
const FORMAT = 1;

/** What tells trainings apart: every setting, the regions, and the data itself. */
export function trainingKey({ task, ...settings }: Training): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([FORMAT, task.name, task.outputs, task.loss, settings]));
  hash.update(new Uint8Array(task.points.buffer)).update(new Uint8Array(task.values.buffer));
  return hash.digest('hex').slice(0, 24);
}

/** The finished training of this key, if there is one in the folder. */
export async function finishedTraining(folder: string, key: string): Promise<Trained | undefined> {
  const text = await readIfThere(fileOf(folder, key));
  return text === undefined ? undefined : decoded(JSON.parse(text) as Encoded<Trained>);
}

/** Writes the training whole or not at all. */
export const keepTraining = (folder: string, key: string, trained: Trained): Promise<void> =>
  writeAtomically(fileOf(folder, key), JSON.stringify(encoded(trained)));

const fileOf = (folder: string, key: string): string => join(folder, `${key}.json`);

/** With float32 arrays as base64. */
type Encoded<T> = T extends Float32Array ? string : T extends object ? { [K in keyof T]: Encoded<T[K]> } : T;

const encoded = (trained: Trained): Encoded<Trained> => ({
  ...trained,
  snapshots: trained.snapshots.map(each => ({ ...each, network: mapNetwork(each.network, encodedLayer) })),
});

const decoded = (trained: Encoded<Trained>): Trained => ({
  ...trained,
  snapshots: trained.snapshots.map(each => ({ ...each, network: mapNetwork(each.network, decodedLayer) })),
});

const encodedLayer = ({ kernel, bias, ...sizes }: DenseLayer): Encoded<DenseLayer> => ({
  ...sizes,
  kernel: Buffer.from(kernel.buffer, kernel.byteOffset, kernel.byteLength).toString('base64'),
  bias: Buffer.from(bias.buffer, bias.byteOffset, bias.byteLength).toString('base64'),
});

const decodedLayer = ({ kernel, bias, ...sizes }: Encoded<DenseLayer>): DenseLayer => ({
  ...sizes,
  kernel: floats(kernel),
  bias: floats(bias),
});

const floats = (base64: string): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer);

/** A network whose layers are written so or so. */
interface Layers<L> extends Pick<PlainNetwork, 'leak'> {
  readonly layers: readonly L[];
  readonly correction?: L;
  readonly patch?: { readonly centre: L; readonly radius: readonly L[] };
  readonly fade?: { readonly on: readonly L[]; readonly shifts: readonly (L | null)[] };
}

function mapNetwork<A, B>(
  { leak, layers, correction, patch, fade }: Layers<A>,
  change: (layer: A) => B,
): Layers<B> {
  return {
    leak,
    layers: layers.map(change),
    ...(correction ? { correction: change(correction) } : {}),
    ...(patch ? { patch: { centre: change(patch.centre), radius: patch.radius.map(change) } } : {}),
    ...(fade
      ? { fade: { on: fade.on.map(change), shifts: fade.shifts.map(shift => shift && change(shift)) } }
      : {}),
  };
}
