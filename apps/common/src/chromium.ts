import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const ARGUMENTS = [
  '--no-sandbox',
  '--no-first-run',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A GPU where there is one; else Chromium's own emulation of one, which it would not use unasked. */
const WITH_GPU = [
  '--ignore-gpu-blocklist',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
];

/** Where Linux shows no GPU: without these Chromium's WebGPU gives zeros when read. */
const WITHOUT_GPU = [
  '--use-angle=swiftshader',
  '--use-webgpu-adapter=swiftshader',
  '--use-vulkan=swiftshader',
];

const hasGpu = (): boolean => process.platform !== 'linux' || existsSync('/dev/dri');

/** Why there is no browser; undefined if there is one. */
export function browserRefusal(): string | undefined {
  const path = executable();
  if (path === undefined)
    return 'needs Chromium, which is not installed: `apt-get install chromium`, or name a Chrome in the environment variable CHROMIUM_PATH';
  return existsSync(path) ? undefined : `CHROMIUM_PATH is ${path}, which does not exist`;
}

/** The Chromium that CHROMIUM_PATH names, else the first in the usual places. */
const executable = (): string | undefined =>
  process.env.CHROMIUM_PATH || PLACES.find(path => existsSync(path));

/** A headless one, which ends with this process; `gpu`: it computes on one. */
export async function launch({ gpu = false }: { gpu?: boolean } = {}): Promise<Browser> {
  const executablePath = executable();
  if (!executablePath) throw new Error(browserRefusal());
  // Only the process that needs it takes the time to load it.
  const { chromium } = await import('playwright-core');
  const more = gpu ? [...WITH_GPU, ...(hasGpu() ? [] : WITHOUT_GPU)] : [];
  return chromium.launch({ executablePath, args: [...ARGUMENTS, ...more] });
}
