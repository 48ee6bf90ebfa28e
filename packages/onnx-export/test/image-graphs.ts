import {
  type AffineOperator,
  maxPoolWindows,
  type Network,
  type NetworkNode,
  network,
  operators,
  type Rng,
  type Windows,
} from '@police/core';
import type { Lifts } from '@police/core/adapter';
import { randomDense } from '@police/testing/graphs';
import { activationKinds, makeActivation, pick, randomArray } from '@police/testing/helpers';
import { integer } from '@police/testing/operators/oracles';

type Shape = operators.Shape;

/** A node of the graph so far, and what its flat rows are read as. */
interface Place {
  readonly name: string;
  readonly shape: Shape;
}

const INPUT: Shape = [2, 5, 4];
const OUTPUTS = 3;

/** Tensors larger than this are not enlarged further. */
const LARGE = 160;

export interface GraphOptions {
  /** Whether activations and maxima get random shifts and lifts, as of an enforced network. */
  readonly isShifted: boolean;
  readonly steps: number;
}

/** A random graph over images with every kind of node and affine operator, branches and joins, then a dense head. */
export function randomImageGraph(rng: Rng, { isShifted, steps }: GraphOptions): Network {
  const nodes: NetworkNode[] = [{ kind: 'input', name: 'x', size: operators.sizeOf(INPUT) }];
  const places: Place[] = [{ name: 'x', shape: INPUT }];
  const add = (node: NetworkNode, shape: Shape) => {
    nodes.push(node);
    places.push({ name: node.name, shape });
  };
  for (let step = 1; step <= steps; step++) {
    // Mostly a chain, at times a branch.
    const from = rng() < 0.7 ? places[places.length - 1] : pick(rng, places);
    const kind = pick(rng, ['affine', 'affine', 'activation', 'activation', 'max', 'sum', 'concat'] as const);
    const name = `${kind}${step}`;
    const { shape, name: input } = from;
    const size = operators.sizeOf(shape);
    switch (kind) {
      case 'affine': {
        const { operator, outShape } = imageOperator(rng, shape);
        add({ kind, name, input, operator }, outShape);
        break;
      }
      case 'activation': {
        const activation = makeActivation(pick(rng, activationKinds), size, rng);
        const shift = isShifted && rng() < 0.5 ? { shift: Float64Array.from(randomArray(rng, size)) } : {};
        add({ kind, name, input, activation, ...shift }, shape);
        break;
      }
      case 'max': {
        const { windows, outShape } = randomPoolWindows(rng, shape, rng() < 0.2);
        const lifts = isShifted && rng() < 0.5 ? { lifts: randomLifts(rng, windows) } : {};
        add({ kind, name, input, windows, ...lifts }, outShape);
        break;
      }
      case 'sum': {
        const alike = places.filter(place => operators.sizeOf(place.shape) === size);
        const inputs = [from, ...Array.from({ length: integer(rng, 0, 2) }, () => pick(rng, alike))];
        const coefficients = inputs.map(() => pick(rng, [1, 1, -1, 0.3]));
        add({ kind, name, inputs: inputs.map(place => place.name), coefficients }, shape);
        break;
      }
      case 'concat': {
        const other = pick(rng, places);
        const sizes = size + operators.sizeOf(other.shape);
        if (sizes > LARGE) break;
        const isAlike = `${other.shape.slice(1)}` === `${shape.slice(1)}`;
        const outShape = isAlike ? [shape[0] + other.shape[0], ...shape.slice(1)] : [sizes, 1, 1];
        add({ kind, name, inputs: [input, other.name] }, outShape);
        break;
      }
    }
  }
  const { name, shape } = places[places.length - 1];
  nodes.push(randomDense(rng, 'head', name, operators.sizeOf(shape), OUTPUTS));
  return network(nodes);
}

