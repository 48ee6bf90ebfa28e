import { classification } from './classification.js';
import { cones } from './cones.js';
import { disc } from './disc.js';
import { evolution } from './evolution.js';
import type { Figure } from './figure.js';
import { image } from './image.js';
import { kinks } from './kinks.js';
import { prescribed } from './prescribed.js';
import { regions } from './regions.js';
import { regression } from './regression.js';
import { ways } from './ways.js';

/** In the order in which they are drawn. */
export const figures: readonly Figure[] = [
  classification,
  regression,
  evolution,
  kinks,
  disc,
  regions,
  prescribed,
  ways,
  cones,
  image,
];
