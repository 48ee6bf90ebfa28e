import { tree } from '@jax-js/jax';
import type { Gap } from '@police/core';
import type { Format, Tensor } from '../arrays.js';
import { fromNetwork, type Trained } from '../network/from-network.js';

/** How far rows `[..., D]` are from a region, `[..., 1]`: 0 on it to the bit. Rows are used up. */
export type GapFunction = (x: Tensor) => Tensor;

/** A gap as jax-js computes it, its constants kept on the device in the formats asked for. */
export function gapFunction({ network }: Gap): GapFunction {
  const made = new Map<Tensor['dtype'], Trained>();
  return x => {
    const { dtype } = x;
    const present = made.get(dtype) ?? fromNetwork(network, { dtype: dtype as Format });
    made.set(dtype, present);
    return present.model.apply(tree.ref(present.params), x);
  };
}
