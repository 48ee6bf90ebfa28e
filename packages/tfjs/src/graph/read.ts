import { PoliceError } from '@police/core';
import { assertFinite } from '@police/core/adapter';
import * as tfl from '@tensorflow/tfjs-layers';
import { GraphBuilder } from './builder.js';
import { readLayer } from './layers.js';
import type { Graph, Shape } from './node.js';

type Layer = tfl.layers.Layer;

/**
 * Reads a model, nested models included, as a graph. Smooth activations need an `epsilon`, their distance from affine that is
 * accepted. Throws `unsupported-layer`, `unsupported-activation`,
 * `invalid-network` or `shape`, naming the layer.
 */
export function readGraph(model: tfl.LayersModel, epsilon?: number): Graph {
  assertOneInOneOut(model);
  const builder = new GraphBuilder(epsilon);
  const shape = fixedShape(model.inputs[0], model.name);
  const input = builder.add({ kind: 'input', name: inputName(model), layer: model.name, shape });
  new GraphReader(builder).read(model, [input], true);
  return builder.build();
}

/** The layers that are no models themselves, in order. */
export function leavesOf(model: tfl.LayersModel): Layer[] {
  return model.layers.flatMap(layer => (layer instanceof tfl.LayersModel ? leavesOf(layer) : [layer]));
}

/** Throws `not-finite` if any weight is NaN or infinite, naming the layer. */
export function assertWeightsFinite(model: tfl.LayersModel): void {
  for (const layer of leavesOf(model)) {
    for (const weight of layer.weights)
      assertFinite(weight.read().dataSync(), `${layer.name} (${weight.name})`);
  }
}

/** Follows symbolic tensors back from a model's output to its input. */
class GraphReader {
  private readonly seen = new Set<Layer>();

  constructor(private readonly builder: GraphBuilder) {}

  /** Reads a model on the values at `inputs` and returns the position of its output; `isLast`: that of all. */
  read(model: tfl.LayersModel, inputs: readonly number[], isLast: boolean): number {
    const known = new Map(model.inputs.map(({ id }, i) => [id, inputs[i]]));
    return this.visit(model.outputs[0], known, isLast);
  }

  private visit(tensor: tfl.SymbolicTensor, known: Map<number, number>, isLast: boolean): number {
    const found = known.get(tensor.id);
    if (found !== undefined) return found;
    const { sourceLayer: layer } = tensor;
    const inputs = tensor.inputs.map(input => this.visit(input, known, false));
    this.assertUsedOnce(layer);
    fixedShape(tensor, layer.name);
    let place: number;
    if (layer instanceof tfl.LayersModel) {
      assertOneOut(layer);
      place = this.read(layer, inputs, isLast);
    } else {
      this.builder.isLast = isLast;
      place = readLayer(layer, inputs, this.builder);
    }
    known.set(tensor.id, place);
    return place;
  }

  private assertUsedOnce(layer: Layer): void {
    if (!this.seen.has(layer)) {
      this.seen.add(layer);
      return;
    }
    throw new PoliceError({
      code: 'unsupported-layer',
      where: layer.name,
      expected: 'a layer applied once',
      actual: 'a second application of it',
      remedy: 'Its one bias could not hold the shifts of both: use a layer of its own in each place.',
    });
  }
}

/** Another name where a layer is called `input`. */
export function inputName(model: tfl.LayersModel): string {
  const layers = leavesOf(model).filter(layer => layer.getClassName() !== 'InputLayer');
  const names = new Set(layers.map(layer => layer.name));
  let name = 'input';
  while (names.has(name)) name += '_';
  return name;
}

/** Throws `shape`, naming the layer, where another axis than that of the rows has no size. */
export function fixedShape({ shape }: tfl.SymbolicTensor, where: string): Shape {
  const sizes = shape.slice(1);
  if (sizes.length > 0 && sizes.every(size => size !== null && size > 0)) return sizes as number[];
  throw new PoliceError({
    code: 'shape',
    where,
    expected: 'fixed sizes of all axes but the batch',
    actual: `[${shape.map(size => size ?? 'null').join(', ')}]`,
    remedy: 'Give the input a full inputShape: a region lies in a space of fixed dimension.',
  });
}

/** Throws `unsupported-layer` for a model without layers, or of several inputs or outputs. */
export function assertOneInOneOut(model: tfl.LayersModel): void {
  if (model.layers.length === 0) throw unsupported(model, 'at least one layer', 'a model without one');
  if (model.inputs.length !== 1) {
    throw unsupported(
      model,
      'one input',
      `${model.inputs.length} inputs`,
      'Concatenate them into one first.',
    );
  }
  assertOneOut(model);
}

function assertOneOut(model: tfl.LayersModel): void {
  if (model.outputs.length === 1) return;
  const remedy = 'Constrain a model of one output, or concatenate them.';
  throw unsupported(model, 'one output', `${model.outputs.length} outputs`, remedy);
}

function unsupported({ name }: Layer, expected: string, actual: string, remedy?: string): PoliceError {
  return new PoliceError({ code: 'unsupported-layer', where: name, expected, actual, remedy });
}
