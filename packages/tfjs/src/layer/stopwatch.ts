import * as tf from '@tensorflow/tfjs-core';

/** Adds up the time that some actions take. */
export class Stopwatch {
  /** Milliseconds so far. */
  total = 0;

  time<T>(action: () => T): T {
    const started = tf.util.now();
    const result = action();
    this.total += tf.util.now() - started;
    return result;
  }
}
