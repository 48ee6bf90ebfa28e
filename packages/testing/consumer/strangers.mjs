// What strangers do with the packages as they are published, in empty folders. `npm run check:consumer` runs the cheap half.
import { checkBundlers } from './bundlers.mjs';
import { checkNode } from './node.mjs';
import { emptyFolder, installFrom, packAll } from './pack.mjs';
import { checkRuntimes } from './runtimes.mjs';
import { checkTarballs } from './tarballs.mjs';
import { checkTypes } from './types.mjs';
import { checkVite } from './vite.mjs';

const CHECKS = {
  node: checkNode,
  types: checkTypes,
  vite: checkVite,
  bundlers: checkBundlers,
  runtimes: checkRuntimes,
};

const packed = packAll(emptyFolder('tarballs'));
checkTarballs(packed);
for (const name of process.argv.slice(2)) await CHECKS[name](installFrom(packed));
