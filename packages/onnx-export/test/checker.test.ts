import { spawnSync } from 'node:child_process';
import {
  box,
  chain,
  freeze,
  gelu,
  geluTanh,
  identity,
  mish,
  type Network,
  network,
  prelu,
  quickGelu,
  relu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from '@police/core';
import { exportOnnx } from '@police/onnx-export';
import { CONV_SIZE, convNetwork } from '@police/testing/graphs';
import { activationKinds, makeRegion, randomNetwork, seededRng } from '@police/testing/helpers';
import { inFloat32 } from '@police/testing/in-float32';
import { randomOperators } from '@police/testing/operators/random';
import { expect, test } from 'vitest';
import { randomImageGraph } from './image-graphs.js';

const python = (script: string, input?: Uint8Array) =>
  spawnSync('/usr/bin/python3', ['-c', script], { ...(input ? { input } : {}), encoding: 'utf8' });

const hasOnnx = python('import onnx').status === 0;
if (!hasOnnx && process.env.CI)
  throw new Error("These tests need ONNX's own checker: Debian's python3-onnx.");
const CHECK = `
import sys, onnx
from onnx import checker, shape_inference
model = onnx.load_model_from_string(sys.stdin.buffer.read())
checker.check_model(model, full_check=True)
shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
`;

const regions = [box([-1, -1, -1], [1, 1, 1])];
const models: [string, Network][] = [
  ['input alone', chain(2, [])],
  ['identity', chain(2, [identity()])],
  ['prelu', chain(2, [prelu([0.5, 2])])],
  [
    'shift',
    network([
      { kind: 'input', name: 'input', size: 1 },
      { kind: 'activation', name: 'bend', input: 'input', activation: relu(), shift: Float64Array.of(1) },
    ]),
  ],
  ...activationKinds.map((kind): [string, Network] => [
    `frozen ${kind}`,
    freeze(randomNetwork(seededRng(1), [3, 8, 8, 2], kind), regions).network,
  ]),
];

const wide = [makeRegion('box', CONV_SIZE, seededRng(2), 0.3)];
const image = randomImageGraph(seededRng(3), { isShifted: true, steps: 14 });
models.push(
  [
    'smooth activations',
    chain(
      2,
      [gelu, geluTanh, quickGelu, mish, silu, softplus, sigmoid, tanh].map(make => make(1e-6)),
    ),
  ],
  ['convolutions, residual, pools', freeze(convNetwork(seededRng(2)), wide).network],
  ['a graph of images', inFloat32(image)],
  ...Object.entries(randomOperators).flatMap(([kind, make]) =>
    [1, 2, 3].map((seed): [string, Network] => {
      const operator = make(seededRng(seed));
      return [`${kind} ${seed}`, inFloat32(chain(operator.inSize, [operator]))];
    }),
  ),
);

const title = hasOnnx
  ? 'onnx.checker, in full, accepts'
  : 'skipped: `apt-get install python3-onnx` to run onnx.checker on';
test.skipIf(!hasOnnx).each(models)(`${title}: %s`, (_, net) => {
  const options = net.inputSize === 3 ? { regions } : {};
  const { status, stderr } = python(CHECK, exportOnnx(net, { ...options, docString: 'A test.' }));
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
