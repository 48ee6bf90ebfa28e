import {
  type AffineOperator,
  type Dense,
  dense,
  holdDemand,
  type Network,
  prescribeByCorrection,
  type Region,
  type Target,
} from '@police/core';
import { mapNodes } from '@police/core/adapter';
import * as tfl from '@tensorflow/tfjs-layers';
import { writeFlat, writePermuted } from '../graph/values.js';

/** With what makes its map on the region the prescribed one, or one that is proved to meet a demand, added to the outputs, in float32. */
export function correctedNetwork(net: Network, region: Region, target: Target): Network {
  if ('kind' in target) return holdDemand(net, region, target).network;
  return mapNodes(prescribeByCorrection(net, region, target), {
    affine: node => {
      if (node.name !== CORRECTION) return node;
      const { weight, bias } = node.operator as Dense;
      const operator = dense({ ...weight, data: weight.data.map(Math.fround) }, bias.map(Math.fround));
      return { ...node, operator };
    },
  });
}

/** The model and, added to its outputs, the network's correction. */
export function correctedModel(model: tfl.LayersModel, net: Network): tfl.LayersModel {
  const node = net.nodes.find(({ name }) => name === CORRECTION);
  const { weight, bias } = (node as { operator: AffineOperator }).operator as Dense;
  const [, ...shape] = model.inputs[0].shape as number[];
  const input = tfl.input({ shape });
  const rows = shape.length === 1 ? input : (tfl.layers.flatten().apply(input) as tfl.SymbolicTensor);
  const correction = tfl.layers.dense({ units: weight.rows, name: CORRECTION });
  const parts = [model.apply(input), correction.apply(rows)] as tfl.SymbolicTensor[];
  const sum = tfl.layers.add({ name: 'corrected' }).apply(parts) as tfl.SymbolicTensor;
  const [kernel, offset] = correction.weights;
  writePermuted(kernel, weight.data, [1, 0]);
  writeFlat(offset, bias);
  return tfl.model({ inputs: input, outputs: sum });
}

/** The node that core's `prescribeByCorrection` adds. */
const CORRECTION = 'correction';
