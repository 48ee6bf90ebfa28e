import { type AffineOperator, type Gap, type NetworkNode, PoliceError } from '@police/core';
import { ifKind } from '@police/core/adapter';
import * as tf from '@tensorflow/tfjs-core';
import { timesTransposed } from '../ops/affine-op.js';
import { type ComposedKernel, runComposed } from '../ops/kernel.js';
import { isReadAtOnce, peek } from '../ops/peek.js';
import { writtenTensors } from '../ops/written-tensors.js';

/** What one node of a gap's network computes of those it reads. */
interface Step {
  readonly name: string;
  readonly inputs: readonly string[];
  apply(inputs: readonly tf.Tensor2D[]): tf.Tensor2D;
  /** dLoss/dinput of the i-th input, from dLoss/dresult. */
  back(dy: tf.Tensor2D, i: number, inputs: readonly tf.Tensor2D[]): tf.Tensor2D;
}

type Operation = Pick<Step, 'apply' | 'back'>;

/** A region's gap as the framework computes it: its constants are kept on the device until `dispose`. */
export class GapOnDevice {
  private readonly constants: tf.Tensor[] = [];
  private readonly steps: readonly Step[];
  private readonly input: string;
  /** Names of the ReLUs. */
  private readonly hinges: readonly string[];
  private readonly largeBox: LargeBox | undefined;

  constructor({ network: { nodes } }: Gap) {
    this.input = nodes[0].name;
    this.hinges = nodes.filter(({ kind }) => kind === 'activation').map(({ name }) => name);
    this.largeBox = largeBoxOf(nodes);
    this.steps = nodes.slice(1, -1).flatMap(node => {
      const step = ifKind<Omit<Step, 'name'>>(
        {
          affine: ({ input, operator }) => ({ inputs: [input], ...this.affine(operator) }),
          activation: ({ input }) => ({ inputs: [input], ...RELU }),
          sum: ({ inputs, coefficients }) => ({ inputs, ...weightedSum(coefficients) }),
        },
        node,
      );
      return step ? { name: node.name, ...step } : []; // the hinges are added up without being put together
    });
  }

  /**
   * How far rows x `[n, D]` are from the region, `[n, 1]`: 0 on it to the bit. Nothing is kept of it for the way back, which only a
   * gradient to the data asks for.
   *
   * `enough` `[n]`: a row that is farther than that may be given any number from there up to its gap, which on a large box saves most of the work.
   */
  of(x: tf.Tensor2D, enough?: () => Float64Array): tf.Tensor2D {
    const compute = (rows: tf.Tensor2D) => this.compute(rows, enough);
    return runComposed(kernel, { x }, { compute, backward: this.backward }) as tf.Tensor2D;
  }

  dispose(): void {
    tf.dispose(this.constants);
  }

  /** The sum over the hinges, see core's `Gap`. */
  private compute(x: tf.Tensor2D, enough?: () => Float64Array): tf.Tensor2D {
    if (this.largeBox && isReadAtOnce()) return sumInPlace(x, this.largeBox, enough?.());
    return this.byOperations(x);
  }

  private byOperations(x: tf.Tensor2D): tf.Tensor2D {
    const values = this.valuesAt(x);
    return this.hinges
      .map(name => tf.sum(values.get(name)!, 1, true))
      .reduce((a, b) => tf.add(a, b)) as tf.Tensor2D;
  }

  private valuesAt(x: tf.Tensor2D): Map<string, tf.Tensor2D> {
    const values = new Map([[this.input, x]]);
    for (const { name, inputs, apply } of this.steps) {
      values.set(name, apply(inputs.map(input => values.get(input)!)));
    }
    return values;
  }

  /** dLoss/dx from dLoss/dgap `[n, 1]`; a point on a facet is within it. */
  private readonly backward = (x: tf.Tensor2D, dy: tf.Tensor2D): tf.Tensor2D => {
    const values = this.valuesAt(x);
    const gradients = new Map(
      this.hinges.map(name => [name, tf.mul<tf.Tensor2D>(dy, tf.onesLike(values.get(name)!))]),
    );
    for (const { name, inputs, back } of [...this.steps].reverse()) {
      const read = inputs.map(input => values.get(input)!);
      inputs.forEach((input, i) => {
        const share = back(gradients.get(name)!, i, read);
        const before = gradients.get(input);
        gradients.set(input, before ? tf.add(before, share) : share);
      });
    }
    return gradients.get(this.input)!;
  };

  private affine(operator: AffineOperator): Operation {
    const { bias } = operator;
    if (operator.kind === 'dense') {
      const { rows, cols, data } = operator.weight;
      const w = this.constant(
        tf.tidy(() => tf.transpose(tf.tensor2d(Float32Array.from(data), [rows, cols]))),
      );
      const b = this.constant(tf.tensor1d(Float32Array.from(bias)));
      return {
        apply: ([x]) => tf.fused.matMul({ a: x, b: w as tf.Tensor2D, bias: b }) as tf.Tensor2D,
        back: dy => timesTransposed(dy, w as tf.Tensor2D),
      };
    }
    if (operator.kind !== 'scale') throw unknownOperator(operator);
    const factor = this.constant(tf.tensor1d(Float32Array.from(operator.factor ?? bias.map(() => 1))));
    const offset = this.constant(tf.tensor1d(Float32Array.from(bias)));
    return {
      apply: ([x]) => tf.add(tf.mul(x, factor), offset),
      back: dy => tf.mul(dy, factor),
    };
  }

