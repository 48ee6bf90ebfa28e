import type { ActivationNode, NetworkNode } from '../network/nodes.js';
import { largestEntry, type Matrix, rowOf } from '../numeric/matrix.js';
import { upTo } from '../numeric/up-to.js';
import {
  type BoundedFrame,
  type Bounding,
  ROUND_UP,
  RUNTIME,
  rangeOfFrame,
  reachOfFrame,
} from './bounded-frame.js';
import type { BoundedValue } from './bounded-linear.js';

/**
 * Units as far from their kinks as so many times a runtime's error by products of |W| stay flat in the runtime whatever becomes of that
 * bound: a freeze moves biases by twice the bound at most.
 */
const FAR = 4;

/** Units `[count]` of a nonlinearity that a runtime's error, as far as it is known, may take to a kink. */
export function doubtfulUnits(
  { propagator }: Bounding,
  { activation, shift }: ActivationNode,
  frame: BoundedFrame,
): Int32Array {
  const { lo, hi } = rangeOfFrame(propagator, frame);
  const errors = rowOf(frame.errors, RUNTIME);
  const isNear = new Uint8Array(errors.length);
  for (const kink of activation.kinks) {
    for (let j = 0; j < errors.length; j++) {
      const c = shift ? shift[j] : 0;
      const far = FAR * errors[j];
      if (!(hi[j] + c <= kink.lo - far || lo[j] + c >= kink.hi + far)) isNear[j] = 1;
    }
  }
  const units = new Int32Array(errors.length);
  let count = 0;
  for (let j = 0; j < errors.length; j++) if (isNear[j] === 1) units[count++] = j;
  return units.subarray(0, count);
}

const allUnits = (_: Bounding, { coarse }: BoundedFrame): Int32Array => upTo(coarse.length);

/**
 * A value that a nonlinearity reads, or the output's: a runtime's errors of some units (all by default) on each region taken through the
 * actual Jacobian, where that is less than what products of |W| carried so far.
 */
export function sharpened(
  name: string,
  value: BoundedValue,
  boundings: readonly Bounding[],
  unitsOn: (bounding: Bounding, frame: BoundedFrame) => Int32Array = allUnits,
): BoundedValue {
  const { frames, beforeBias } = value;
  const bounds = boundings.map((bounding, r) =>
    bounding.rounding.before(name, frames[r].coarse, unitsOn(bounding, frames[r])),
  );
  const own = (r: number) => boundings[r].rounding.madeAt(name);
  return {
    frames: frames.map((frame, r) => ({ ...frame, errors: lessened(frame.errors, bounds[r], own(r)) })),
    ...(beforeBias
      ? { beforeBias: beforeBias.map((part, r) => ({ ...part, errors: lessened(part.errors, bounds[r]) })) }
      : {}),
  };
}

/** A value with a runtime's errors {@link sharpened} where they are larger than the values themselves: sums that nothing bends grow no further. */
export function tamed(
  { name }: NetworkNode,
  value: BoundedValue,
  boundings: readonly Bounding[],
): BoundedValue {
  const isWild = boundings.some(
    ({ propagator }, r) =>
      largestEntry(rowOf(value.frames[r].errors, RUNTIME)) >
      largestEntry(reachOfFrame(propagator, value.frames[r])),
  );
  return isWild ? sharpened(name, value, boundings) : value;
}

/** Errors `[2, size]` whose runtime's are at most `bound + own`. */
function lessened(errors: Matrix, bound: Float64Array | undefined, own?: Float64Array): Matrix {
  if (!bound) return errors;
  const data = errors.data.slice();
  const runtime = data.subarray(RUNTIME * errors.cols);
  bound.forEach((b, j) => {
    runtime[j] = Math.min(runtime[j], own ? (b + own[j]) * ROUND_UP : b);
  });
  return { ...errors, data };
}
