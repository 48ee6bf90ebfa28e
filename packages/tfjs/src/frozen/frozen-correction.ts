import {
  type AffineOperator,
  network as createNetwork,
  type Dense,
  dense,
  type Network,
  type PrescribedMap,
  prescribeByCorrection,
  type Region,
} from '@police/core';
import * as tfl from '@tensorflow/tfjs-layers';
import { writeFlat, writePermuted } from '../graph/values.js';

/** With what makes its map on the region the prescribed one added to the outputs, in float32. */
export function correctedNetwork(net: Network, region: Region, target: PrescribedMap): Network {
  return createNetwork(
    prescribeByCorrection(net, region, target).nodes.map(node => {
      if (node.kind !== 'affine' || node.name !== CORRECTION) return node;
      const { weight, bias } = node.operator as Dense;
      return {
        ...node,
        operator: dense({ ...weight, data: weight.data.map(Math.fround) }, bias.map(Math.fround)),
      };
    }),
  );
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
