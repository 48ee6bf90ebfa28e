import { EVERY_FAMILY } from './families.js';
import { READERS } from './table.js';

/** Every ONNX operator that is read, by its name. */
export const OPERATORS: readonly string[] = /* @__PURE__ */ [
  READERS,
  ...EVERY_FAMILY.map(({ readers }) => readers),
]
  .flatMap(readers => [...readers.keys()])
  .sort();
