import {
  type Activation,
  dense,
  hardSwish,
  type Network,
  type NetworkNode,
  network,
  operators,
  type Rng,
  relu6,
} from '@police/core';

/** Width, and what a block of inverted residuals is made of: MobileNetV3-Large without its squeezes (Howard et al. 2019, table 1), some blocks more. */
const BLOCKS: readonly (readonly [
  expanded: number,
  out: number,
  stride: number,
  kernel: number,
  isHard: boolean,
])[] = [
  [16, 16, 1, 3, false],
  [64, 24, 2, 3, false],
  [72, 24, 1, 3, false],
  [72, 40, 2, 5, false],
  [120, 40, 1, 5, false],
  [120, 40, 1, 5, false],
  [240, 80, 2, 3, true],
  [200, 80, 1, 3, true],
  [184, 80, 1, 3, true],
  [184, 80, 1, 3, true],
  [480, 112, 1, 3, true],
  [672, 112, 1, 3, true],
  [672, 160, 2, 5, true],
  [960, 160, 1, 5, true],
  [960, 160, 1, 5, true],
  [960, 160, 1, 5, true],
  [960, 160, 1, 5, true],
  [960, 160, 1, 5, true],
];

type Volume = [channels: number, height: number, width: number];

/**
 * A classifier of `[3, side, side]` pictures with 1000 classes and 4.96 million parameters: a strided stem, depthwise blocks
 * with residuals, ReLU6 or hard swish, a pooled head. Weights are random, of unit gain, rounded to float32.
 */
export function mobileNet(rng: Rng, side: number): Network {
  const nodes: NetworkNode[] = [{ kind: 'input', name: 'image', size: 3 * side * side }];
  let shape: Volume = [3, side, side];
  let last = 'image';
  const push = (node: NetworkNode) => {
    nodes.push(node);
    last = node.name;
  };
  const convolve = (name: string, out: number, kernel: number, stride: number, groups = 1) => {
    const inputs = shape[0] / groups;
    const reach = Math.sqrt(3 / (inputs * kernel * kernel));
    const pad = kernel >> 1;
    const operator = operators.conv({
      inShape: shape,
      weight: random(rng, out * inputs * kernel * kernel, reach),
      weightShape: [out, inputs, kernel, kernel],
      bias: random(rng, out, 0.1),
      strides: [stride, stride],
      padding: [pad, pad, pad, pad],
      groups,
    });
    push({ kind: 'affine', name, input: last, operator });
    shape = operator.outShape as unknown as Volume;
  };
  const bend = (name: string, activation: Activation) =>
    push({ kind: 'activation', name, input: last, activation });

  convolve('stem', 16, 3, 2);
  bend('stem.bend', hardSwish());
  BLOCKS.forEach(([expanded, out, stride, kernel, isHard], i) => {
    const [from, channels] = [last, shape[0]];
    const activation = isHard ? hardSwish : relu6;
    if (expanded !== channels) {
      convolve(`block${i}.expand`, expanded, 1, 1);
      bend(`block${i}.expanded`, activation());
    }
    convolve(`block${i}.depthwise`, expanded, kernel, stride, expanded);
    bend(`block${i}.filtered`, activation());
    convolve(`block${i}.project`, out, 1, 1);
    if (stride === 1 && channels === out) push({ kind: 'sum', name: `block${i}.sum`, inputs: [last, from] });
  });
  convolve('last', 960, 1, 1);
  bend('last.bend', hardSwish());
  const pool = operators.averagePool({ shape, kernel: [shape[1], shape[2]] });
  push({ kind: 'affine', name: 'pool', input: last, operator: pool });
  push({ kind: 'affine', name: 'hidden', input: last, operator: randomDense(rng, 960, 1280) });
  bend('hidden.bend', hardSwish());
  push({ kind: 'affine', name: 'classes', input: last, operator: randomDense(rng, 1280, 1000) });
  return network(nodes);
}

function randomDense(rng: Rng, inSize: number, outSize: number) {
  const reach = Math.sqrt(3 / inSize);
  const rows = Array.from({ length: outSize }, () => random(rng, inSize, reach));
  return dense(rows, random(rng, outSize, 0.1));
}

function random(rng: Rng, length: number, reach: number): Float64Array {
  return Float64Array.from({ length }, () => Math.fround((2 * rng() - 1) * reach));
}
