import { PoliceError } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';
import { allowHalfPrecision } from './ops/half-precision.js';

/** Of `startBackend`. */
export interface BackendOptions {
  /**
   * Whether constrained models may train where the backend computes in float16, as WebGL does on most phones. They are affine to its
   * rounding there, 1e-4 to 1e-3 of the outputs, and are to be frozen and saved on another backend.
   * @defaultValue false: training is refused there
   */
  readonly allowHalfPrecision?: boolean;
}

const REMEDIES: Record<string, string> = {
  wasm: "Import '@tensorflow/tfjs-backend-wasm'; behind a bundler, tell setWasmPaths of it where its three .wasm files are served; a Content-Security-Policy needs script-src with wasm-unsafe-eval. Or start 'cpu'.",
};

/**
 * Starts a backend of TensorFlow.js and makes it the current one, or says why not: `tf.setBackend` alone resolves to false, and the
 * next operation complains about something else.
 *
 * Throws `not-loaded` where the backend's package is not imported, or a file it needs is missing or forbidden.
 *
 * @example
 * import '@tensorflow/tfjs-backend-wasm';
 * await startBackend('wasm');
 */
export async function startBackend(name: string, options: BackendOptions = {}): Promise<void> {
  if (!(name in tf.engine().registryFactory)) throw notStarted(name, 'no such backend imported');
  const started = await tf.setBackend(name).catch((cause: unknown) => {
    throw notStarted(name, cause instanceof Error ? cause.message : String(cause), cause);
  });
  if (!started) throw notStarted(name, 'one that did not start (the console says more)');
  if (options.allowHalfPrecision === true) allowHalfPrecision();
}

function notStarted(name: string, actual: string, cause?: unknown): PoliceError {
  return new PoliceError({
    code: 'not-loaded',
    where: 'startBackend',
    expected: `TensorFlow.js' backend '${name}'`,
    actual,
    remedy: REMEDIES[name] ?? `Import '@tensorflow/tfjs-backend-${name}', or start 'cpu'.`,
    cause,
  });
}
