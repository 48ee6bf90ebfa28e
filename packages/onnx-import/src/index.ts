export { type AppendedFade, appendFade } from './append-fade.js';
export { type AppendedPatch, type AppendOptions, appendPatch } from './append-patch.js';
export { type FixedInput, OPSETS } from './declared.js';
export { type ModelEnds, type ReadOptions, readEnds } from './ends.js';
export { type ExternalData, type Outside, withDataOutside, withExternalData } from './external-data.js';
export { OPERATORS } from './operators/names.js';
export { type GuaranteedTensor, type ImportedModel, readModel } from './read-model.js';
export { type Edit, type Written, writeBack } from './write-back.js';
