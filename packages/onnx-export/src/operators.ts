import {
  type Activation,
  type AffineNode,
  type AffineOperator,
  type Dense,
  type InputNode,
  type NetworkNode,
  PoliceError,
} from '@police/core';
import { exactFloat32 } from './float32.js';
import type { OnnxAttribute } from './onnx-proto.js';

/** An ONNX operator with one data input; its parameters are the inputs after that. */
export interface Operator {
  readonly opType: string;
  readonly attributes?: readonly OnnxAttribute[];
  readonly parameters?: readonly Parameter[];
}

export interface Parameter {
  /** Names it together with its node: `affine_1.weight`. */
  readonly role: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/**
 * The operators that compute a node, one after the other. Throws `not-frozen` or `unsupported-layer`, naming the
 * node.
 */
export function operatorsOf(node: Exclude<NetworkNode, InputNode>): Operator[] {
  if (node.kind === 'affine') return [gemm(node)];
  if (node.kind !== 'activation') {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: node.name,
      expected: 'a dense layer or an activation',
      actual: `a ${node.kind} node`,
    });
  }
  const { name, activation, shift } = node;
  const operator = activationOperator(activation, name);
  return shift?.some(c => c !== 0)
    ? [{ opType: 'Add', parameters: [vector('shift', shift, name)] }, operator]
    : [operator];
}

/** `y = x Wᵀ + b`, with the weight as core stores it, `[out, in]`. */
function gemm({ name, operator }: AffineNode): Operator {
  if (!isDense(operator)) {
    throw new PoliceError({
      code: 'unsupported-layer',
      where: name,
      expected: 'a dense operator',
      actual: 'kind' in operator ? `'${operator.kind}'` : 'an operator of no known kind',
    });
  }
  const { weight, bias } = operator;
  return {
    opType: 'Gemm',
    attributes: [{ name: 'transB', type: 'int', value: 1 }],
    parameters: [
      { role: 'weight', dims: [weight.rows, weight.cols], values: exactFloat32(weight.data, name, 'weight') },
      vector('bias', bias, name),
    ],
  };
}

function isDense(operator: AffineOperator): operator is Dense {
  return 'kind' in operator && operator.kind === 'dense';
}

function activationOperator({ name, pieces, alpha }: Activation, where: string): Operator {
  switch (name) {
    case 'identity':
      return { opType: 'Identity' };
    case 'relu':
      return { opType: 'Relu' };
    case 'abs':
      return { opType: 'Abs' };
    case 'relu6':
      return clip(0, 6);
    case 'hardTanh':
      return clip(-1, 1);
    case 'leakyRelu':
    case 'prelu': {
      const { slope } = pieces[0];
      if (typeof slope !== 'number') return { opType: 'PRelu', parameters: [vector('slope', slope, where)] };
      const [value] = exactFloat32([slope], where, 'alpha');
      return { opType: 'LeakyRelu', attributes: [float('alpha', value)] };
    }
    case 'clip': {
      const [min, max] = exactFloat32([pieces[0].offset, pieces[2].offset], where, 'bounds');
      return clip(min, max);
    }
    case 'hardSigmoid': {
      const [slope, offset] = exactFloat32(
        [pieces[1].slope as number, pieces[1].offset],
        where,
        'alpha and beta',
      );
      return { opType: 'HardSigmoid', attributes: [float('alpha', slope), float('beta', offset)] };
    }
    case 'hardSwish':
      return { opType: 'HardSwish' };
    case 'elu':
      return { opType: 'Elu', attributes: [float('alpha', exactFloat32([alpha!], where, 'alpha')[0])] };
    case 'selu':
      return { opType: 'Selu' }; // its default constants are core's
  }
}

function float(name: string, value: number): OnnxAttribute {
  return { name, type: 'float', value };
}

function clip(min: number, max: number): Operator {
  const scalar = (role: string, x: number): Parameter => ({ role, dims: [], values: Float32Array.of(x) });
  return { opType: 'Clip', parameters: [scalar('min', min), scalar('max', max)] };
}

function vector(role: string, values: Float64Array, where: string): Parameter {
  return { role, dims: [values.length], values: exactFloat32(values, where, role) };
}
