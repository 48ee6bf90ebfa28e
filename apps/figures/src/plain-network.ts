import type { Dense, Network, NetworkNode } from '@police/core';
import * as tf from '@tensorflow/tfjs-core';

/** A dense layer in float32. */
export interface DenseLayer {
  readonly inSize: number;
  readonly outSize: number;
  /** `[inSize, outSize]`. */
  readonly kernel: Float32Array;
  /** `[outSize]`. */
  readonly bias: Float32Array;
}

/** A frozen network as numbers: dense layers with leaky ReLUs between, and what is added to them to keep a promise. */
export interface PlainNetwork {
  readonly leak: number;
  readonly layers: readonly DenseLayer[];
  /** What a prescribed map adds to the outputs, of the inputs. */
  readonly correction?: DenseLayer;
  /** What the outputs are held between. */
  readonly patch?: Patch;
  /** Shifts that fade out. */
  readonly fade?: Fade;
}

/** `max(min(y, centre + radius), centre − radius)`. */
export interface Patch {
  /** Of the inputs. */
  readonly centre: DenseLayer;
  /** Of the inputs, ReLUs between. */
  readonly radius: readonly DenseLayer[];
}

export interface Fade {
  /** t, of the inputs: 1 on the region, 0 at a distance; ReLUs between and after. */
  readonly on: readonly DenseLayer[];
  /** Of t, added before each leaky ReLU. */
  readonly shifts: readonly (DenseLayer | null)[];
}

/** The parameters of a frozen network. Throws for one that has other affine layers than dense ones. */
export function plainNetwork({ nodes }: Network, leak: number): PlainNetwork {
  const byName = new Map(nodes.map(node => [node.name, node]));
  const [input] = nodes;
  const last = nodes.at(-1)!;
  if (last.kind === 'clamp') {
    const [value, centre, radius] = last.inputs;
    const [map] = chainTo(centre, byName);
    return {
      leak,
      layers: chainTo(value, byName).map(({ layer }) => layer),
      patch: { centre: map.layer, radius: chainTo(radius, byName).map(({ layer }) => layer) },
    };
  }
  if (last.kind === 'sum') {
    const [value, correction] = last.inputs.map(name => chainTo(name, byName));
    return { leak, layers: value.map(({ layer }) => layer), correction: correction[0].layer };
  }
  const chain = chainTo(last.name, byName);
  const on = chain.find(({ shift }) => shift)?.shift?.input;
  return {
    leak,
    layers: chain.map(({ layer }) => layer),
    ...(on === undefined || on === input.name
      ? {}
      : {
          fade: {
            on: chainTo(on, byName).map(({ layer }) => layer),
            shifts: chain.slice(0, -1).map(({ shift }) => (shift ? denseLayer(shift.operator) : null)),
          },
        }),
  };
}

interface Link {
  readonly layer: DenseLayer;
  /** What is added after it. */
  readonly shift?: { readonly input: string; readonly operator: Dense };
}

/** The dense layers from the input to a value. */
function chainTo(name: string, nodes: ReadonlyMap<string, NetworkNode>): Link[] {
  const node = nodes.get(name)!;
  if (node.kind === 'input') return [];
  if (node.kind === 'activation') return chainTo(node.input, nodes);
  if (node.kind === 'affine' && node.operator.kind === 'dense')
    return [...chainTo(node.input, nodes), { layer: denseLayer(node.operator) }];
  if (node.kind === 'sum' && node.inputs.length === 2) {
    const [value, added] = node.inputs;
    const shift = nodes.get(added)!;
    if (shift.kind === 'affine' && shift.operator.kind === 'dense') {
      const links = chainTo(value, nodes);
      const { input, operator } = shift;
      return [...links.slice(0, -1), { ...links.at(-1)!, shift: { input, operator } }];
    }
  }
  throw new Error(`${name}: a figure's network has dense layers only, got another kind.`);
}