  private constant<T extends tf.Tensor>(tensor: T): T {
    this.constants.push(tf.keep(tensor));
    return tensor;
  }
}

/** A box as relu(|factor x + middle| − width) summed over the inputs, each `[D]`. */
interface LargeBox {
  readonly factor: Float64Array;
  readonly middle: Float64Array;
  readonly width: Float64Array;
}

/**
 * Of the gap of a large box, hinges relu(f x + u) and relu(−f x + v): as a box is wide, one of the two is 0, so that their sum is
 * relu(|f x + (u − v) / 2| + (u + v) / 2).
 */
function largeBoxOf(nodes: readonly NetworkNode[]): LargeBox | undefined {
  const sides = nodes.flatMap(
    node => ifKind({ affine: each => (each.input === nodes[0].name ? [each.operator] : []) }, node) ?? [],
  );
  const [upper, lower] = sides;
  if (sides.length !== 2 || upper.kind !== 'scale' || lower.kind !== 'scale') return undefined;
  const { factor } = upper;
  if (!factor?.every((f, k) => f === -lower.factor![k] && upper.bias[k] + lower.bias[k] < 0))
    return undefined;
  return {
    factor,
    middle: upper.bias.map((u, k) => (u - lower.bias[k]) / 2),
    width: upper.bias.map((u, k) => -(u + lower.bias[k]) / 2),
  };
}

/** Inputs between two looks at whether a row is far enough. */
const STRETCH = 64;

/**
 * One pass over the data in place of eight, which ends a row that is far enough. In float64, which rounds less than what the hinges were
 * proved with.
 */
function sumInPlace(x: tf.Tensor2D, box: LargeBox, enough: Float64Array | undefined): tf.Tensor2D {
  const [rows, size] = x.shape;
  const [sums] = writtenTensors([[rows, 1]], ([into]) => {
    const values = peek(x);
    for (let i = 0; i < rows; i += 4) {
      // Past the last row it is that one again, whose sum is then not kept.
      const four = [0, 1, 2, 3].map(next => Math.min(i + next, rows - 1));
      const [p, q, r, s] = four.map(row => row * size);
      const wanted = enough && four.map(row => enough[row]);
      let sum = [0, 0, 0, 0];
      for (let k = 0; k < size && !(wanted && sum.every((gap, j) => gap >= wanted[j])); k += STRETCH) {
        const more = fourSums(values, p, q, r, s, box, k, Math.min(k + STRETCH, size));
        sum = sum.map((gap, j) => gap + more[j]);
      }
      into.set(sum.slice(0, rows - i), i);
    }
  });
  return sums as tf.Tensor2D;
}

/** Of inputs `from` to `to` of the rows that begin at p, q, r and s: they share the constants, and no sum waits for another. */
function fourSums(
  values: Float32Array,
  p: number,
  q: number,
  r: number,
  s: number,
  { factor, middle, width }: LargeBox,
  from: number,
  to: number,
): number[] {
  let [sumP, sumQ, sumR, sumS] = [0, 0, 0, 0];
  for (let k = from; k < to; k++) {
    const f = factor[k];
    const m = middle[k];
    const w = width[k];
    const beyondP = Math.abs(values[p + k] * f + m) - w;
    const beyondQ = Math.abs(values[q + k] * f + m) - w;
    const beyondR = Math.abs(values[r + k] * f + m) - w;
    const beyondS = Math.abs(values[s + k] * f + m) - w;
    sumP += beyondP + Math.abs(beyondP); // twice the ReLU, and no branch to guess
    sumQ += beyondQ + Math.abs(beyondQ);
    sumR += beyondR + Math.abs(beyondR);
    sumS += beyondS + Math.abs(beyondS);
  }
  return [sumP / 2, sumQ / 2, sumR / 2, sumS / 2];
}

const RELU: Operation = {
  apply: ([x]) => tf.relu(x),
  back: (dy, _, [x]) => tf.mul(dy, tf.step(x)),
};

function weightedSum(coefficients: readonly number[] | undefined): Operation {
  const times = (x: tf.Tensor2D, i: number): tf.Tensor2D => {
    const factor = coefficients?.[i] ?? 1;
    return factor === 1 ? x : tf.mul<tf.Tensor2D>(x, factor);
  };
  return { apply: inputs => inputs.map(times).reduce((a, b) => tf.add(a, b)), back: times };
}

const unknownOperator = ({ kind }: AffineOperator): PoliceError =>
  new PoliceError({
    code: 'unsupported-layer',
    where: 'gap',
    expected: 'dense or elementwise operators',
    actual: kind,
  });

const kernel: ComposedKernel = {
  kernelName: 'PoliceGap',
  kernelFunc: ({ inputs, attrs }) => {
    const { compute } = attrs as unknown as Attributes;
    return tf.tidy(() => compute(inputs.x as tf.Tensor2D));
  },
  gradient: {
    inputsToSave: ['x'],
    gradFunc: (dy, [x], attrs) => {
      const { backward } = attrs as unknown as Attributes;
      return { x: () => tf.tidy(() => backward(x as tf.Tensor2D, dy as tf.Tensor2D)) };
    },
  },
};

interface Attributes {
  readonly compute: (x: tf.Tensor2D) => tf.Tensor2D;
  readonly backward: (x: tf.Tensor2D, dy: tf.Tensor2D) => tf.Tensor2D;
}
