export type { FixedInput } from './declared.js';
export { type ExternalData, type Outside, withDataOutside } from './external-data.js';
export { type GuaranteedTensor, type ImportedModel, type ReadOptions, readModel } from './read-model.js';
export { type Edit, type Written, writeBack } from './write-back.js';