function denseLayer({ weight, bias }: Dense): DenseLayer {
  const { rows: outSize, cols: inSize, data } = weight;
  const kernel = Float32Array.from(data, (_, i) => data[(i % outSize) * inSize + Math.floor(i / outSize)]);
  return { inSize, outSize, kernel, bias: Float32Array.from(bias) };
}

/** The outputs `[n, outputs]` at `points` `[n, 2]`, in float32 as any runtime computes them. */
export const outputsAt = (net: PlainNetwork, points: Float32Array): Float32Array =>
  valuesAt(points, x => {
    const y = unheld(net, x);
    if (!net.patch) return y;
    const { centre, radius } = heldBetween(net.patch, x);
    return tf.maximum(tf.minimum(y, tf.add(centre, radius)), tf.sub(centre, radius));
  });

/** What a patch holds, and between what: f, a and K d, `[n, outputs]` each at `points` `[n, 2]`. */
export function conesAt(
  net: PlainNetwork & { readonly patch: Patch },
  points: Float32Array,
): { readonly f: Float32Array; readonly centre: Float32Array; readonly radius: Float32Array } {
  return {
    f: valuesAt(points, x => unheld(net, x)),
    centre: valuesAt(points, x => heldBetween(net.patch, x).centre),
    radius: valuesAt(points, x => heldBetween(net.patch, x).radius),
  };
}

function unheld(net: PlainNetwork, x: tf.Tensor2D): tf.Tensor {
  const y = apply(net.layers.at(-1)!, hiddenValues(net, x).at(-1)?.after ?? x);
  return net.correction ? tf.add(y, apply(net.correction, x)) : y;
}

const heldBetween = ({ centre, radius }: Patch, x: tf.Tensor2D) => ({
  centre: apply(centre, x),
  radius: rectified(radius, x),
});

function valuesAt(points: Float32Array, compute: (x: tf.Tensor2D) => tf.Tensor): Float32Array {
  return valuesOf(tf.tidy(() => compute(tf.tensor2d(points, [points.length / 2, 2]))));
}

/** The pre-activations `[n, units]` of each hidden layer at `points` `[n, 2]`. */
export function preActivationsAt(net: PlainNetwork, points: Float32Array): Float32Array[] {
  const layers = tf.tidy(() => {
    const x = tf.tensor2d(points, [points.length / 2, 2]);
    return hiddenValues(net, x).map(({ before }) => before);
  });
  return layers.map(valuesOf);
}

/** A copy of the values; disposes of the tensor. Not to be returned from `tf.tidy`, which looks for tensors in it. */
function valuesOf(tensor: tf.Tensor): Float32Array {
  const values = tensor.dataSync<'float32'>().slice();
  tensor.dispose();
  return values;
}

function hiddenValues(
  { layers, leak, fade }: PlainNetwork,
  x: tf.Tensor2D,
): { before: tf.Tensor; after: tf.Tensor }[] {
  let last: tf.Tensor = x;
  const on = fade && tf.relu(rectified(fade.on, x));
  return layers.slice(0, -1).map((layer, i) => {
    const unshifted = apply(layer, last);
    const shift = fade?.shifts[i];
    const before = on && shift ? tf.add(unshifted, apply(shift, on)) : unshifted;
    last = tf.leakyRelu(before, leak);
    return { before, after: last };
  });
}

/** ReLUs between the layers. */
const rectified = (layers: readonly DenseLayer[], x: tf.Tensor): tf.Tensor =>
  layers.reduce((value, layer, i) => apply(layer, i === 0 ? value : tf.relu(value)), x);

function apply({ kernel, bias, inSize, outSize }: DenseLayer, x: tf.Tensor): tf.Tensor {
  return tf.add(tf.matMul(x as tf.Tensor2D, tf.tensor2d(kernel, [inSize, outSize])), tf.tensor1d(bias));
}
