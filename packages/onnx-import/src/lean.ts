// For pages that count their kilobytes: '@police/onnx-import' with operators by families, each named where it is wanted.
export { type AppendedPatch, type AppendOptions, appendPatch } from './append-patch.js';
export type { FixedInput } from './declared.js';
export { type ModelEnds, type ReadOptions, readEnds } from './ends.js';
export { type ExternalData, withExternalData } from './external-data.js';
export { quantization } from './operators/quantization.js';
export type { OperatorFamily } from './operators/reader.js';
export { resizing } from './operators/resize.js';
export { smoothFunctions } from './operators/smooth.js';
export { type GuaranteedTensor, type ImportedModel, readModel } from './read-model.js';
export { type Edit, type Prepared, prepareWriteBack, type Written, writeBack } from './write-back.js';
