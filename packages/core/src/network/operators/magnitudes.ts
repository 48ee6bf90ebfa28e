/** Weights up to which their absolute values are kept; beyond, that would double what a model takes for what one pass over it saves. */
const MOST_KEPT = 2 ** 20;

/** The absolute values of weights, made when asked for. */
export function magnitudesOf(weights: Float64Array): () => Float64Array {
  let kept: Float64Array | undefined;
  return () => {
    if (kept) return kept;
    const made = absolute(weights);
    if (weights.length <= MOST_KEPT) kept = made;
    return made;
  };
}

function absolute(weights: Float64Array): Float64Array {
  const magnitudes = new Float64Array(weights.length);
  for (let i = 0; i < weights.length; i++) magnitudes[i] = Math.abs(weights[i]);
  return magnitudes;
}
