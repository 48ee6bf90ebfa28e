import type { Region } from '@police/core';
import type { Fader } from '../fade/fader.js';
import { type Part, partOf } from './part.js';

/** What makes the fader of regions and a width. */
export const fading: Part<(regions: readonly Region[], width: number) => Fader> = partOf(
  'useFading',
  "option 'fade'",
);
