import type { FlatLayer } from './flat-layer.js';
import type { Units } from './units.js';

/** Tells whether weights, biases, activation and sides are still those of `take`: users write into a network's arrays. */
export function weightsKey(
  params: readonly FlatLayer[],
  sides: readonly Int8Array[],
): { isCurrent(units: Units): boolean; take(units: Units): void } {
  const live = params.flatMap(({ weights, biases }) => [bitsOf(weights), bitsOf(biases)]);
  const taken = live.map(bits => bits.slice());
  const takenSides = sides.map(values => values.slice());
  let takenUnits: Units | undefined;
  return {
    isCurrent: units => {
      if (units !== takenUnits) return false;
      for (let i = 0; i < live.length; i++) if (!isSame(live[i], taken[i])) return false;
      return sides.every((values, l) => values.every((side, i) => side === takenSides[l][i]));
    },
    take: units => {
      for (let i = 0; i < live.length; i++) taken[i].set(live[i]);
      for (let l = 0; l < sides.length; l++) takenSides[l].set(sides[l]);
      takenUnits = units;
    },
  };
}

/** The same memory: comparing whole numbers is faster. */
const bitsOf = ({ buffer, byteOffset, length }: Float32Array): Int32Array =>
  new Int32Array(buffer, byteOffset, length);

function isSame(a: Int32Array, b: Int32Array): boolean {
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}
