import type * as operators from '@police/core/operators';
import type { OnnxAttribute } from '../onnx-proto.js';
import { floats, type Operation, operation, reshaped, type Value } from '../operation.js';

/** Conv, with core's options as they are. */
export function convOperation(operator: operators.Conv, x: Value, where: string): Operation {
  const { inShape, outShape, weightShape } = operator;
  const [weight, bias] = operator.parameters;
  const inputs = [
    reshaped(x, inShape),
    floats('weight', weightShape, weight, where),
    floats('bias', [bias.length], bias, where),
  ];
  return operation('Conv', inputs, outShape, convAttributes(operator));
}

/** What Conv and ConvTranspose have in common. */
export function convAttributes(spec: Omit<operators.ConvSpec, 'inShape'>): OnnxAttribute[] {
  return [
    { name: 'kernel_shape', type: 'ints', value: spec.weightShape.slice(2) },
    { name: 'strides', type: 'ints', value: spec.strides },
    { name: 'pads', type: 'ints', value: spec.padding },
    { name: 'dilations', type: 'ints', value: spec.dilations },
    { name: 'group', type: 'int', value: spec.groups },
  ];
}
