import type { Activation, ActivationName } from '@police/core';
import type { ActivationNode } from '@police/core/adapter';
import { exactFloat32 } from './float32.js';
import type { OnnxAttribute } from './onnx-proto.js';
import { type Operation, operation, perEntry, scalar, type Value } from './operation.js';
import { SMOOTH_WRITERS } from './smooth.js';

/** From the shifted input. Each throws `not-frozen`, naming the node `where`. */
type Writer = (x: Value, activation: Activation, where: string) => Operation;

const WRITERS: Readonly<Record<ActivationName, Writer>> = {
  identity: plain('Identity'),
  relu: plain('Relu'),
  abs: plain('Abs'),
  relu6: clipOperation,
  hardTanh: clipOperation,
  clip: clipOperation,
  leakyRelu: leakyOperation,
  prelu: leakyOperation,
  hardSigmoid: (x, { pieces: [, { slope, offset }] }, where) => {
    const alpha = float('alpha', slope as number, where);
    return operation('HardSigmoid', [x], x.shape, [alpha, float('beta', offset, where)]);
  },
  hardSwish: plain('HardSwish'),
  elu: (x, { alpha }, where) => operation('Elu', [x], x.shape, [float('alpha', alpha!, where)]),
  // Its default constants are core's.
  selu: plain('Selu'),
  ...SMOOTH_WRITERS,
};

/**
 * One operator (SiLU and GELU: several), after an Add where a shift is left on the node. The shape stays. Throws
 * `not-frozen`.
 */
export function activationOperation({ name, activation, shift }: ActivationNode, x: Value): Operation {
  const h = shift?.some(c => c !== 0)
    ? operation('Add', [x, perEntry('shift', shift, x.shape, name)], x.shape)
    : x;
  return WRITERS[activation.name](h, activation, name);
}

function plain(opType: string): Writer {
  return x => operation(opType, [x], x.shape);
}

function clipOperation(x: Value, { pieces }: Activation, where: string): Operation {
  const bounds = [scalar('min', pieces[0].offset, where), scalar('max', pieces[2].offset, where)];
  return operation('Clip', [x, ...bounds], x.shape);
}

function leakyOperation(x: Value, { pieces: [{ slope }] }: Activation, where: string): Operation {
  return typeof slope === 'number'
    ? operation('LeakyRelu', [x], x.shape, [float('alpha', slope, where)])
    : operation('PRelu', [x, perEntry('slope', slope, x.shape, where)], x.shape);
}

function float(name: string, value: number, where: string): OnnxAttribute {
  return { name, type: 'float', value: exactFloat32([value], where, name)[0] };
}
