import type { ActivationNode } from '@police/core/adapter';
import { exactFloat32 } from './float32.js';
import type { OnnxAttribute } from './onnx-proto.js';
import { type Operation, operation, perEntry, type Source, scalar, type Value } from './operation.js';
import { smoothOperation } from './smooth.js';

/**
 * One operator (SiLU and GELU: several), after an Add where a shift is left on the node. The shape stays. Throws
 * `not-frozen`.
 */
export function activationOperation({ name: where, activation, shift }: ActivationNode, x: Value): Operation {
  const { name, pieces, alpha } = activation;
  const h = shift?.some(c => c !== 0)
    ? operation('Add', [x, perEntry('shift', shift, x.shape, where)], x.shape)
    : x;
  const apply = (
    opType: string,
    constants: readonly Source[] = [],
    attributes: readonly OnnxAttribute[] = [],
  ) => operation(opType, [h, ...constants], x.shape, attributes);
  const float = (role: string, value: number): OnnxAttribute => ({
    name: role,
    type: 'float',
    value: exactFloat32([value], where, role)[0],
  });
  const clip = (min: number, max: number) =>
    apply('Clip', [scalar('min', min, where), scalar('max', max, where)]);

  switch (name) {
    case 'identity':
      return apply('Identity');
    case 'relu':
      return apply('Relu');
    case 'abs':
      return apply('Abs');
    case 'relu6':
      return clip(0, 6);
    case 'hardTanh':
      return clip(-1, 1);
    case 'leakyRelu':
    case 'prelu': {
      const { slope } = pieces[0];
      return typeof slope === 'number'
        ? apply('LeakyRelu', [], [float('alpha', slope)])
        : apply('PRelu', [perEntry('slope', slope, x.shape, where)]);
    }
    case 'clip':
      return clip(pieces[0].offset, pieces[2].offset);
    case 'hardSigmoid':
      return apply(
        'HardSigmoid',
        [],
        [float('alpha', pieces[1].slope as number), float('beta', pieces[1].offset)],
      );
    case 'hardSwish':
      return apply('HardSwish');
    case 'elu':
      return apply('Elu', [], [float('alpha', alpha!)]);
    case 'selu':
      return apply('Selu'); // its default constants are core's
    case 'softplus':
    case 'silu':
    case 'gelu':
    case 'geluTanh':
    case 'sigmoid':
    case 'tanh':
      return smoothOperation(name, h);
  }
}
