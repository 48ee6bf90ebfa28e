import { assertSize } from '../../errors.js';
import { matrix } from '../../numeric/matrix.js';
import { upTo } from '../../numeric/up-to.js';
import type { AffineContract } from './contract.js';
import { type Gather, gather } from './gather.js';
import { invalidOption } from './shapes.js';

/**
 * An operator between two reorderings, `y = outputs(inner(inputs(x)))`: a convolution over NHWC data is one over NCHW
 * data between two transposes. Unlike three layers in a row it still has the convolution's bias, so that a nonlinearity
 * after the second transpose finds it. Nothing is rounded.
 */
export interface Permuted<Inner extends AffineContract> extends AffineContract, Reordering {
  readonly kind: 'permuted';
  /** Not permuted itself. */
  readonly inner: Inner;
}

/** Of `operators.permuted`: the orders of entries around the inner operator. */
export interface Reordering {
  /**
   * From the inputs to those of the inner operator, a permutation such as `transpose` makes.
   * @defaultValue the order as it is
   */
  readonly inputs?: Gather;
  /**
   * From the outputs of the inner operator to the outputs, a permutation.
   * @defaultValue the order as it is
   */
  readonly outputs?: Gather;
}

/** A permuted operator is reordered once more by joining the permutations. Throws `shape` or `invalid-option`. */
export function permuted<Inner extends AffineContract>(
  operator: Inner | Permuted<Inner>,
  { inputs, outputs }: Reordering,
): Permuted<Inner> {
  if (inputs) assertPermutation(inputs, operator.inSize, 'inputs');
  if (outputs) assertPermutation(outputs, operator.outSize, 'outputs');
  return isPermuted(operator)
    ? permutedOf(operator.inner, joined(inputs, operator.inputs), joined(operator.outputs, outputs))
    : permutedOf(operator, inputs, outputs);
}

function isPermuted<Inner extends AffineContract>(
  operator: Inner | Permuted<Inner>,
): operator is Permuted<Inner> {
  return operator.kind === 'permuted';
}

function permutedOf<Inner extends AffineContract>(
  inner: Inner,
  inputs: Gather | undefined,
  outputs: Gather | undefined,
): Permuted<Inner> {
  const { inSize, outSize, terms, storesBias, parameters, bias, biasGroups } = inner;
  const back = (values: Float64Array) =>
    outputs ? outputs.adjoint(matrix(1, outSize, values)).data : values;
  const groups = biasGroups ?? upTo(outSize);
  return {
    kind: 'permuted',
    inner,
    ...(inputs && { inputs }),
    ...(outputs && { outputs }),
    inSize,
    outSize,
    terms,
    storesBias,
    parameters,
    bias: outputs ? Float64Array.from(outputs.index, j => bias[j]) : bias,
    ...(storesBias && { biasGroups: outputs ? outputs.index.map(j => groups[j]) : groups }),
    linear: x => {
      const y = inner.linear(inputs ? inputs.linear(x) : x);
      return outputs ? outputs.linear(y) : y;
    },
    adjoint: y => {
      const x = inner.adjoint(outputs ? outputs.adjoint(y) : y);
      return inputs ? inputs.adjoint(x) : x;
    },
    magnitude: x => {
      const y = inner.magnitude(inputs ? inputs.linear(x) : x);
      return outputs ? outputs.linear(y) : y;
    },
    zeroGradient: () => inner.zeroGradient(),
    accumulateGradient: (into, x, dy) =>
      inner.accumulateGradient(into, inputs ? inputs.linear(x) : x, outputs ? outputs.adjoint(dy) : dy),
    withBias: next => {
      assertSize(next.length, outSize, 'permuted', 'bias');
      return permutedOf(inner.withBias(back(next)), inputs, outputs);
    },
    rounded: precision => permutedOf(inner.rounded(precision), inputs, outputs),
  };
}

/** One permutation, then the other. */
function joined(first: Gather | undefined, second: Gather | undefined): Gather | undefined {
  if (!first || !second) return first ?? second;
  return gather({
    inSize: first.inSize,
    index: second.index.map(j => first.index[j]),
    outShape: second.outShape,
  });
}

function assertPermutation({ inSize, index }: Gather, size: number, what: 'inputs' | 'outputs'): void {
  assertSize(inSize, size, 'permuted', what);
  const isTaken = new Uint8Array(size);
  for (const from of index) if (from >= 0) isTaken[from] = 1;
  if (index.length === size && isTaken.every(taken => taken === 1)) return;
  throw invalidOption(
    `permuted ${what}`,
    `a permutation of ${size} entries`,
    `one of ${index.length} outputs`,
  );
}
