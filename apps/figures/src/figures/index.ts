import { classification } from './classification.js';
import { disc } from './disc.js';
import { evolution } from './evolution.js';
import type { Figure } from './figure.js';
import { image } from './image.js';
import { kinks } from './kinks.js';
import { prescribed } from './prescribed.js';
import { regions } from './regions.js';
import { regression } from './regression.js';

/** In the order in which they are drawn. */
export const figures: readonly Figure[] = [
  classification,
  regression,
  evolution,
  kinks,
  disc,
  regions,
  prescribed,
  image,
];