/** A random operator on `[C, H, W]`, and the `[C', H', W']` of its result. */
function imageOperator(rng: Rng, shape: Shape): { operator: AffineOperator; outShape: Shape } {
  const [channels, height, width] = shape;
  const isLarge = operators.sizeOf(shape) > LARGE;
  const weights = (weightShape: Shape) => ({
    weight: randomArray(
      rng,
      operators.sizeOf(weightShape),
      Math.sqrt(3 / operators.sizeOf(weightShape.slice(1))),
    ),
    weightShape,
  });
  const made = <Operator extends AffineOperator & { outShape: Shape }>(operator: Operator) => ({
    operator,
    outShape: operator.outShape,
  });
  const kinds = [
    () => {
      const out = integer(rng, 1, 4);
      const options = { inShape: shape, ...weights([out, channels, 3, 3]), padding: [1, 1, 1, 1] };
      return made(
        operators.conv({
          ...options,
          bias: randomArray(rng, out),
          strides: pick(rng, [
            [1, 1],
            [2, 1],
          ]),
        }),
      );
    },
    () => made(operators.conv({ inShape: shape, ...weights([channels, 1, 1, 1]), groups: channels })),
    () => {
      const operator = operators.batchNorm({
        shape,
        gamma: randomArray(rng, channels),
        beta: randomArray(rng, channels),
        mean: randomArray(rng, channels),
        variance: randomArray(rng, channels).map(v => 0.5 + v * v),
      });
      return { operator, outShape: shape };
    },
    () => ({
      operator: operators.scale({ factor: randomArray(rng, operators.sizeOf(shape)) }),
      outShape: shape,
    }),
    () => made(operators.averagePool({ shape, kernel: [Math.min(2, height), Math.min(2, width)] })),
    () =>
      made(
        operators.transpose(
          shape,
          pick(rng, [
            [0, 2, 1],
            [2, 0, 1],
            [1, 0, 2],
          ]),
        ),
      ),
    () => made(operators.gatherAlong(shape, 0, [integer(rng, 0, channels - 1), -1])),
    () =>
      made(
        operators.slice(shape, { starts: [-1], ends: [Number.NEGATIVE_INFINITY], axes: [2], steps: [-1] }),
      ),
    () => made(operators.reshape(shape, [channels * height, 1, width])),
    () => {
      const operator = operators.meanOver({ shape, axes: [2] });
      return { operator, outShape: [...operator.outShape, 1] };
    },
  ];
  const enlarging = [
    () => made(operators.pad(shape, [0, 1, 0, 0, 0, 1], 0.5)),
    () => made(operators.resizeNearest(shape, { scales: [1, 2, 1] })),
    () => made(operators.resizeLinear({ shape, outSize: [height, 2 * width] })),
    () => made(operators.convTranspose({ inShape: shape, ...weights([channels, 2, 2, 2]), strides: [1, 2] })),
  ];
  return pick(rng, isLarge ? kinds : [...kinds, ...enlarging])();
}

/** Windows of a random pool over `[C, H, W]`. */
export function randomPoolWindows(
  rng: Rng,
  [channels, height, width]: Shape,
  isDilated: boolean,
): { windows: Windows; outShape: Shape } {
  const axes = [height, width].map(size => {
    const kernel = integer(rng, 1, Math.min(3, size));
    const dilation = isDilated && 2 * (kernel - 1) < size ? 2 : 1;
    const [before, after] = [integer(rng, 0, kernel - 1), integer(rng, 0, kernel - 1)];
    return { kernel, dilation, stride: integer(rng, 1, 3), before, after };
  });
  const [h, w] = axes;
  return maxPoolWindows({
    shape: [channels, height, width],
    kernel: [h.kernel, w.kernel],
    strides: [h.stride, w.stride],
    padding: [h.before, w.before, h.after, w.after],
    dilations: [h.dilation, w.dilation],
    ceil: rng() < 0.5,
  });
}

/** Lifts of random entries of some windows; one below 0 lifts nothing. */
export function randomLifts(rng: Rng, { offsets, members }: Windows): Lifts {
  const count = offsets.length - 1;
  const winner = Int32Array.from({ length: count }, (_, w) =>
    rng() < 0.4 ? -1 : members[integer(rng, offsets[w], offsets[w + 1] - 1)],
  );
  return { winner, lift: Float64Array.from(winner, at => (at < 0 ? 0 : 2 * rng() - 0.5)) };
}
