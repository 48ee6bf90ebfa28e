import { type Network, type NetworkNode, network } from '@police/core';
import { withInputs } from '@police/core/adapter';
import * as tfl from '@tensorflow/tfjs-layers';
import { coreView } from '../graph/core-view.js';
import { sizeOf } from '../graph/node.js';
import { inputName, readGraph } from '../graph/read.js';
import { hasWeights, headOf } from './final-function.js';
import { readable } from './readable-graph.js';

type Tensor = tfl.SymbolicTensor;

/** The tensors that a patch is made of. */
interface Patch {
  readonly value: Tensor;
  readonly centre: Tensor;
  readonly radius: Tensor;
}

/**
 * A plain model that ends in a patch, `max(min(value, centre + radius), centre + (−radius))` of stock layers, as a core network: read by
 * its structure and its weights alone. Of a value that core cannot read, nothing is known, which a patch does not mind. A final softmax or
 * sigmoid is left out. Undefined for a model that ends otherwise.
 */
export function patchedNetwork(model: tfl.LayersModel, epsilon: number | undefined): Network | undefined {
  const [input] = model.inputs;
  const output = beforeHead(model.outputs[0]);
  if (model.inputs.length !== 1 || model.outputs.length !== 1 || !patchAt(output)) return undefined;
  const name = inputName(model);
  const nodes: NetworkNode[] = [{ kind: 'input', name, size: sizeOf(input.shape.slice(1) as number[]) }];
  const shared = new Set(model.layers.map(layer => layer.name));

  /** Adds a network's nodes, but layers of the model that are there already, and returns the name of its output. */
  const add = (net: Network): string => {
    const own = net.nodes[0].name;
    const present = new Set(nodes.map(node => node.name));
    for (const node of net.nodes.slice(1)) {
      if (!shared.has(node.name) || !present.has(node.name))
        nodes.push(withInputs(node, from => (from === own ? name : from)));
    }
    const last = net.nodes.at(-1)!;
    return last.kind === 'input' ? name : last.name;
  };
  const read = (tensor: Tensor) =>
    add(coreView(readGraph(tfl.model({ inputs: input, outputs: tensor }), epsilon)).network);
  const readValue = (tensor: Tensor): string => {
    if (tensor === input) return name;
    const patch = patchAt(tensor);
    const own = tensor.sourceLayer.name;
    if (patch) {
      const [value, centre, radius] = [readValue(patch.value), read(patch.centre), read(patch.radius)];
      nodes.push({ kind: 'clamp', name: own, inputs: [value, centre, radius] });
      return own;
    }
    const isWhole = tensor.sourceLayer instanceof tfl.LayersModel && tensor.inputs[0] === input;
    const part = isWhole
      ? (tensor.sourceLayer as tfl.LayersModel)
      : tfl.model({ inputs: input, outputs: tensor });
    const known = patchedNetwork(part, epsilon) ?? readable(part, epsilon);
    if (known) return add(known);
    nodes.push({
      kind: 'opaque',
      name: own,
      inputs: [name],
      size: sizeOf(tensor.shape.slice(1) as number[]),
    });
    return own;
  };
  readValue(output);
  return network(nodes);
}

/** Before a final softmax or sigmoid of a layer of its own, and what gives outputs their shape. */
function beforeHead(output: Tensor): Tensor {
  const { sourceLayer, inputs } = output;
  const logits = headOf(sourceLayer) && !hasWeights(sourceLayer) ? inputs[0] : output;
  return logits.sourceLayer.getClassName() === 'Reshape' ? logits.inputs[0] : logits;
}

function patchAt(tensor: Tensor): Patch | undefined {
  const [below, lower] = inputsOf(tensor, 'Maximum');
  const [value, upper] = inputsOf(below, 'Minimum');
  const [centre, radius] = inputsOf(upper, 'Add');
  const [other, opposite] = inputsOf(lower, 'Add');
  const isPatch = value && centre && centre === other && radius && opposite && areOpposite(radius, opposite);
  return isPatch ? { value, centre, radius } : undefined;
}

/** The two inputs of a layer of that class; none of another one. */
function inputsOf(tensor: Tensor | undefined, className: string): readonly (Tensor | undefined)[] {
  const isIt = tensor?.inputs?.length === 2 && tensor.sourceLayer.getClassName() === className;
  return isIt ? tensor.inputs : [];
}

/** Whether two layers multiply the same values by opposite weights and do nothing else. */
function areOpposite(
  { sourceLayer: a, inputs: [from] }: Tensor,
  { sourceLayer: b, inputs: [also] }: Tensor,
): boolean {
  const arePlain = [a, b].every(
    layer =>
      layer.getClassName() === 'Dense' &&
      layer.getConfig().activation === 'linear' &&
      layer.weights.length === 1,
  );
  if (!arePlain || from !== also) return false;
  const [w, v] = [a, b].map(layer => layer.weights[0].read().dataSync());
  return w.length === v.length && w.every((x, i) => x === -v[i]);
}
