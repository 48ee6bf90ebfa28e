import { type Device, init } from '@jax-js/jax';

/**
 * Starts jax-js: the devices named, by default every one there is; in Node, where jax-js looks in vain for those of a browser, `wasm`. Also
 * gives runtimes that have no `Float16Array` (Node before 24) an empty one: without the name jax-js makes no float64 array.
 *
 * Gives the devices that started.
 *
 * @example
 * await start();
 */
export async function start(...devices: Device[]): Promise<Device[]> {
  const runtime = globalThis as { Float16Array?: unknown; navigator?: unknown };
  runtime.Float16Array ??= class Float16Array {};
  const isBrowser = runtime.navigator !== undefined;
  return init(...(devices.length > 0 || isBrowser ? devices : (['wasm'] as const)));
}
