import { Fader } from '../fade/fader.js';
import { fading } from './fading.js';

/** Brings option `fade`: called once, before `constrain` or before a model made with it is loaded. Not needed with `@police/tfjs/all`. */
export function useFading(): void {
  fading.bring((regions, width) => new Fader(regions, width));
}
