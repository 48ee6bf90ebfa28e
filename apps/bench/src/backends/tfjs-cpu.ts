import '@tensorflow/tfjs-backend-cpu';
import { tfjsBackend, use } from './tfjs.js';

/** Plain JavaScript. */
export const tfjsCpu = tfjsBackend({
  name: 'tfjs-cpu',
  speed: 3e8,
  refusal: () => undefined,
  start: () => use('cpu'),
});
