export { OPSETS } from './declared.js';
export type { ExternalData } from './external-data.js';
export { OPERATORS } from './operators/names.js';
export { type ImportedModel, type ReadOptions, readModel } from './read-model.js';
export { type Edit, type Written, writeBack } from './write-back.js';
