import { tfjsBackend, use } from './tfjs.js';

/** Plain JavaScript. */
export const tfjsCpu = tfjsBackend({
  name: 'tfjs-cpu',
  speed: ({ model }) => (model.kind === 'conv' ? 3e7 : 5e8),
  refusal: () => undefined,
  start: () => use('cpu'),
});
