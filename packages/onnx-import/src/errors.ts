import { PoliceError } from '@police/core';

/** A file that is no valid ONNX model, or a graph that contradicts itself: `invalid-network`. */
export function malformed(where: string, expected: string, actual: string, remedy?: string): PoliceError {
  return new PoliceError({ code: 'invalid-network', where, expected, actual, remedy });
}

/** A valid model that this package does not read: `unsupported-layer`. */
export function unsupported(where: string, expected: string, actual: string, remedy?: string): PoliceError {
  return new PoliceError({ code: 'unsupported-layer', where, expected, actual, remedy });
}

/** Runs `step`; an error of core's is thrown again under the name the user knows the node by. */
export function namingNode<T>(label: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof PoliceError) || error.where.startsWith(label)) throw error;
    const { code, where, expected, actual, remedy } = error;
    throw new PoliceError({ code, where: `${label}: ${where}`, expected, actual, remedy, cause: error });
  }
}
