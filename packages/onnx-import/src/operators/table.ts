import * as activations from './activations.js';
import * as arithmetic from './arithmetic.js';
import * as constants from './constants.js';
import { conv, convTranspose } from './conv.js';
import { max, min } from './extrema.js';
import * as indexing from './indexing.js';
import { gemm, matMul } from './linear.js';
import { batchNormalization } from './normalization.js';
import * as pool from './pool.js';
import type { Reader } from './reader.js';
import { reduceMax, reduceMean, reduceSum } from './reduce.js';
import * as shape from './shape.js';

/** Every operator that is always read, by its ONNX name. */
export const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['Abs', activations.abs],
  ['Add', arithmetic.add],
  ['AveragePool', pool.averagePool],
  ['BatchNormalization', batchNormalization],
  ['Cast', shape.cast],
  ['Ceil', constants.foldedBy(Math.ceil)],
  ['Clip', activations.clip],
  ['Concat', indexing.concat],
  ['Constant', constants.constant],
  ['ConstantOfShape', constants.constantOfShape],
  ['Conv', conv],
  ['ConvTranspose', convTranspose],
  ['Div', arithmetic.div],
  ['Dropout', shape.dropout],
  ['Elu', activations.elu],
  ['Equal', constants.comparedBy((x, y) => x === y)],
  ['Exp', constants.exactlyFoldedBy(new Map([[0, 1]]))],
  ['Expand', shape.expand],
  ['Flatten', shape.flatten],
  ['Floor', constants.foldedBy(Math.floor)],
  ['Gather', indexing.gather],
  ['Gemm', gemm],
  ['GlobalAveragePool', pool.globalAveragePool],
  ['GlobalMaxPool', pool.globalMaxPool],
  ['Greater', constants.comparedBy((x, y) => x > y)],
  ['HardSigmoid', activations.hardSigmoid],
  ['HardSwish', activations.hardSwish],
  ['Identity', shape.identity],
  ['LeakyRelu', activations.leakyRelu],
  ['Less', constants.comparedBy((x, y) => x < y)],
  ['Log', constants.exactlyFoldedBy(new Map([[1, 0]]))],
  ['MatMul', matMul],
  ['Max', max],
  ['MaxPool', pool.maxPool],
  ['Min', min],
  ['Mul', arithmetic.mul],
  ['Neg', arithmetic.neg],
  ['PRelu', activations.prelu],
  ['Pad', indexing.pad],
  ['Pow', constants.pow],
  ['Range', constants.range],
  ['Reciprocal', constants.foldedBy(x => 1 / x)],
  ['ReduceMax', reduceMax],
  ['ReduceMean', reduceMean],
  ['ReduceSum', reduceSum],
  ['Relu', activations.relu],
  ['Reshape', shape.reshape],
  ['Selu', activations.selu],
  ['Shape', shape.shapeOf],
  ['Size', shape.sizeOf],
  ['Slice', indexing.slice],
  ['Split', indexing.split],
  ['Sqrt', constants.foldedBy(Math.sqrt)],
  ['Squeeze', shape.squeeze],
  ['Sub', arithmetic.sub],
  ['Sum', arithmetic.sum],
  ['Transpose', shape.transpose],
  ['Unsqueeze', shape.unsqueeze],
  ['Where', constants.where],
]);
