import { seededRng, uniform } from '@police/common/random';
import { dense, leakyRelu, type Network, type NetworkNode, network, operators } from '@police/core';

type Shape3 = [number, number, number];

export interface ConvNet {
  readonly net: Network;
  /** Of one row through all convolutions. */
  readonly macs: number;
}

/** 32×32×3 → conv → two residual blocks of two convolutions, a strided one between → mean → dense: six convolutions. */
export function residualNetwork(channels: number, seed: number): ConvNet {
  const rng = seededRng(seed);
  const random = (count: number, reach: number) => uniform(new Float64Array(count), reach, rng);
  const nodes: NetworkNode[] = [{ kind: 'input', name: 'image', size: 3 * 32 * 32 }];
  let macs = 0;
  const conv = (name: string, input: string, [c, h, w]: Shape3, out: number, stride: number): Shape3 => {
    const operator = operators.conv({
      inShape: [c, h, w],
      weight: random(out * c * 9, Math.sqrt(3 / (9 * c))),
      weightShape: [out, c, 3, 3],
      bias: random(out, 0.1),
      strides: [stride, stride],
      padding: [1, 1, 1, 1],
    });
    nodes.push({ kind: 'affine', name, input, operator });
    macs += operator.outSize * c * 9;
    return [out, h / stride, w / stride];
  };
  const bend = (name: string, input: string) =>
    nodes.push({ kind: 'activation', name, input, activation: leakyRelu(0.01) });
  const block = (name: string, input: string, shape: Shape3) => {
    conv(`${name}_conv1`, input, shape, shape[0], 1);
    bend(`${name}_bend1`, `${name}_conv1`);
    conv(`${name}_conv2`, `${name}_bend1`, shape, shape[0], 1);
    nodes.push({ kind: 'sum', name: `${name}_sum`, inputs: [`${name}_conv2`, input] });
    bend(name, `${name}_sum`);
  };
  const wide = conv('conv', 'image', [3, 32, 32], channels, 1);
  bend('bend', 'conv');
  block('block1', 'bend', wide);
  const narrow = conv('down', 'block1', wide, 2 * channels, 2);
  bend('bend2', 'down');
  block('block2', 'bend2', narrow);
  const mean = operators.globalAveragePool(narrow);
  nodes.push({ kind: 'affine', name: 'mean', input: 'block2', operator: mean });
  const head = dense({ rows: 10, cols: mean.outSize, data: random(10 * mean.outSize, 0.3) });
  nodes.push({ kind: 'affine', name: 'head', input: 'mean', operator: head });
  return { net: network(nodes), macs };
}
