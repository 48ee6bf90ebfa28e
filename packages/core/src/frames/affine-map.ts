import {
  type InputNode,
  inputsOf,
  linearNodeAdjoint,
  type Network,
  type NetworkNode,
} from '../network/network.js';
import {
  accumulate,
  type Matrix,
  matrix,
  multiplyTransposed,
  rowOf,
  scaleColumns,
} from '../numeric/matrix.js';
import type { Region } from '../regions/region.js';
import { maxFrameAdjoint } from '../rule/winners.js';
import { type AffinePieces, slopesOn } from './policed-pass.js';

/** An affine map `y = A x + b`: `A` `[outSize, inSize]`, `b` `[outSize]`. */
export interface AffineMap {
  readonly A: Matrix;
  readonly b: Float64Array;
}

/**
 * A and b on a region: the rows of A by carrying unit output gradients back through the slopes the sides fix, b
 * from the value `atOrigin` of the output at the frame's origin. Where the region's hull is flat, A is the network's own Jacobian there.
 */
export function affineMapOn(
  net: Network,
  region: Region,
  pass: AffinePieces,
  r: number,
  atOrigin: Float64Array,
): AffineMap {
  const gradients = new Map<string, Matrix>();
  const output = net.nodes.at(-1)!.name;
  const identity = matrix(net.outputSize, net.outputSize);
  for (let i = 0; i < net.outputSize; i++) identity.data[i * net.outputSize + i] = 1;
  accumulate(gradients, output, identity);
  for (const node of [...net.nodes].reverse()) {
    const gradient = gradients.get(node.name);
    if (!gradient || node.kind === 'input') continue;
    const inputs = inputsOf(node);
    nodeAdjoint(net, pass, node, r, gradient).forEach((block, i) => {
      accumulate(gradients, inputs[i], block);
    });
  }
  const A = gradients.get(net.nodes[0].name) ?? matrix(net.outputSize, net.inputSize);
  const linearPart = multiplyTransposed({ rows: 1, cols: region.size, data: rowOf(region.frame, 0) }, A).data;
  return { A, b: atOrigin.map((y, i) => y - linearPart[i]) };
}

/** Output gradients `[n, size]` of a node carried back to each of its inputs, along the pieces it is on. */
function nodeAdjoint(
  net: Network,
  pass: AffinePieces,
  node: Exclude<NetworkNode, InputNode>,
  region: number,
  gradient: Matrix,
): Matrix[] {
  switch (node.kind) {
    case 'affine':
      return [node.operator.adjoint(gradient)];
    case 'activation': {
      const { sides } = pass.layers.get(node.name)!.shifts;
      const slopes = slopesOn(node.activation, sides, region, gradient.cols);
      return [scaleColumns(gradient, slopes)];
    }
    case 'max':
      return [maxFrameAdjoint(gradient, pass.maxima.get(node.name)!, region, net.sizes.get(node.input)!)];
    case 'sum':
    case 'concat':
      return linearNodeAdjoint(net, node, gradient);
  }
}
