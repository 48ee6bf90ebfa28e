export { type AppendedPatch, type AppendOptions, appendPatch } from './append-patch.js';
export { OPSETS } from './declared.js';
export { type ModelEnds, type ReadOptions, readEnds } from './ends.js';
export { type ExternalData, withExternalData } from './external-data.js';
export { OPERATORS } from './operators/names.js';
export { type ImportedModel, readModel } from './read-model.js';
export { type Edit, type Written, writeBack } from './write-back.js';
