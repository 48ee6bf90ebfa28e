import type { PresetName } from './presets.js';
import box from './stored/box.bin?url';
import control from './stored/control.bin?url';
import image from './stored/image.bin?url';
import prior from './stored/prior.bin?url';

const URLS: Readonly<Record<PresetName, string>> = { prior, box, control, image };

/** The weights of a preset's networks, see `Session.save`. Loaded when first asked for. */
export async function storedWeights(name: PresetName): Promise<Float32Array> {
  const response = await fetch(URLS[name]);
  if (!response.ok) throw new Error(`The stored networks of this preset did not load: ${response.status}.`);
  return new Float32Array(await response.arrayBuffer());
}
