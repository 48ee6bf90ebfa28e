import * as core from '@police/core';
import { sizeOf } from '../arrays.js';
import { activationNode } from '../nodes/activation.js';
import { maxPoolNode } from '../nodes/pool.js';
import type { Layer, LayerOptions, Pair } from './layer.js';
import { type PoolOptions, pooling } from './pooling.js';

/** A layer of any activation of core that is affine outside its kinks: `activation(clip(0, 4))`. */
export const activation = (of: core.Activation, { name }: LayerOptions = {}): ActivationLayer =>
  layerOf(of.name, name, of);

/** `max(0, x)`. */
export const relu = ({ name }: LayerOptions = {}): ActivationLayer => layerOf('relu', name, core.relu());
/** `x` for x > 0, `alpha · x` otherwise. */
export const leakyRelu = (alpha: number, { name }: LayerOptions = {}): ActivationLayer =>
  layerOf('leakyRelu', name, core.leakyRelu(alpha));
/** Leaky ReLU with a trained `alpha` for each unit, 0.25 at the start. */
export const prelu = ({ name }: LayerOptions = {}): ActivationLayer => layerOf('prelu', name, undefined);
/** `|x|`. */
export const abs = ({ name }: LayerOptions = {}): ActivationLayer => layerOf('abs', name, core.abs());
/** x clipped to [0, 6]. */
export const relu6 = ({ name }: LayerOptions = {}): ActivationLayer => layerOf('relu6', name, core.relu6());
/** x clipped to [−1, 1]. */
export const hardTanh = ({ name }: LayerOptions = {}): ActivationLayer =>
  layerOf('hardTanh', name, core.hardTanh());
/** `max(0, min(1, x / 6 + 1 / 2))` as in JAX, by default; see core. */
export const hardSigmoid = ({
  name,
  alpha = 1 / 6,
  beta = 0.5,
}: LayerOptions & { readonly alpha?: number; readonly beta?: number } = {}): ActivationLayer =>
  layerOf('hardSigmoid', name, core.hardSigmoid(alpha, beta));
/** `x · max(0, min(1, x / 6 + 1 / 2))`. */
export const hardSwish = ({ name }: LayerOptions = {}): ActivationLayer =>
  layerOf('hardSwish', name, core.hardSwish());
/** `x` for x > 0, `alpha (eˣ − 1)` otherwise: every unit is kept positive on the regions. */
export const elu = ({ name, alpha = 1 }: LayerOptions & { readonly alpha?: number } = {}): ActivationLayer =>
  layerOf('elu', name, core.elu(alpha));
/** Scaled ELU, as {@link elu}. */
export const selu = ({ name }: LayerOptions = {}): ActivationLayer => layerOf('selu', name, core.selu());

/** A layer that is one activation. */
export interface ActivationLayer extends Layer {
  /** None where it has parameters. */
  readonly activation: core.Activation | undefined;
}

function layerOf(kind: string, name: string | undefined, of: core.Activation | undefined): ActivationLayer {
  const layer: ActivationLayer = {
    kind,
    name,
    activation: of,
    build: place => {
      const { shape, from } = place;
      const applied = of ?? core.prelu(new Float64Array(sizeOf(shape)));
      place.add(activationNode(place.nameOf(layer), from, shape, applied));
    },
  };
  return layer;
}

/** The largest entries of windows wholly inside `[C, H, W]`. */
export function maxPool(kernel: Pair, options: PoolOptions = {}): Layer {
  return pooling('maxPool', maxPoolNode, kernel, options);
}
