import { PoliceError } from '@police/core';

/**
 * The values as float32, unchanged. Throws `not-frozen` if one is no float32 value: rounding it here would void what
 * was proved of the network.
 */
export function exactFloat32(values: ArrayLike<number>, where: string, role: string): Float32Array {
  const stored = Float32Array.from(values);
  for (let i = 0; i < stored.length; i++) {
    if (stored[i] !== values[i]) {
      throw new PoliceError({
        code: 'not-frozen',
        where,
        expected: 'parameters that are float32 values',
        actual: `${role}[${i}] = ${values[i]}`,
        remedy: 'Call freeze(network, regions) first and export its network.',
      });
    }
  }
  return stored;
}
