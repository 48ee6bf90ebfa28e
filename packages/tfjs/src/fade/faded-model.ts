import { type Gap, matrix } from '@police/core';
import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { plainCopy } from '../frozen/plain-copy.js';
import { activationName } from '../graph/activation.js';
import { coreView } from '../graph/core-view.js';
import { type Graph, isNonlinear, sizeOf } from '../graph/node.js';
import { leavesOf } from '../graph/read.js';
import { type LayerConfig, layerFromConfig } from '../layers/layer-config.js';
import { denseLayer, gapLayers } from '../patch/gap-layers.js';
import { flattened } from '../patch/plain-model.js';

type Tensor = tfl.SymbolicTensor;
type Layer = tfl.layers.Layer;
type Config = tf.serialization.ConfigDict;

/** The shifts of one region, and where they hold. */
export interface FadedShifts {
  readonly gap: Gap;
  /** `[units]` by name of the activation's node, as TensorFlow.js lays them out. */
  readonly shifts: ReadonlyMap<string, Float64Array>;
}

/** A model whose shifts fade, to be written as one of stock layers. */
export interface Unfaded {
  readonly model: tfl.LayersModel;
  readonly graph: Graph;
  readonly epsilon: number | undefined;
  /** Of the gap in t = relu(1 + slope · gap). */
  readonly slope: number;
}

/**
 * The model with each region's shifts, times t, added before its activations: of layers that every TensorFlow.js has beside its own, in
 * weights of its own. Activations that no region shifts stay as they are.
 */
export function fadedModel(from: Unfaded, regions: readonly FadedShifts[]): tfl.LayersModel {
  const view = coreView(from.graph);
  const plain = plainCopy(from, view.network, view);
  const writer = new FadedWriter(from, plain, regions);
  const input = tfl.input({ shape: plain.inputs[0].shape.slice(1) as number[] });
  const model = tfl.model({ inputs: input, outputs: writer.write(input) });
  plain.dispose();
  return model;
}

class FadedWriter {
  private readonly prefix: string;
  /** By name of the activation's node: shifts `[regions, units]`, and the shape of a row. */
  private readonly columns: ReadonlyMap<string, { rows: readonly Float64Array[]; shape: readonly number[] }>;
  private readonly slope: number;
  private nearness: Tensor | undefined;

  constructor(
    { graph, slope }: Unfaded,
    private readonly plain: tfl.LayersModel,
    private readonly regions: readonly FadedShifts[],
  ) {
    const taken = leavesOf(plain).map(({ name }) => name);
    let prefix = 'fade';
    while (taken.some(name => name.startsWith(`${prefix}_`))) prefix = `${prefix}_outer`;
    this.prefix = prefix;
    this.slope = slope;
    const shifted = graph.nodes.filter(isNonlinear).flatMap(({ name, shape }) => {
      const rows = regions.map(({ shifts }) => shifts.get(name) ?? new Float64Array(sizeOf(shape)));
      const isShifted = rows.some(row => row.some(c => c !== 0));
      return isShifted ? [[name, { rows, shape: [...shape] }] as const] : [];
    });
    this.columns = new Map(shifted);
  }

  write(input: Tensor): Tensor {
    if (this.columns.size > 0) this.nearness = this.nearnessOf(input);
    return this.through(this.plain, [input]);
  }

  /** t of every region, `[n, regions]`. */
  private nearnessOf(input: Tensor): Tensor {
    const rows = flattened(input, this.named('inputs'));
    const parts = this.regions.map(({ gap }, r) => {
      const own = (name: string) => this.named(this.regions.length === 1 ? name : `${r}_${name}`);
      const distance = gapLayers(gap, rows, name => own(`gap_${name.replace(/\W/g, '_')}`));
      const one = Float64Array.of(1);
      const near = denseLayer(matrix(1, 1, Float64Array.of(this.slope)), one, distance, own('nearness'));
      return tfl.layers.reLU({ name: own('on') }).apply(near) as Tensor;
    });
    if (parts.length === 1) return parts[0];
    return tfl.layers.concatenate({ name: this.named('on') }).apply(parts) as Tensor;
  }

  /** A model's layers, those of models inside as its own, on other inputs. */
  private through(model: tfl.LayersModel, inputs: readonly Tensor[]): Tensor {
    const known = new Map(model.inputs.map(({ id }, i) => [id, inputs[i]]));
    const visit = (tensor: Tensor): Tensor => {
      const found = known.get(tensor.id);
      if (found) return found;
      const { sourceLayer: layer } = tensor;
      const from = tensor.inputs.map(visit);
      const to = layer instanceof tfl.LayersModel ? this.through(layer, from) : this.applied(layer, from);
      known.set(tensor.id, to);
      return to;
    };
    return visit(model.outputs[0]);
  }

  private applied(layer: Layer, inputs: readonly Tensor[]): Tensor {
    const own = activationName(layer.name);
    if (this.columns.has(layer.name)) return copied(layer, [this.shifted(layer.name, inputs[0])]);
    if (!this.columns.has(own)) return copied(layer, inputs);
    const { activation } = layer.getConfig();
    const before = copied(layer, inputs, { activation: 'linear' });
    const after = tfl.layers.activation({ name: own, activation: activation as 'relu' });
    return after.apply(this.shifted(own, before)) as Tensor;
  }

  private shifted(name: string, x: Tensor): Tensor {
    const { rows, shape } = this.columns.get(name)!;
    const units = sizeOf(shape);
    const weight = matrix(units, rows.length);
    rows.forEach((row, r) => {
      row.forEach((c, j) => {
        weight.data[j * rows.length + r] = c;
      });
    });
    const flat = denseLayer(weight, undefined, this.nearness!, this.named(`${name}_shift`));
    const shift =
      shape.length === 1
        ? flat
        : (tfl.layers
            .reshape({ name: this.named(`${name}_shaped`), targetShape: [...shape] })
            .apply(flat) as Tensor);
    return tfl.layers.add({ name: this.named(`${name}_shifted`) }).apply([x, shift]) as Tensor;
  }

  private named(name: string): string {
    return `${this.prefix}_${name}`;
  }
}

/** A layer of the same config, but for some of it, and of the same weights, on other inputs. */
function copied(layer: Layer, inputs: readonly Tensor[], changes: Config = {}): Tensor {
  const { batchInputShape, ...config } = JSON.parse(
    JSON.stringify(layer.getConfig()),
  ) as LayerConfig['config'];
  const copy = layerFromConfig<Layer>({ className: layer.getClassName(), config: { ...config, ...changes } });
  const output = copy.apply(inputs.length === 1 ? inputs[0] : [...inputs]) as Tensor;
  layer.weights.forEach((weight, i) => {
    copy.weights[i].write(weight.read());
  });
  return output;
}
