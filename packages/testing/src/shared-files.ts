import { existsSync } from 'node:fs';

/** What lies beside the repository, for tests on real files. No part of the project, so it may be missing. */
const shared = new URL('../../../../shared/', import.meta.url);

/**
 * The folder of that name in `../shared`, or undefined without it: tests on its files are to be skipped then. In CI nothing is
 * skipped that is to be had: there it throws where `../shared` has no such folder.
 */
export function sharedFolder(name: string): URL | undefined {
  const folder = new URL(`${name}/`, shared);
  if (existsSync(folder)) return folder;
  if (process.env.CI && existsSync(shared))
    throw new Error(`../shared is there, but has no '${name}': its tests would be skipped.`);
  return undefined;
}
