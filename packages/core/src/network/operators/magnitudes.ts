import { unset, withScratch } from '../../numeric/scratch.js';

/** Weights up to which their absolute values are kept; beyond, that would double what a model takes for what one pass over it saves. */
const MOST_KEPT = 2 ** 20;

/** The absolute values of weights, or of a part of them, made when asked for. */
export function magnitudesOf(weights: Float64Array): (part?: Float64Array) => Float64Array {
  let kept: Float64Array | undefined;
  return (part = weights) => {
    if (weights.length > MOST_KEPT || part.length < weights.length) return absolute(part);
    kept ??= withScratch(undefined, () => absolute(weights));
    return kept;
  };
}

function absolute(weights: Float64Array): Float64Array {
  const magnitudes = unset(weights.length);
  for (let i = 0; i < weights.length; i++) magnitudes[i] = Math.abs(weights[i]);
  return magnitudes;
}
