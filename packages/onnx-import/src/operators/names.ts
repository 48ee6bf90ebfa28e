import { READERS } from './table.js';

/** Every ONNX operator that is read, by its name. */
export const OPERATORS: readonly string[] = [...READERS.keys()];
